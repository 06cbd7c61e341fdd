package attack

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"testing"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

//go:generate go test -run TestGolden -golden

var golden = flag.Bool("golden", false, "write testdata/golden.json anew from the Python reference")

// thumb is what a golden keeps of a picture: its answer and the means of R, G
// and B over 8 × 6 cells.
type thumb struct {
	answer
	Label string    `json:"label"`
	Cells []float64 `json:"cells"`
}

func goldenPicture() *raster.RGB8 { return raster.FromImage(synth.Photo(96, 72, 21)) }

func cells(m *raster.RGB8) []float64 {
	const nx, ny = 8, 6
	out := make([]float64, 0, 3*nx*ny)
	for j := range ny {
		for i := range nx {
			x0, x1, y0, y1 := i*m.W/nx, (i+1)*m.W/nx, j*m.H/ny, (j+1)*m.H/ny
			for c := range 3 {
				sum := 0
				for y := y0; y < y1; y++ {
					for x := x0; x < x1; x++ {
						sum += int(m.Pix[3*(y*m.W+x)+c])
					}
				}
				out = append(out, math.Round(10*float64(sum)/float64((x1-x0)*(y1-y0)))/10)
			}
		}
	}
	return out
}

// TestGolden compares every attack with what the Python reference made of the
// same picture, kept as geometry and thumbnails, so that it runs without Python.
func TestGolden(t *testing.T) {
	const file, seed = "testdata/golden.json", 5
	if *golden {
		var out []thumb
		list := everything()
		for i, a := range ask(t, goldenPicture(), seed, list) {
			out = append(out, thumb{a, list[i].Label(), cells(&raster.RGB8{W: a.W, H: a.H, Pix: a.rgb})})
		}
		data, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want []thumb
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != len(everything()) {
		t.Fatalf("%d goldens for %d attacks", len(want), len(everything()))
	}
	for i, a := range everything() {
		t.Run(a.Label(), func(t *testing.T) {
			if want[i].Label != a.Label() {
				t.Fatalf("the golden is of %s", want[i].Label)
			}
			r, err := Apply(goldenPicture(), a.Name, a.Strength, seed)
			if err != nil {
				t.Fatal(err)
			}
			checkGeometry(t, r, want[i].answer)
			if a.Name == "overlay" {
				return // the text is set in another font
			}
			for k, v := range cells(r.RGB) {
				if math.Abs(v-want[i].Cells[k]) > 0.5 {
					t.Errorf("cell %d, channel %d: mean %.1f, want %.1f", k/3, k%3, v, want[i].Cells[k])
					break
				}
			}
		})
	}
}
