package align

import (
	"math"
	"math/rand/v2"
)

const (
	minInliers  = 15   // at most 10 were seen to agree by chance in 520 unrelated pairs
	sureInliers = 60   // so many and half of the matches, and the mirror image is not tried
	hypotheses  = 2500 // of two matches each
	minScale    = 0.18
	maxScale    = 5.6
)

func register(ref, probe Features) (Registration, bool) {
	r := registerOne(ref, probe, false)
	if r.Inliers < sureInliers || 2*r.Inliers < r.Matches { // a symmetric scene resembles its mirror image
		if m := registerOne(ref, probe, true); m.Inliers > r.Inliers {
			r = m
		}
	}
	a, b, c, d := r.H.Jacobian(float64(ref.W-1)/2, float64(ref.H-1)/2)
	if r.Mirrored {
		a, c = -a, -c
	}
	r.Scale = math.Sqrt(math.Abs(a*d - b*c))
	r.Angle = math.Atan2(c-b, a+d) * 180 / math.Pi
	return r, r.Inliers >= minInliers
}

// registerOne is RANSAC (Fischler and Bolles, 1981) over similarities of two
// matches, drawn first from the nearest ones (Chum and Matas, PROSAC, 2005),
// then least squares over what agrees, from affine to projective.
func registerOne(ref, probe Features, mirrored bool) Registration {
	r := Registration{H: Identity(), Mirrored: mirrored}
	pairs := match(ref.Points, probe.Points, mirrored)
	r.Matches = len(pairs)
	if len(pairs) < 4 {
		return r
	}
	spots := make([]spot, len(pairs))
	for i, p := range pairs {
		a, b := ref.Points[p.ref], probe.Points[p.probe]
		spots[i] = spot{float64(a.X), float64(a.Y), float64(b.X), float64(b.Y), 1, 1.5 + 1.5*float64(b.Size)}
	}
	slack := 2 + 0.008*float64(max(probe.W, probe.H))
	h, ok := consensus(ref, probe, pairs, spots, mirrored, slack)
	if !ok {
		return r
	}
	r.H, r.Inliers = polish(h, spots, slack)
	if !plausible(r.H, ref, mirrored) {
		r.Inliers = 0
	}
	return r
}

// consensus returns the similarity that most spots agree with.
func consensus(ref, probe Features, pairs []pair, spots []spot, mirrored bool, slack float64) (top Homography, ok bool) {
	rng := rand.New(rand.NewPCG(0x72616e, 7))
	var topScore float64
	needed := hypotheses
	for t := 0; t < needed; t++ {
		pool := min(len(spots), 16+t/4)
		i, j := rng.IntN(pool), rng.IntN(pool)
		if !agrees(ref, probe, pairs[i], pairs[j]) {
			continue
		}
		h, good := similarity(spots[i], spots[j], mirrored)
		scale := math.Hypot(h[0], h[3])
		if !good || scale < minScale || scale > maxScale || !turns(h, ref, probe, pairs[i], mirrored) {
			continue
		}
		score := 0.0
		for k := range spots {
			p := &spots[k]
			if e := sq(h[0]*p.x+h[1]*p.y+h[2]-p.u) + sq(h[3]*p.x+h[4]*p.y+h[5]-p.v); e < slack*slack {
				score += 1 - e/(slack*slack)
			}
		}
		if score > topScore {
			topScore, top, ok = score, h, true
			share := score / float64(len(spots))
			needed = min(needed, max(t+1, 200+int(20/(share*share))))
		}
	}
	return top, ok
}

// agrees tells whether two matches are far enough apart to give a scale, and
// whether their points grew alike.
func agrees(ref, probe Features, a, b pair) bool {
	p, q := ref.Points[a.ref], ref.Points[b.ref]
	if sq(float64(p.X-q.X))+sq(float64(p.Y-q.Y)) < 400 {
		return false
	}
	growth := probe.Points[a.probe].Size * q.Size / (p.Size * probe.Points[b.probe].Size)
	return growth > 0.5 && growth < 2
}

// turns tells whether h turns the orientation of a match's point as it was
// seen to turn, within 30 degrees.
func turns(h Homography, ref, probe Features, a pair, mirrored bool) bool {
	sin, cos := math.Sincos(float64(ref.Points[a.ref].Angle))
	seen := float64(probe.Points[a.probe].Angle)
	d := math.Atan2(h[3]*cos+h[4]*sin, h[0]*cos+h[1]*sin) - seen
	return math.Cos(d) > 0.866
}

// polish refits h to the spots that agree with it, with a tolerance that
// shrinks to the spots' own, and counts those in the end. Weights are Tukey's.
func polish(h Homography, spots []spot, slack float64) (Homography, int) {
	inside := make([]spot, 0, len(spots))
	count := 0
	for round := range 10 {
		wide := max(0, slack*(1-float64(round)/6))
		inside, count = inside[:0], 0
		for _, p := range spots {
			u, v := h.Apply(p.x, p.y)
			e := sq(u-p.u) + sq(v-p.v)
			if e < sq(p.tolerance) {
				count++
			}
			t := max(wide, p.tolerance)
			if e < t*t {
				p.weight = sq(1-e/(t*t)) / sq(p.tolerance)
				inside = append(inside, p)
			}
		}
		next, ok := fit(inside, round >= 3 && len(inside) >= 24)
		if !ok {
			break
		}
		h = next
	}
	return h, count
}

// plausible rejects maps that fold, flip or squeeze the reference picture as no
// copy does.
func plausible(h Homography, ref Features, mirrored bool) bool {
	w, t := float64(ref.W-1), float64(ref.H-1)
	for _, p := range [5][2]float64{{0, 0}, {w, 0}, {0, t}, {w, t}, {w / 2, t / 2}} {
		if h[6]*p[0]+h[7]*p[1]+1 < 0.3 {
			return false
		}
		a, b, c, d := h.Jacobian(p[0], p[1])
		det := a*d - b*c
		if det > 0 == mirrored || math.Abs(det) < minScale*minScale/4 || math.Abs(det) > maxScale*maxScale*4 {
			return false
		}
		// The ratio of the singular values is at most 3.
		if f := a*a + b*b + c*c + d*d; f > (3+1.0/3)*math.Abs(det) {
			return false
		}
	}
	return true
}
