package tamper

import "github.com/certana/certana/internal/align"

// Features is how many features Inspect extracts from a picture.
const Features = 1200

// inspect works on luma planes of at most align.WorkingSide and brings the
// geometry back to the pictures' own sizes.
func inspect(ref Picture, features *align.Features, probe Picture) Result {
	refLuma, probeLuma := ref.Luma(align.WorkingSide), probe.Luma(align.WorkingSide)
	if features == nil {
		f := align.Extract(refLuma, Features)
		features = &f
	}
	r, ok := align.Register(*features, align.Extract(probeLuma, Features))
	if !ok {
		return Result{}
	}
	stored := align.Resized(refLuma.W, refLuma.H, features.W, features.H)
	h, _ := align.Refine(refLuma, probeLuma, r.H.Mul(stored))
	up := align.Resized(probeLuma.W, probeLuma.H, probe.W, probe.H)
	r.H = up.Mul(h).Mul(align.Resized(ref.W, ref.H, refLuma.W, refLuma.H)).Normalised()
	return Result{Registration: r, Registered: true, Map: Compare(ref, probe, r.H)}
}
