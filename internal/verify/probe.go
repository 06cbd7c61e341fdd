package verify

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/exif"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/tamper"
	"github.com/certana/certana/internal/watermark"
)

// probe is a submitted picture, as far as the steps look at it. The file and the
// decoded picture are let go: what follows works on reduced copies.
type probe struct {
	sha256 string
	info   raster.Info
	luma   *dsp.Plane     // upright, long side at most watermark.DecodeSide
	rgb    tamper.Picture // upright, long side at most align.WorkingSide

	metadata exif.Fields // as far as it can be read

	hashes  []fingerprint.Hash // of the eight turns; none when too flat
	quality int

	detections []watermark.Detection // filled by identify unless the bytes are known
}

// probe decodes a file leniently: whoever verifies a damaged copy wants an
// answer as far as it goes.
func (v *Verifier) probe(ctx context.Context, file *pipeline.Spooled) (*probe, error) {
	data, unmap, err := file.Map()
	if err != nil {
		return nil, err
	}
	defer unmap()
	info, err := raster.ReadInfo(data, v.Limits)
	if err != nil {
		return nil, pipeline.Refusal(err)
	}
	leave, err := v.Gate.Enter(ctx, info.Width, info.Height)
	if err != nil {
		return nil, err
	}
	defer leave()
	picture, err := raster.Decode(data, raster.Options{Limits: v.Limits, Lenient: true})
	if err != nil {
		return nil, pipeline.Refusal(err)
	}
	p := &probe{sha256: file.SHA256, info: info,
		luma: picture.Luma(watermark.DecodeSide), rgb: working(picture)}
	if p.metadata, err = exif.Read(data); err != nil {
		v.Logger.Debug("metadata of a submitted file could not be read", "error", err)
	}
	if c, quality, ok := fingerprint.Transform(p.luma); ok {
		p.quality = quality
		if quality > fingerprint.WeakQuality {
			turns := c.Dihedral()
			p.hashes = turns[:]
		}
	}
	return p, nil
}

// decode looks for every track in the picture.
func (v *Verifier) decode(p *probe) {
	for _, t := range v.Tracks {
		p.detections = append(p.detections, t.Decode(p.luma))
	}
}

// tracks says what was decoded, one entry for each of a, b and c.
func (v *Verifier) tracks(p *probe) []asset.TrackEvidence {
	var out []asset.TrackEvidence
	for _, id := range []string{"a", "b", "c"} {
		e := asset.TrackEvidence{Track: id, Status: "unavailable", PValue: 1, Source: "image"}
		for _, d := range p.detections {
			if d.Track != id {
				continue
			}
			e.Status, e.PValue = "not_detected", d.PValue
			if d.Detected {
				e.Status, e.Detected, e.Payload = "detected", true, uint64(d.Payload)
			}
		}
		out = append(out, e)
	}
	return out
}
