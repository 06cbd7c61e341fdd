package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/cid"
)

// named is an asset with everything that Certify says of it.
type named struct {
	asset.Asset
	watermarkedSize int64
	registeredAt    time.Time
}

// name gives both renditions and the provenance record their CIDs, and the
// asset its hashes. The registration time is that of the row, so that naming
// twice gives the same names.
func name(a asset.Asset, original, rendition []byte, pr prints, m metadata, tracks []marked) (named, error) {
	n := named{Asset: a, watermarkedSize: int64(len(rendition)), registeredAt: a.CreatedAt}
	before, err := renditionBlock(a, original)
	if err != nil {
		return named{}, err
	}
	after, err := renditionBlock(a, rendition)
	if err != nil {
		return named{}, err
	}
	record, err := provenance(a, before.CID, after.CID, pr, m, tracks).Block()
	if err != nil {
		return named{}, fmt.Errorf("name the provenance record: %w", err)
	}
	sum := sha256.Sum256(rendition)
	n.IPFSCID, n.WatermarkedCID, n.CID = before.CID.String(), after.CID.String(), record.CID.String()
	n.WatermarkHash = hex.EncodeToString(sum[:])
	return n, nil
}

func renditionBlock(a asset.Asset, data []byte) (cid.Block, error) {
	r, err := renditionOf(a, data)
	if err != nil {
		return cid.Block{}, err
	}
	return r.Block()
}

func renditionOf(a asset.Asset, data []byte) (cid.Rendition, error) {
	root, size, err := cid.Content(bytes.NewReader(data), nil)
	if err != nil {
		return cid.Rendition{}, fmt.Errorf("name the picture: %w", err)
	}
	return cid.Rendition{Content: root, MediaType: a.MIMEType, Size: size,
		Width: a.Width, Height: a.Height, SHA256: sha256.Sum256(data)}, nil
}

func provenance(a asset.Asset, before, after cid.CID, pr prints, m metadata, tracks []marked) cid.Provenance {
	hash := pr.hash.Bytes()
	r := cid.Provenance{
		AssetID:        a.ID.String(),
		OrganizationID: a.OrganizationID.String(),
		RegisteredAt:   a.CreatedAt.UnixMilli(),
		Original:       before,
		Watermarked:    after,
		Fingerprints:   []cid.Fingerprint{{Algorithm: "pdq-256", Hash: hash[:], Quality: pr.quality}},
		MetadataDigest: m.digest,
	}
	for _, t := range tracks {
		if t.psnr != 0 {
			r.Tracks = append(r.Tracks, cid.Mark{Track: t.Track, Payload: a.Payload})
		}
	}
	return r
}
