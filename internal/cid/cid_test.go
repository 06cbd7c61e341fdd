package cid

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fxamacker/cbor/v2"
	cbornode "github.com/ipfs/go-ipld-cbor"
	"github.com/multiformats/go-multihash"
)

// pattern is an endless stream of bytes that any oracle can make again: the
// SHA-256 of 0, 1, 2, … as big-endian 64-bit numbers, one after another.
type pattern struct {
	n    uint64
	left []byte
}

func (p *pattern) Read(b []byte) (int, error) {
	for n := 0; ; {
		if len(p.left) == 0 {
			h := sha256.Sum256(binary.BigEndian.AppendUint64(nil, p.n))
			p.n, p.left = p.n+1, h[:]
		}
		c := copy(b[n:], p.left)
		n, p.left = n+c, p.left[c:]
		if n == len(b) {
			return n, nil
		}
	}
}

func patternOf(n int64) io.Reader { return io.LimitReader(&pattern{}, n) }

// collect keeps what Content passes on, by name, and checks each block.
func collect(t *testing.T) (map[CID][]byte, func(Block) error) {
	t.Helper()
	blocks := map[CID][]byte{}
	return blocks, func(b Block) error {
		if err := b.Check(); err != nil {
			t.Error(err)
		}
		blocks[b.CID] = b.Data
		return nil
	}
}

// The chunking must not follow how the reader happens to cut its reads.
func TestContentIgnoresReadSizes(t *testing.T) {
	data, _ := io.ReadAll(patternOf(3*ChunkSize + 5))
	want, size, err := Content(bytes.NewReader(data), nil)
	if err != nil || size != int64(len(data)) {
		t.Fatalf("%d bytes, %v", size, err)
	}
	for name, r := range map[string]io.Reader{
		"halves":           iotest.HalfReader(bytes.NewReader(data)),
		"data with an EOF": iotest.DataErrReader(bytes.NewReader(data)),
		"one byte a time":  iotest.OneByteReader(bytes.NewReader(data)),
	} {
		blocks, sink := collect(t)
		got, _, err := Content(r, sink)
		if err != nil || got != want {
			t.Errorf("%s: %s, want %s: %v", name, got, want, err)
		}
		if len(blocks) != 5 || blocks[got] == nil { // four leaves and a root
			t.Errorf("%s: %d blocks", name, len(blocks))
		}
	}
}

func TestContentErrors(t *testing.T) {
	boom := errors.New("boom")
	r := io.MultiReader(patternOf(ChunkSize+1), iotest.ErrReader(boom))
	if _, _, err := Content(r, nil); !errors.Is(err, boom) {
		t.Errorf("broken reader: %v", err)
	}
	if _, _, err := Content(patternOf(10), func(Block) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("broken sink: %v", err)
	}
}

// 64 MiB go through without being held.
func TestContentStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 64 MiB")
	}
	peak := uint64(0)
	n := 0
	sink := func(Block) error {
		if n++; n%50 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
		return nil
	}
	if _, _, err := Content(patternOf(64<<20), sink); err != nil {
		t.Fatal(err)
	}
	if peak > 16<<20 {
		t.Errorf("%d MiB held", peak>>20)
	}
}

func sampleRendition(n int64) Rendition {
	c, size, err := Content(patternOf(n), nil)
	if err != nil {
		panic(err)
	}
	b, _ := io.ReadAll(patternOf(n))
	return Rendition{Content: c, MediaType: "image/jpeg", Size: size, Width: 768, Height: 512, SHA256: sha256.Sum256(b)}
}

func sampleExport(t testing.TB) Export {
	t.Helper()
	e := Export{
		Original: sampleRendition(1_000_000), Watermarked: sampleRendition(700_000),
		WatermarkedContent: patternOf(700_000),
	}
	original, err := e.Original.Block()
	if err != nil {
		t.Fatal(err)
	}
	marked, err := e.Watermarked.Block()
	if err != nil {
		t.Fatal(err)
	}
	e.Provenance = Provenance{
		AssetID:        "01938c2e-7d3a-7c11-8f5e-0123456789ab",
		OrganizationID: "01938c2e-0000-7abc-9def-fedcba987654",
		RegisteredAt:   1795312923456,
		Original:       original.CID,
		Watermarked:    marked.CID,
		Fingerprints:   []Fingerprint{{"pdq-256", bytes.Repeat([]byte{0xa5}, 32), 100}},
		MetadataDigest: sha256.Sum256([]byte("metadata")),
		Tracks:         []Mark{{"a", 0xfedcba9876543210}, {"b", 1}},
	}
	return e
}

func TestRecordsRoundTrip(t *testing.T) {
	e := sampleExport(t)
	for _, p := range []Provenance{e.Provenance, {AssetID: "a", Original: e.Provenance.Original, Watermarked: e.Provenance.Original}} {
		b, err := p.Block()
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Check(); err != nil {
			t.Error(err)
		}
		got, err := ParseProvenance(b.Data)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("parsed %+v, %v\nwant %+v", got, err, p)
		}
	}
	b, err := e.Original.Block()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseRendition(b.Data)
	if err != nil || got != e.Original {
		t.Errorf("parsed %+v, %v", got, err)
	}
	if _, err := ParseProvenance(b.Data); err == nil {
		t.Error("a rendition was read as a provenance record")
	}
	if _, err := (Rendition{}).Block(); err == nil {
		t.Error("a rendition of nothing was written")
	}
}

// Two oracles write the same node: the older IPLD CBOR library of IPFS, and a
// plain CBOR library with DAG-CBOR's rules spelled out.
func TestRecordEncoding(t *testing.T) {
	e := sampleExport(t)
	p := e.Provenance
	link := func(c CID) cbor.Tag { return cbor.Tag{Number: 42, Content: append([]byte{0}, c.Bytes()...)} }
	tree := func(link func(CID) any) map[string]any {
		return map[string]any{
			"type": "certana/provenance/1", "asset_id": p.AssetID, "organization_id": p.OrganizationID,
			"registered_at": p.RegisteredAt, "original": link(p.Original), "watermarked": link(p.Watermarked),
			"metadata_digest": p.MetadataDigest[:],
			"fingerprints": []any{map[string]any{
				"algorithm": "pdq-256", "hash": p.Fingerprints[0].Hash, "quality": 100}},
			"tracks": []any{
				map[string]any{"track": "a", "payload": []byte{0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10}},
				map[string]any{"track": "b", "payload": []byte{0, 0, 0, 0, 0, 0, 0, 1}}},
		}
	}
	got, err := p.Block()
	if err != nil {
		t.Fatal(err)
	}
	mode, err := cbor.EncOptions{Sort: cbor.SortLengthFirst}.EncMode()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := mode.Marshal(tree(func(c CID) any { return link(c) }))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Data, plain) {
		t.Errorf("got  %x\nwant %x", got.Data, plain)
	}
	node, err := cbornode.WrapObject(tree(func(c CID) any { return c }), multihash.SHA2_256, -1)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Data, node.RawData()) || got.CID != node.Cid() {
		t.Errorf("got %s, want %s", got.CID, node.Cid())
	}
	const golden = "bafyreih6g6zbwvyn3voy566urpdwy6yzljwxds3i7xoxpzp33ahfrhnvnu"
	if got.CID.String() != golden {
		t.Errorf("the provenance record is %s, want %s", got.CID, golden)
	}
}

func TestParse(t *testing.T) {
	for _, good := range []string{
		"bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
		"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
		"bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
	} {
		if c, err := Parse(good); err != nil || c.String() != good {
			t.Errorf("%s: %s, %v", good, c, err)
		}
	}
	for _, bad := range []string{
		"", "b", "hello", strings.Repeat("b", 10_000),
		"QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnD1Vk",      // version 0
		"bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7a", // cut
		"bafkqaaa", // identity hash
	} {
		if c, err := Parse(bad); err == nil {
			t.Errorf("%q was read as %s", bad, c)
		}
	}
}

func FuzzParseRecords(f *testing.F) {
	e := sampleExport(f)
	p, _ := e.Provenance.Block()
	r, _ := e.Original.Block()
	f.Add(p.Data)
	f.Add(r.Data)
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ParseProvenance(b); err == nil {
			again, err := p.Block()
			if err != nil || !bytes.Equal(again.Data, b) {
				t.Fatalf("parsed %x, wrote %x: %v", b, again.Data, err)
			}
		}
		if r, err := ParseRendition(b); err == nil {
			again, err := r.Block()
			if err != nil || !bytes.Equal(again.Data, b) {
				t.Fatalf("parsed %x, wrote %x: %v", b, again.Data, err)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy")
	f.Add("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnD1Vk")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			return
		}
		if again, err := Parse(c.String()); err != nil || again != c {
			t.Fatalf("%q is %s is %s: %v", s, c, again, err)
		}
	})
}

func BenchmarkContent(b *testing.B) {
	for _, mb := range []int64{1, 10} {
		data, _ := io.ReadAll(patternOf(mb << 20))
		b.Run(fmt.Sprintf("%dMiB", mb), func(b *testing.B) {
			b.SetBytes(mb << 20)
			for b.Loop() {
				if _, _, err := Content(bytes.NewReader(data), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
