package align

import "github.com/certana/certana/internal/dsp"

func refine(ref, probe *dsp.Plane, h Homography) (Homography, bool) { return h, false }
