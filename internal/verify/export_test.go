package verify

// Figures gives the calibration what a confidence was made of.
func (r Result) Figures() []float64 { return r.figures[:] }

// FeatureCount is how many they are.
const FeatureCount = featureCount
