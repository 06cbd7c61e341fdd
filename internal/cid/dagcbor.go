package cid

import (
	"bytes"
	"errors"
	"fmt"

	gocid "github.com/ipfs/go-cid"
	"github.com/ipld/go-ipld-prime/codec"
	"github.com/ipld/go-ipld-prime/codec/dagcbor"
	"github.com/ipld/go-ipld-prime/datamodel"
	"github.com/ipld/go-ipld-prime/node/basicnode"
)

// maxNode bounds a DAG-CBOR node that is read: records are a few hundred bytes.
const maxNode = 1 << 20

// ErrNotCanonical says that bytes hold a readable DAG-CBOR value that would be
// written in another way. Such bytes have a CID of their own and are refused.
var ErrNotCanonical = errors.New("cid: the DAG-CBOR is not in its canonical form")

// encodeNode writes a data model node as canonical DAG-CBOR: map keys sorted by
// length, then bytes; the shortest integers; links as tag 42.
func encodeNode(n datamodel.Node) ([]byte, error) {
	var buf bytes.Buffer
	opts := dagcbor.EncodeOptions{AllowLinks: true, MapSortMode: codec.MapSortMode_RFC7049}
	if err := opts.Encode(n, &buf); err != nil {
		return nil, fmt.Errorf("cid: %w", err)
	}
	return buf.Bytes(), nil
}

// decodeNode reads DAG-CBOR strictly: exactly what encodeNode would write, whole,
// without trailing bytes.
func decodeNode(b []byte) (datamodel.Node, error) {
	if len(b) > maxNode {
		return nil, fmt.Errorf("cid: a record is at most %d bytes, got %d", maxNode, len(b))
	}
	nb := basicnode.Prototype.Any.NewBuilder()
	opts := dagcbor.DecodeOptions{AllowLinks: true, MaxDepth: 16}
	if err := opts.Decode(nb, bytes.NewReader(b)); err != nil {
		return nil, fmt.Errorf("cid: %w", err)
	}
	n := nb.Build()
	again, err := encodeNode(n)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, ErrNotCanonical
	}
	return n, nil
}

// blockOf names the bytes of a DAG-CBOR node.
func blockOf(b []byte) (Block, error) {
	c, err := prefix(gocid.DagCBOR).Sum(b)
	if err != nil {
		return Block{}, fmt.Errorf("cid: %w", err)
	}
	return Block{CID: c, Data: b}, nil
}
