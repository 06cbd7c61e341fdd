package cid

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/ipld/go-ipld-prime/datamodel"
	"github.com/ipld/go-ipld-prime/fluent/qp"
	cidlink "github.com/ipld/go-ipld-prime/linking/cid"
	"github.com/ipld/go-ipld-prime/node/basicnode"
)

// Export is an asset as WriteCAR sends it. Originals are private by default: a
// nil OriginalContent leaves the original's bytes out; its node (type, size and
// hashes) stays in.
type Export struct {
	Provenance         Provenance
	Original           Rendition
	Watermarked        Rendition
	WatermarkedContent io.Reader
	OriginalContent    io.Reader
}

// WriteCAR streams a CARv1 (https://ipld.io/specs/transport/car/carv1/): the
// provenance node, both rendition nodes, then the UnixFS blocks of the contents,
// children before their parents. Its root is the provenance record when all is
// there, else the watermarked rendition: `ipfs dag import` pins what the root
// reaches, and fails when a block of that is missing. Memory does not grow with the pictures. It
// fails, after having written part of the stream, when a content is not the one
// that its rendition names, so a caller that sends it over HTTP must then cut
// the connection.
func WriteCAR(w io.Writer, e Export) error {
	prov, err := e.Provenance.Block()
	if err != nil {
		return err
	}
	original, err := e.Original.Block()
	if err != nil {
		return err
	}
	marked, err := e.Watermarked.Block()
	if err != nil {
		return err
	}
	if !e.Provenance.Original.Equals(original.CID) || !e.Provenance.Watermarked.Equals(marked.CID) {
		return fmt.Errorf("cid: the renditions are not those that the provenance record links")
	}
	root := prov.CID
	if e.OriginalContent == nil {
		root = marked.CID
	}
	if err := writeHeader(w, root); err != nil {
		return err
	}
	for _, b := range []Block{prov, marked, original} {
		if err := writeBlock(w, b); err != nil {
			return err
		}
	}
	if err := writeContent(w, e.WatermarkedContent, e.Watermarked.Content); err != nil {
		return err
	}
	if e.OriginalContent == nil {
		return nil
	}
	return writeContent(w, e.OriginalContent, e.Original.Content)
}

func writeContent(w io.Writer, r io.Reader, want CID) error {
	got, _, err := Content(r, func(b Block) error { return writeBlock(w, b) })
	if err != nil {
		return err
	}
	if !got.Equals(want) {
		return fmt.Errorf("cid: the content is %s, its rendition says %s", got, want)
	}
	return nil
}

// writeHeader writes varint(length) | DAG-CBOR {"roots":[root],"version":1}.
func writeHeader(w io.Writer, root CID) error {
	n, err := qp.BuildMap(basicnode.Prototype.Any, 2, func(m datamodel.MapAssembler) {
		qp.MapEntry(m, "roots", qp.List(1, func(l datamodel.ListAssembler) {
			qp.ListEntry(l, qp.Link(cidlink.Link{Cid: root}))
		}))
		qp.MapEntry(m, "version", qp.Int(1))
	})
	if err != nil {
		return fmt.Errorf("cid: %w", err)
	}
	b, err := encodeNode(n)
	if err != nil {
		return err
	}
	return writeSection(w, b)
}

func writeBlock(w io.Writer, b Block) error { return writeSection(w, b.CID.Bytes(), b.Data) }

// writeSection writes varint(total length) and the parts.
func writeSection(w io.Writer, parts ...[]byte) error {
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	if _, err := w.Write(binary.AppendUvarint(nil, uint64(total))); err != nil {
		return fmt.Errorf("cid: writing the CAR: %w", err)
	}
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return fmt.Errorf("cid: writing the CAR: %w", err)
		}
	}
	return nil
}
