package pipeline

import (
	"bytes"
	"context"
	"slices"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/tamper"
	"github.com/certana/certana/internal/watermark"
)

// Comparer tells whether a picture shows what an asset's rendition shows.
type Comparer interface {
	SameScene(ctx context.Context, a asset.Asset, probe tamper.Picture) (bool, error)
}

// earlier finds the asset of another organization, registered before a, that
// a's original is a copy of: named by a watermark in it or near by fingerprint,
// and showing the same scene. Of several the earliest counts; nil is none.
func (p *Pipeline) earlier(ctx context.Context, a asset.Asset, original []byte) (*asset.ID, error) {
	luma, probe, err := p.glimpse(ctx, a, original)
	if err != nil {
		return nil, err
	}
	var candidates []asset.Asset
	for _, t := range p.tracks {
		d := t.Decode(luma)
		if !d.Detected {
			continue
		}
		named, err := p.registry.ByPayload(ctx, d.Payload)
		if err != nil {
			return nil, err
		}
		if named != nil {
			candidates = append(candidates, *named)
		}
	}
	if c, quality, ok := fingerprint.Transform(luma); ok && quality > fingerprint.WeakQuality {
		hashes := c.Dihedral()
		near, err := p.registry.Similar(ctx, hashes[:])
		if err != nil {
			return nil, err
		}
		for _, n := range near {
			candidates = append(candidates, n.Asset)
		}
	}

	slices.SortFunc(candidates, func(x, y asset.Asset) int { return registered(x.ID, y.ID) })
	for _, c := range candidates {
		if c.OrganizationID == a.OrganizationID || c.Status != asset.Completed || registered(c.ID, a.ID) >= 0 {
			continue
		}
		same, err := p.comparer.SameScene(ctx, c, probe)
		if err != nil {
			return nil, err
		}
		if same {
			return &c.ID, nil
		}
	}
	return nil, nil
}

// registered orders by registration: ids are UUIDv7, so their bytes follow time.
func registered(x, y asset.ID) int { return bytes.Compare(x[:], y[:]) }

// glimpse decodes a picture and keeps what identification needs of it, so that
// the gate is free again before anything else is decoded.
func (p *Pipeline) glimpse(ctx context.Context, a asset.Asset, data []byte) (*dsp.Plane, tamper.Picture, error) {
	leave, err := p.gate.Enter(ctx, a.Width, a.Height)
	if err != nil {
		return nil, tamper.Picture{}, err
	}
	defer leave()
	picture, err := raster.Decode(data, raster.Options{Limits: p.cfg.limits()})
	if err != nil {
		return nil, tamper.Picture{}, err
	}
	rgb := picture.RGB(align.WorkingSide)
	return picture.Luma(watermark.DecodeSide), tamper.Picture{W: rgb.W, H: rgb.H, Pix: rgb.Pix}, nil
}
