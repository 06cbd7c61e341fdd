package cid

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"
)

// twinNode is a node of a UnixFS DAG in the slow, obvious twin of Content.
type twinNode struct {
	cid   []byte
	bytes uint64 // of the file below it
	total uint64 // of all blocks below it, its own included
}

// twinCID is a binary CID: version 1, codec, SHA-256 of 32 bytes.
func twinCID(codec byte, block []byte) []byte {
	h := sha256.Sum256(block)
	return append([]byte{1, codec, 0x12, 32}, h[:]...)
}

// field writes a protobuf field of bytes.
func field(number byte, b []byte) []byte {
	out := binary.AppendUvarint([]byte{number<<3 | 2}, uint64(len(b)))
	return append(out, b...)
}

// number writes a protobuf field of a varint.
func number(field byte, v uint64) []byte { return binary.AppendUvarint([]byte{field << 3}, v) }

// twin builds the whole tree in memory, level by level, from the specifications
// of dag-pb and UnixFS alone.
func twin(data []byte) string {
	var level []twinNode
	for len(data) > 0 || len(level) == 0 {
		n := min(len(data), 262144)
		level = append(level, twinNode{twinCID(0x55, data[:n]), uint64(n), uint64(n)})
		data = data[n:]
	}
	for len(level) > 1 {
		var above []twinNode
		for len(level) > 0 {
			n := min(len(level), 174)
			above = append(above, twinParent(level[:n]))
			level = level[n:]
		}
		level = above
	}
	return "b" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(level[0].cid))
}

func twinParent(children []twinNode) twinNode {
	var links, sizes []byte
	node := twinNode{}
	for _, c := range children {
		link := append(field(1, c.cid), append(field(2, nil), number(3, c.total)...)...)
		links = append(links, field(2, link)...)
		sizes = append(sizes, number(4, c.bytes)...)
		node.bytes += c.bytes
		node.total += c.total
	}
	unixfs := append(number(1, 2), append(number(3, node.bytes), sizes...)...) // type 2: file
	block := slices.Concat(links, field(1, unixfs))
	node.cid = twinCID(0x70, block)
	node.total += uint64(len(block))
	return node
}

// goldens are what `ipfs add --cid-version=1` prints for the first n bytes of the
// pattern: an empty file, one byte, around one chunk, and around one full node of
// 174 chunks, where the tree grows a level. TestKubo asks the program itself.
var goldens = []struct {
	n    int64
	want string
}{
	{0, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"},
	{1, "bafkreic2nz5eovfprz7up7eusmca3bj6pma6hhktpsy52nj4so324whlhu"},
	{262143, "bafkreihltot3cwbf7l3ut7ntv6ua3ajjqjt2y3xpqu546be3aifopn5mee"},
	{262144, "bafkreigy5tcgloscldzhi2iadhemu2v7dj2u5wme7vgim2jlmnxindpsfi"},
	{262145, "bafybeiavfl3mrv5rig3iqfle6aheyo3crcdzseal3jfwykhuwtmc4vtyjy"},
	{1000000, "bafybeiap7ioud3krrnoopo7ginypritpjpmyzltcd2y3uzehrxgvdi3bkm"},
	{174 * 262144, "bafybeie5xnk32fia7bu7dn2cvjojbnxskp6irq3xikyi6bdrh3v5yfddqy"},
	{174*262144 + 1, "bafybeibwfjx4gjco2cvbbqlhbtazzttn73bsxnan2t4zmxrjmolwknbe7y"},
}

func TestContent(t *testing.T) {
	for _, c := range goldens {
		root, size, err := Content(patternOf(c.n), nil)
		if err != nil || size != c.n {
			t.Fatalf("%d bytes: read %d, %v", c.n, size, err)
		}
		data, _ := io.ReadAll(patternOf(c.n))
		if root.String() != c.want || twin(data) != c.want {
			t.Errorf("%d bytes: %s, twin %s, want %s", c.n, root, twin(data), c.want)
		}
	}
}
