package verify

import (
	_ "embed"
	"encoding/json"
	"math"

	"github.com/certana/certana/internal/asset"
)

// Confidence is the probability that the verdict is right, by a logistic model
// for each verdict over the figures of the evidence. The weights were fitted
// to labelled verifications; calibration.json says which, and TestCalibration
// fits them anew.

//go:embed calibration.json
var calibrationJSON []byte

// calibration holds the fitted weights and where they come from.
type calibration struct {
	Source  string                      `json:"source"`
	Samples int                         `json:"samples"`
	Weights map[asset.Verdict][]float64 `json:"weights"`
}

var calibrated = mustCalibration(calibrationJSON)

func mustCalibration(b []byte) calibration {
	var c calibration
	if err := json.Unmarshal(b, &c); err != nil {
		panic("verify: calibration.json: " + err.Error()) // embedded at build
	}
	for _, v := range []asset.Verdict{asset.Authentic, asset.Forged, asset.Unknown} {
		if len(c.Weights[v]) != featureCount {
			panic("verify: calibration.json: wrong number of weights for " + string(v))
		}
	}
	return c
}

const featureCount = 7

// figures are what the model looks at, each roughly in [-1, 1].
func figures(fs Findings, f *found) [featureCount]float64 {
	x := [featureCount]float64{0: 1}
	if fs.Exact == asset.Pass {
		x[1] = 1
	}
	if fs.Track == asset.Pass {
		x[2] = 1
	}
	if f.chosen != nil && f.chosen.near {
		x[3] = 1 - float64(f.chosen.distance)/32
	}
	if m := f.result.Map; m != nil {
		x[4] = m.Agreement
		x[5] = math.Min(1, math.Sqrt(m.Ratio)*2)
		for _, r := range m.Regions {
			x[6] = math.Max(x[6], r.Score)
		}
	}
	if fs.Detail == asset.Fail { // regions that differ, found at full size
		x[5], x[6] = math.Max(x[5], math.Min(1, math.Sqrt(fs.LocalShare)*2)), 1
	}
	return x
}

// confidence is from 0 to 1, to four decimals.
func confidence(v asset.Verdict, x [featureCount]float64) float64 {
	var s float64
	for i := range x {
		s += calibrated.Weights[v][i] * x[i]
	}
	return math.Round(1e4/(1+math.Exp(-s))) / 1e4
}
