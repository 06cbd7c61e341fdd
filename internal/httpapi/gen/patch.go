package gen

import "encoding/json"

// Patch is a field of a JSON merge patch (RFC 7396): absent, null or a value.
type Patch[T any] struct {
	Set   bool // the field was there
	Value *T   // nil for null
}

// UnmarshalJSON is called only for a field that is there.
func (p *Patch[T]) UnmarshalJSON(b []byte) error {
	p.Set = true
	return json.Unmarshal(b, &p.Value)
}
