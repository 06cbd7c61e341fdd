package spread

// Scale returns the real pixels for one canonical pixel in a picture of w × h: pixel
// (x, y) stands at the canonical position ((x+½)/g − ½, (y+½)/g − ½). Whoever places
// a marked picture by what Decode reports needs it.
func Scale(w, h int) float64 { return scaleOf(w, h) }

// Period is the period of the mark in canonical pixels.
const Period = period
