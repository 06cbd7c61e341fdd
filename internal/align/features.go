package align

import "github.com/certana/certana/internal/dsp"

// WorkingSide is the long side, in pixels, of the planes that features are
// meant to be extracted from.
const WorkingSide = 1024

// Point is one oriented feature.
type Point struct {
	X, Y   float32   // where, in pixels of the plane that it was extracted from
	Angle  float32   // radians, (−π, π], from the x axis towards the y axis
	Size   float32   // pixels of the plane for one pixel of its pyramid level
	Binary [4]uint64 // the steered BRIEF-256 descriptor
}

// Features are the points of one picture, strongest first.
type Features struct {
	W, H   int // size of the plane that they were extracted from
	Points []Point
}

// Extract finds up to limit features of a luma plane (0 to 255), spread over
// the picture. A plane of a long side up to WorkingSide is meant; a larger one
// takes longer, and no feature is larger than 3.6 pixels of it.
func Extract(luma *dsp.Plane, limit int) Features {
	return extract(luma, limit)
}

// Registration is the geometry that Register found.
type Registration struct {
	H        Homography // reference pixels to probe pixels, of the planes extracted from
	Matches  int        // putative matches between the two
	Inliers  int        // those that agree with H within 3 pixels
	Mirrored bool       // H reverses orientation
	Scale    float64    // probe pixels for a reference pixel, at the centre
	Angle    float64    // degrees that the reference is turned by, clockwise on the screen, after any mirroring of x
}

// Register finds the map from ref to probe from their features alone: turned by
// any angle, mirrored, scaled 0.2 to 5 times, cropped, mildly in perspective.
// ok is false when too few features agree for the pictures to be held to show
// the same scene; that is no proof that they do not.
func Register(ref, probe Features) (Registration, bool) {
	return register(ref, probe)
}

// Refine improves h, which must be right within some 5 pixels, to a fraction of
// a pixel by the pixels themselves. ok is false, and h comes back as it was,
// when the planes do not agree well enough to say more.
func Refine(ref, probe *dsp.Plane, h Homography) (Homography, bool) {
	return refine(ref, probe, h)
}
