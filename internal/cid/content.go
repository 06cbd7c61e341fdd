package cid

import (
	"context"
	"errors"
	"fmt"
	"io"

	chunker "github.com/ipfs/boxo/chunker"
	"github.com/ipfs/boxo/ipld/unixfs/importer/balanced"
	"github.com/ipfs/boxo/ipld/unixfs/importer/helpers"
	gocid "github.com/ipfs/go-cid"
	format "github.com/ipfs/go-ipld-format"
)

// The layout of a content DAG. Any other value gives other CIDs.
const (
	ChunkSize = 262144 // bytes of a leaf
	MaxLinks  = 174    // children of an inner node
)

// Content reads r to its end and returns the root of its UnixFS DAG and the
// number of bytes read. It holds one chunk and one inner node a level, never
// the file. sink, when not nil, receives every block once as it is finished,
// children before their parents; its data is the block's own and may be kept.
// An error of r or of sink ends the work and is returned, wrapped.
func Content(r io.Reader, sink func(Block) error) (root CID, size int64, err error) {
	counted := &countingReader{r: r}
	params := helpers.DagBuilderParams{
		Dagserv:    blockSink{sink: sink},
		Maxlinks:   MaxLinks,
		RawLeaves:  true,
		CidBuilder: prefix(gocid.DagProtobuf),
	}
	builder, err := params.New(chunker.NewSizeSplitter(counted, ChunkSize))
	if err != nil {
		return gocid.Undef, 0, fmt.Errorf("cid: %w", err)
	}
	node, err := balanced.Layout(builder)
	if err != nil {
		return gocid.Undef, counted.n, fmt.Errorf("cid: %w", err)
	}
	return node.Cid(), counted.n, nil
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// blockSink stands where the DAG builder expects a store: it passes blocks on
// and keeps none, so nothing can be read back.
type blockSink struct {
	sink func(Block) error
}

var errWriteOnly = errors.New("cid: blocks are passed on, not kept")

func (s blockSink) Add(_ context.Context, n format.Node) error {
	if s.sink == nil {
		return nil
	}
	return s.sink(Block{CID: n.Cid(), Data: n.RawData()})
}

func (s blockSink) AddMany(ctx context.Context, nodes []format.Node) error {
	for _, n := range nodes {
		if err := s.Add(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (s blockSink) Get(context.Context, gocid.Cid) (format.Node, error) { return nil, errWriteOnly }

func (s blockSink) GetMany(context.Context, []gocid.Cid) <-chan *format.NodeOption {
	out := make(chan *format.NodeOption, 1)
	out <- &format.NodeOption{Err: errWriteOnly}
	close(out)
	return out
}

func (s blockSink) Remove(context.Context, gocid.Cid) error       { return errWriteOnly }
func (s blockSink) RemoveMany(context.Context, []gocid.Cid) error { return errWriteOnly }
