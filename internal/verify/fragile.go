package verify

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/tamper"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/locate"
)

// reading is what track B says of the submitted picture: it needs no registered
// rendition, but must know whose mark to look for and where the picture lay when
// it was marked. Silence is no sign of an alteration.
type reading struct {
	status  string        // as asset.TrackEvidence.Status
	pValue  float64       // of the mark being there by chance
	outcome asset.Outcome // of its map: fail where content was altered
	note    string
	share   float64       // altered share of what is known
	local   *localMap     // as far as it counts
	detail  asset.Outcome // of holding what it flags against the rendition at full size
	sites   int           // regions that differ there

	m    fragile.Map
	at   fragile.Placement
	view fragile.View // where the map flags anything
}

// silent is a reading that says nothing, and why.
func silent(status, why string) *reading {
	return &reading{status: status, pValue: 1, outcome: asset.NotChecked, detail: asset.NotChecked, note: why}
}

// localize reads track B of the chosen asset in the submitted picture, which is
// decoded once more for it: at full size it is not kept. A registered rendition
// itself was read when it was certified.
func (v *Verifier) localize(ctx context.Context, file *pipeline.Spooled, p *probe, f *found) error {
	if v.Fragile == nil || f.chosen == nil || f.chosen.exact {
		return nil
	}
	a := f.chosen.asset
	rows, err := v.Rows.Tracks(ctx, a.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(t db.Track) bool { return t.Track == "b" && t.Detected })
	if i < 0 {
		f.fragile = silent("not_checked", "the registered rendition does not carry the track")
		f.tracked()
		return nil
	}
	picture, leave, err := v.fullSize(ctx, file, p.info)
	if err != nil {
		return err
	}
	r := v.read(v.Fragile.At(rows[i].Strength), picture, p, f)
	leave()
	f.fragile = r
	if r.m.Abstain == fragile.Speaks && r.status == "detected" {
		if err := v.closely(ctx, r, p, f); err != nil {
			return err
		}
		r.conclude(p)
	}
	f.tracked()
	return nil
}

// tracked puts what was read of track B among the tracks.
func (f *found) tracked() {
	i := slices.IndexFunc(f.tracks, func(t asset.TrackEvidence) bool { return t.Track == "b" })
	if f.fragile == nil || i < 0 {
		return
	}
	t := &f.tracks[i]
	t.Status, t.PValue, t.Detected = f.fragile.status, f.fragile.pValue, f.fragile.status == "detected"
	if t.Detected {
		t.Payload = f.chosen.asset.Payload
	}
}

// fullSize decodes the submitted file again.
func (v *Verifier) fullSize(ctx context.Context, file *pipeline.Spooled, info raster.Info) (_ *raster.Picture, leave func(), err error) {
	data, unmap, err := file.Map()
	if err != nil {
		return nil, nil, err
	}
	defer unmap()
	if leave, err = v.Gate.Enter(ctx, info.Width, info.Height); err != nil {
		return nil, nil, err
	}
	picture, err := raster.Decode(data, raster.Options{Limits: v.Limits, Lenient: true})
	if err != nil {
		leave()
		return nil, nil, pipeline.Refusal(err)
	}
	return picture, leave, nil
}

// read looks where the picture lies if it was not moved, then where track A found
// itself, then where it aligns with the registered rendition.
func (v *Verifier) read(t *fragile.Track, picture *raster.Picture, p *probe, f *found) *reading {
	a := f.chosen.asset
	m, at := locate.Read(t, picture, watermark.Payload(a.Payload), a.Width, a.Height, priors(p, f)...)
	if m.Abstain == fragile.Absent {
		return silent("not_detected", "the mark was not found in the picture: it is lost, or its place is not known")
	}
	r := &reading{status: "detected", pValue: m.PValue, outcome: asset.NotChecked, detail: asset.NotChecked, note: whys[m.Abstain], m: m, at: at}
	switch {
	case m.Abstain != fragile.Speaks || m.Share == 0:
	case at == fragile.Unmoved(picture.Size()):
		r.view = fragile.Look(picture)
	default:
		r.view = at.View(fragile.NewSource(picture))
	}
	return r
}

// priors are the places where the marked picture may lie in the submitted one.
func priors(p *probe, f *found) (out []fragile.Prior) {
	a := f.chosen.asset
	for _, d := range p.detections {
		if d.Track == "a" && d.Detected && d.Geometry != nil && uint64(d.Payload) == a.Payload {
			g := locate.Enlarge(*d.Geometry, p.luma.W, p.luma.H, p.info.Width, p.info.Height)
			out = append(out, locate.FromRobust(g, a.Width, a.Height))
		}
	}
	if f.result.Registered && f.result.Map.SameScene {
		w, h := dsp.ShrunkSize(a.Width, a.Height, align.WorkingSide) // what Compare aligned with
		m := align.Resized(p.rgb.W, p.rgb.H, p.info.Width, p.info.Height).Mul(f.result.Registration.H).Mul(align.Resized(a.Width, a.Height, w, h))
		out = append(out, fragile.Prior{W: a.Width, H: a.Height, Map: fragile.Projection(m)})
	}
	return slices.DeleteFunc(out, tooSmall)
}

// leastScale is how many received pixels a pixel of the mark must be wide to be looked
// for: at 0.75 the mark is read, at half it is lost, and the search is the dearest part
// of a verification.
const leastScale = 0.6

// tooSmall tells whether a place shows a picture so small that its mark is lost.
func tooSmall(r fragile.Prior) bool {
	a, b, c, d := align.Homography(r.Map).Jacobian(float64(r.W-1)/2, float64(r.H-1)/2)
	return math.Sqrt(math.Abs(a*d-b*c))*float64(fragile.Scale(r.W, r.H)) < leastScale
}

// whys tells a reader why the track is silent.
var whys = map[fragile.Reason]string{
	fragile.TooSmall:  "the picture is too small for it",
	fragile.Unseen:    "too little of the marked picture is in view",
	fragile.TooWeak:   "too little of the mark is left after compression or noise",
	fragile.Processed: "the picture was filtered or recoloured as a whole, which the track cannot tell from alterations",
}

// leastSaid is the share of the submitted picture of which the track must be able to
// tell before its silence counts for the picture.
const leastSaid = 0.5

// conclude turns the map, as the rendition left it, into an outcome. Of a copy that was
// scaled or turned the map alone proves nothing: that wears the mark unevenly.
func (r *reading) conclude(p *probe) {
	r.share = r.m.Share
	local := localMapOf(r.m, r.at, tamper.Picture{W: p.rgb.W, H: p.rgb.H}, p.info.Width, p.info.Height)
	told := fmt.Sprintf("altered share of the %.0f%% of the marked picture that it can tell of", 100*r.m.Known)
	switch {
	case r.share > 0 && (r.at.Straight || r.detail == asset.Fail):
		r.outcome, r.note, r.local = asset.Fail, told, local
	case r.share > 0:
		r.note, r.local = "the picture was scaled or turned, and what looks altered could not be held against the registered rendition", local
	case r.detail == asset.Pass:
		r.note = "what looked altered is no further from the registered rendition, at full size, than the rest of the picture"
	case local.said < leastSaid:
		r.note = fmt.Sprintf("nothing looks altered, but it can tell of %.0f%% of the picture only", 100*local.said)
	default:
		r.outcome, r.note = asset.Pass, told
	}
}
