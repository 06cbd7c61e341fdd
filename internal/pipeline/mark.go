package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// What a track has to say of an asset, kept as asset.TrackEvidence.Status.
const (
	trackDetected    = "detected"     // embedded, and read back from the rendition
	trackNotDetected = "not_detected" // embedded, but not read back
	trackDisabled    = "disabled"     // the uploader did not want it
	trackUnavailable = "unavailable"  // this deployment has no such track
	trackTooSmall    = "too_small"    // the picture has too few pixels for it
	trackNoRoom      = "no_room"      // it could not be read again in so small and busy a picture
)

// marked is one track's part in a rendition.
type marked struct {
	asset.TrackEvidence
	psnr     float64 // of this track alone, dB; 0 when nothing was embedded
	strength float64 // dB that were asked for, of track B
}

// render makes the watermarked rendition of an original, and what is known of
// its pixels. Nothing of the decoded picture outlives it: that is the bulk of
// a stage's memory, and the gate bounds it.
func (p *Pipeline) render(ctx context.Context, a asset.Asset, original []byte) (rendition []byte, tracks []marked, pr prints, err error) {
	leave, err := p.gate.Enter(ctx, a.Width, a.Height)
	if err != nil {
		return nil, nil, prints{}, err
	}
	defer leave()
	picture, err := raster.Decode(original, raster.Options{Limits: p.cfg.limits()})
	if err != nil {
		return nil, nil, prints{}, &permanentError{"the picture could not be read again", err}
	}
	tracks = p.mark(picture, a)

	// From here the picture is only read: it is written, read back and
	// fingerprinted at the same time.
	var reading sync.WaitGroup
	reading.Go(func() { rendition, err = encode(picture, original) })
	luma := picture.Luma(watermark.DecodeSide)
	reading.Go(func() { p.selfCheck(tracks, luma) })
	pr = fingerprintOf(luma)
	exact := picture.Info().Format == raster.PNG || picture.Info().Format == raster.TIFF
	if exact {
		reading.Go(func() { p.checkFragile(tracks, picture) })
	}
	reading.Wait()
	picture = nil
	if err != nil {
		return nil, nil, prints{}, &permanentError{"the watermarked rendition could not be written", err}
	}
	if !exact {
		p.checkWritten(tracks, rendition)
	}
	return rendition, tracks, pr, nil
}

// mark draws every wanted track on the picture, in the order a, b, c.
func (p *Pipeline) mark(picture *raster.Picture, a asset.Asset) []marked {
	wanted := []struct {
		id string
		on bool
	}{{"a", a.Options.TrackA}, {"b", a.Options.TrackB}, {"c", a.Options.TrackC}}
	var out []marked
	for _, w := range wanted {
		m := marked{TrackEvidence: asset.TrackEvidence{Track: w.id, PValue: 1, Source: "certification"}}
		draw := p.drawing(w.id)
		switch {
		case !w.on:
			m.Status = trackDisabled
		case draw == nil:
			m.Status = trackUnavailable
		default:
			e, err := draw(picture, watermark.Payload(a.Payload))
			switch {
			case errors.Is(err, watermark.ErrNoRoom):
				m.Status = trackNoRoom
			case errors.Is(err, watermark.ErrTooSmall):
				m.Status = trackTooSmall
			case err != nil:
				m.Status = trackUnavailable
				p.logger.Error("a track could not be embedded", "track", w.id, "asset", a.ID, "error", err)
			default:
				m.Status, m.psnr, m.Payload = trackNotDetected, e.PSNR, a.Payload
				if w.id == "b" {
					m.strength = p.fragile.Strength()
				}
			}
		}
		out = append(out, m)
	}
	return out
}

// drawing is how a track is drawn; nil when this deployment has no such track.
func (p *Pipeline) drawing(track string) func(*raster.Picture, watermark.Payload) (watermark.Embedding, error) {
	if track == "b" && p.fragile != nil {
		return func(c *raster.Picture, id watermark.Payload) (watermark.Embedding, error) {
			return p.fragile.Embed(c, id)
		}
	}
	t := p.tracks[track]
	if t == nil {
		return nil
	}
	return func(c *raster.Picture, id watermark.Payload) (watermark.Embedding, error) { return t.Embed(c, id) }
}

// selfCheck reads every mark back from the marked picture as a stranger would,
// so that the record of the certification is of what was found, not of what
// was meant.
func (p *Pipeline) selfCheck(tracks []marked, luma *dsp.Plane) {
	for i := range tracks {
		m := &tracks[i]
		if m.psnr == 0 || m.Track == "b" {
			continue
		}
		d := p.tracks[m.Track].Decode(luma)
		m.PValue = d.PValue
		if d.Detected && uint64(d.Payload) == m.Payload {
			m.Detected, m.Status = true, trackDetected
		}
	}
}

// checkWritten reads track B back from the file that was written: a lossy coder
// changes what it looks at.
func (p *Pipeline) checkWritten(tracks []marked, rendition []byte) {
	if b := trackB(tracks); b == nil || b.psnr == 0 {
		return
	}
	written, err := raster.Decode(rendition, raster.Options{Limits: raster.Limits{MaxBytes: MaxRendition(p.cfg.MaxBytes), MaxPixels: p.cfg.MaxPixels}})
	if err != nil {
		p.logger.Error("a rendition could not be read back", "error", err)
		return
	}
	p.checkFragile(tracks, written)
}

// checkFragile looks for track B in a part of a picture's rows.
func (p *Pipeline) checkFragile(tracks []marked, picture *raster.Picture) {
	b := trackB(tracks)
	if b == nil || b.psnr == 0 {
		return
	}
	if b.PValue = p.fragile.Check(picture, watermark.Payload(b.Payload)); b.PValue <= fragile.PresentP {
		b.Detected, b.Status = true, trackDetected
	}
}

func trackB(tracks []marked) *marked {
	if i := slices.IndexFunc(tracks, func(m marked) bool { return m.Track == "b" }); i >= 0 {
		return &tracks[i]
	}
	return nil
}

// encode writes the marked picture in the format of its original and carries
// the original's metadata across.
func encode(picture *raster.Picture, original []byte) ([]byte, error) {
	b, err := raster.Encode(picture)
	if err != nil {
		return nil, err
	}
	return raster.Carry(original, b)
}

// prints are what the asset will be found by when its bytes are another's.
type prints struct {
	hash     fingerprint.Hash
	quality  int
	features []byte // align.Features as stored
}

// fingerprintOf hashes the marked picture and extracts the features that a later
// verification aligns a copy by, both from luma of align.WorkingSide.
func fingerprintOf(luma *dsp.Plane) (out prints) {
	out.hash, out.quality = fingerprint.PDQ(luma)
	f := align.Extract(dsp.Shrink(luma, align.WorkingSide), storedFeatures)
	if b, err := f.MarshalBinary(); err == nil { // the plane is within what the stored form holds
		out.features = b
	}
	return out
}

// storedFeatures is how many features of a picture are kept: 40 bytes each.
const storedFeatures = 1500
