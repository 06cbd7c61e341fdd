package cid

import (
	"fmt"
	"unicode/utf8"

	gocid "github.com/ipfs/go-cid"
	"github.com/ipld/go-ipld-prime/datamodel"
	"github.com/ipld/go-ipld-prime/fluent/qp"
	cidlink "github.com/ipld/go-ipld-prime/linking/cid"
	"github.com/ipld/go-ipld-prime/node/basicnode"
)

// typeField is the field of every record that says which kind and version of
// record it is, as "certana/<kind>/<version>".
const typeField = "type"

// Field is one entry of a record: a name and a value of type string, []byte,
// int64, CID or []Record.
type Field struct {
	Name  string
	Value any
}

// Record is a flat map, a row of a record's list.
type Record []Field

// EncodeRecord writes a record of a kind as canonical DAG-CBOR. The order of the
// fields does not matter: DAG-CBOR sorts them. It panics on a value of another
// type than Field allows; it fails on an undefined CID, on text that is not
// UTF-8 and on a name given twice.
func EncodeRecord(kind string, r Record) ([]byte, error) {
	n, err := recordNode(append(Record{{typeField, kind}}, r...))
	if err != nil {
		return nil, err
	}
	return encodeNode(n)
}

func recordNode(r Record) (datamodel.Node, error) {
	for _, f := range r {
		if s, ok := f.Value.(string); ok && !utf8.ValidString(s) {
			return nil, fmt.Errorf("cid: field %s is not UTF-8", f.Name)
		}
		if c, ok := f.Value.(CID); ok && !c.Defined() {
			return nil, fmt.Errorf("cid: field %s is not set", f.Name)
		}
	}
	n, err := qp.BuildMap(basicnode.Prototype.Any, int64(len(r)), func(m datamodel.MapAssembler) {
		for _, f := range r {
			qp.MapEntry(m, f.Name, valueOf(f))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("cid: %w", err)
	}
	return n, nil
}

func valueOf(f Field) qp.Assemble {
	switch v := f.Value.(type) {
	case string:
		return qp.String(v)
	case []byte:
		return qp.Bytes(v)
	case int64:
		return qp.Int(v)
	case CID:
		return qp.Link(cidlink.Link{Cid: v})
	case []Record:
		return qp.List(int64(len(v)), func(l datamodel.ListAssembler) {
			for _, row := range v {
				n, err := recordNode(row)
				if err != nil {
					panic(err) // qp turns it into BuildMap's error
				}
				qp.ListEntry(l, qp.Node(n))
			}
		})
	}
	panic(fmt.Sprintf("cid: field %s has a value of type %T", f.Name, f.Value))
}

// Reader takes a record apart field by field and remembers the first thing that
// is wrong, so that a parser reads as a list of fields and asks once, at the
// end. After a failure every method returns a zero value.
type Reader struct {
	node datamodel.Node
	seen int64
	err  error
}

// DecodeRecord reads the canonical DAG-CBOR of a record of a kind.
func DecodeRecord(kind string, b []byte) *Reader {
	n, err := decodeNode(b)
	if err != nil {
		return &Reader{err: err}
	}
	if n.Kind() != datamodel.Kind_Map {
		return &Reader{err: fmt.Errorf("cid: a record is a map, not a %s", n.Kind())}
	}
	r := &Reader{node: n}
	if got := r.Text(typeField); r.err == nil && got != kind {
		r.err = fmt.Errorf("cid: the record is a %q, not a %q", got, kind)
	}
	return r
}

// Done returns the first failure; a field that nobody asked for is one.
func (r *Reader) Done() error {
	if r.err == nil && r.node.Length() != r.seen {
		r.err = fmt.Errorf("cid: the record has %d fields, %d are known", r.node.Length(), r.seen)
	}
	return r.err
}

// Text returns a text field, which is valid UTF-8.
func (r *Reader) Text(name string) string {
	return read(r, name, func(n datamodel.Node) (string, error) {
		s, err := n.AsString()
		if err == nil && !utf8.ValidString(s) {
			err = fmt.Errorf("not UTF-8")
		}
		return s, err
	})
}

// Bytes returns a byte field of exactly size bytes; any size when negative.
func (r *Reader) Bytes(name string, size int) []byte {
	return read(r, name, func(n datamodel.Node) ([]byte, error) {
		b, err := n.AsBytes()
		if err == nil && size >= 0 && len(b) != size {
			err = fmt.Errorf("has %d bytes, not %d", len(b), size)
		}
		return b, err
	})
}

// Hash returns a field of 32 bytes.
func (r *Reader) Hash(name string) (h [32]byte) {
	copy(h[:], r.Bytes(name, len(h)))
	return h
}

// Int returns an integer field that is not negative.
func (r *Reader) Int(name string) int64 {
	return read(r, name, func(n datamodel.Node) (int64, error) {
		i, err := n.AsInt()
		if err == nil && i < 0 {
			err = fmt.Errorf("is negative")
		}
		return i, err
	})
}

// Link returns a link field.
func (r *Reader) Link(name string) CID {
	return read(r, name, func(n datamodel.Node) (CID, error) {
		l, err := n.AsLink()
		if err != nil {
			return gocid.Undef, err
		}
		return l.(cidlink.Link).Cid, nil
	})
}

// List calls row for every row of a list field; row's reader is checked by Done
// as the whole is.
func (r *Reader) List(name string, row func(*Reader)) {
	read(r, name, func(n datamodel.Node) (struct{}, error) {
		if n.Kind() != datamodel.Kind_List {
			return struct{}{}, fmt.Errorf("is a %s, not a list", n.Kind())
		}
		for it := n.ListIterator(); !it.Done(); {
			_, v, err := it.Next()
			if err != nil {
				return struct{}{}, err
			}
			if v.Kind() != datamodel.Kind_Map {
				return struct{}{}, fmt.Errorf("holds a %s, not a map", v.Kind())
			}
			sub := &Reader{node: v}
			row(sub)
			if err := sub.Done(); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
}

func read[T any](r *Reader, name string, get func(datamodel.Node) (T, error)) (zero T) {
	if r.err != nil {
		return zero
	}
	n, err := r.node.LookupByString(name)
	if err != nil {
		r.err = fmt.Errorf("cid: the record has no field %s", name)
		return zero
	}
	r.seen++
	v, err := get(n)
	if err != nil {
		r.err = fmt.Errorf("cid: field %s: %w", name, err)
		return zero
	}
	return v
}
