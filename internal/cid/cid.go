// Package cid names pictures and records the way IPFS does. Everything is CIDv1
// with SHA-256.
//
//   - Content is the UnixFS DAG of a file's bytes: chunks of 262,144 bytes as raw
//     leaves, 174 links a node, balanced layout; the same root as
//     `ipfs add --cid-version=1`.
//   - A Rendition is a DAG-CBOR node that links the content under the name
//     "content" and says what it is; its CID is an asset's ipfs_cid or
//     watermarked_cid, and /ipfs/<cid>/content is the picture on any gateway.
//   - A Provenance is a DAG-CBOR node that links both renditions; its CID is the
//     asset's cid.
//   - WriteCAR exports them as a CARv1 stream.
//
// Sources: UnixFS, DAG-CBOR and CARv1 as specified at ipld.io and
// specs.ipfs.tech; the code underneath is ipfs/boxo and ipld/go-ipld-prime.
package cid

import (
	"errors"
	"fmt"

	gocid "github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

// CID is a content identifier. Its String is base32, lower case ("bafy…").
type CID = gocid.Cid

// Block is one node of a DAG as it is stored and sent: its name and its bytes.
type Block struct {
	CID  CID
	Data []byte
}

// Parse reads a CID in its text form and accepts what this package makes and
// nothing else: version 1, SHA-256, and one of the codecs raw, dag-pb and
// dag-cbor.
func Parse(s string) (CID, error) {
	c, err := gocid.Decode(s)
	if err != nil {
		return gocid.Undef, fmt.Errorf("cid: %w", err)
	}
	p := c.Prefix()
	switch p.Codec {
	case gocid.Raw, gocid.DagProtobuf, gocid.DagCBOR:
	default:
		return gocid.Undef, fmt.Errorf("cid: codec %#x is not raw, dag-pb or dag-cbor", p.Codec)
	}
	if p.Version != 1 || p.MhType != multihash.SHA2_256 || p.MhLength != 32 {
		return gocid.Undef, errors.New("cid: only version 1 with SHA-256 is used here")
	}
	return c, nil
}

// Check tells whether the block's bytes are those that its CID names.
func (b Block) Check() error {
	c, err := b.CID.Prefix().Sum(b.Data)
	if err != nil {
		return fmt.Errorf("cid: %w", err)
	}
	if !c.Equals(b.CID) {
		return fmt.Errorf("cid: the bytes are %s, not %s", c, b.CID)
	}
	return nil
}

func prefix(codec uint64) gocid.Prefix {
	return gocid.Prefix{Version: 1, Codec: codec, MhType: multihash.SHA2_256, MhLength: -1}
}
