package cid

import "encoding/binary"

// The kinds of record that this package writes.
const (
	KindRendition  = "certana/rendition/1"
	KindProvenance = "certana/provenance/1"
)

// Rendition describes one file of an asset: the original or the watermarked one.
type Rendition struct {
	Content   CID      // root of the file's UnixFS DAG, as Content returns it
	MediaType string   // image/jpeg, image/png, image/tiff or image/webp
	Size      int64    // bytes
	Width     int      // upright pixels
	Height    int      // upright pixels
	SHA256    [32]byte // of the file's bytes
}

// Block encodes the rendition; its CID is the asset's ipfs_cid or
// watermarked_cid.
func (r Rendition) Block() (Block, error) {
	return recordBlock(KindRendition, Record{
		{"content", r.Content},
		{"media_type", r.MediaType},
		{"size", r.Size},
		{"width", int64(r.Width)},
		{"height", int64(r.Height)},
		{"sha256", r.SHA256[:]},
	})
}

// ParseRendition reads what Block wrote and nothing else: the same value gives
// the same bytes.
func ParseRendition(b []byte) (Rendition, error) {
	d := DecodeRecord(KindRendition, b)
	r := Rendition{
		Content:   d.Link("content"),
		MediaType: d.Text("media_type"),
		Size:      d.Int("size"),
		Width:     int(d.Int("width")),
		Height:    int(d.Int("height")),
		SHA256:    d.Hash("sha256"),
	}
	if err := d.Done(); err != nil {
		return Rendition{}, err
	}
	return r, nil
}

// Provenance ties an asset together: who registered what, as which renditions,
// with which marks.
type Provenance struct {
	AssetID        string // UUID, lower case
	OrganizationID string // UUID, lower case
	RegisteredAt   int64  // milliseconds since 1970, UTC
	Original       CID    // the original rendition's node
	Watermarked    CID    // the watermarked rendition's node
	Fingerprints   []Fingerprint
	MetadataDigest [32]byte // salted, so that it cannot be guessed from a guess of the metadata
	Tracks         []Mark
}

// Fingerprint is one perceptual hash of the original.
type Fingerprint struct {
	Algorithm string // "pdq-256"
	Hash      []byte
	Quality   int // 0 to 100
}

// Mark is one watermark track that the watermarked rendition carries.
type Mark struct {
	Track   string // "a", "b" or "c"
	Payload uint64
}

// Block encodes the record; its CID is the asset's cid. Lists keep their order.
func (p Provenance) Block() (Block, error) {
	prints := make([]Record, len(p.Fingerprints))
	for i, f := range p.Fingerprints {
		prints[i] = Record{{"algorithm", f.Algorithm}, {"hash", f.Hash}, {"quality", int64(f.Quality)}}
	}
	marks := make([]Record, len(p.Tracks))
	for i, m := range p.Tracks {
		marks[i] = Record{{"track", m.Track}, {"payload", binary.BigEndian.AppendUint64(nil, m.Payload)}}
	}
	return recordBlock(KindProvenance, Record{
		{"asset_id", p.AssetID},
		{"organization_id", p.OrganizationID},
		{"registered_at", p.RegisteredAt},
		{"original", p.Original},
		{"watermarked", p.Watermarked},
		{"fingerprints", prints},
		{"metadata_digest", p.MetadataDigest[:]},
		{"tracks", marks},
	})
}

// ParseProvenance reads what Block wrote and nothing else.
func ParseProvenance(b []byte) (Provenance, error) {
	d := DecodeRecord(KindProvenance, b)
	p := Provenance{
		AssetID:        d.Text("asset_id"),
		OrganizationID: d.Text("organization_id"),
		RegisteredAt:   d.Int("registered_at"),
		Original:       d.Link("original"),
		Watermarked:    d.Link("watermarked"),
		MetadataDigest: d.Hash("metadata_digest"),
	}
	d.List("fingerprints", func(r *Reader) {
		p.Fingerprints = append(p.Fingerprints, Fingerprint{r.Text("algorithm"), r.Bytes("hash", -1), int(r.Int("quality"))})
	})
	d.List("tracks", func(r *Reader) {
		m := Mark{Track: r.Text("track")}
		if b := r.Bytes("payload", 8); b != nil {
			m.Payload = binary.BigEndian.Uint64(b)
		}
		p.Tracks = append(p.Tracks, m)
	})
	if err := d.Done(); err != nil {
		return Provenance{}, err
	}
	return p, nil
}

func recordBlock(kind string, r Record) (Block, error) {
	b, err := EncodeRecord(kind, r)
	if err != nil {
		return Block{}, err
	}
	return blockOf(b)
}
