package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
)

// JSON is a JSON document, kept byte for byte as text. Nil is SQL's NULL.
type JSON json.RawMessage

// Value gives the text to the database.
func (j JSON) Value() (driver.Value, error) {
	if j == nil {
		return nil, nil
	}
	return string(j), nil
}

// Scan takes the text from the database.
func (j *JSON) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*j = nil
	case string:
		*j = JSON(v)
	case []byte:
		*j = append(JSON(nil), v...)
	default:
		return fmt.Errorf("a JSON column holds a %T", v)
	}
	return nil
}

// MarshalJSON gives the document itself.
func (j JSON) MarshalJSON() ([]byte, error) { return json.RawMessage(j).MarshalJSON() }

// UnmarshalJSON keeps the document itself.
func (j *JSON) UnmarshalJSON(b []byte) error {
	*j = append(JSON(nil), b...)
	return nil
}

// Strings is a list of texts, kept as a JSON array.
type Strings []string

// Value gives the array to the database; nil is the empty array.
func (s Strings) Value() (driver.Value, error) {
	if s == nil {
		return "[]", nil
	}
	return marshalText([]string(s))
}

// Scan takes the array from the database.
func (s *Strings) Scan(v any) error {
	var j JSON
	if err := j.Scan(v); err != nil {
		return err
	}
	if j == nil {
		*s = nil
		return nil
	}
	return json.Unmarshal(j, (*[]string)(s))
}

// marshalText encodes without HTML escapes, so that full-text search sees the
// words as they were written.
func marshalText(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
