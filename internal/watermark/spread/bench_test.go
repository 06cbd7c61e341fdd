package spread

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/watermark"
)

// benchSizes are the pictures of the benchmarks, up to 24 megapixels; what is
// larger than canonical is made by enlarging, as a mark grows with its picture.
var benchSizes = []struct {
	name string
	w, h int
}{{"256px", 256, 256}, {"0.4MP", 768, 512}, {"2MP", 1732, 1155}, {"12MP", 4240, 2832}, {"24MP", 6000, 4000}}

func benchPlane(b *testing.B, w, h int, track *Track) *dsp.Plane {
	cw, ch := dsp.ShrunkSize(w, h, 1732)
	pic := photo(cw, ch, 1)
	if track != nil {
		if _, err := track.Embed(pic, 1); err != nil {
			b.Fatal(err)
		}
	}
	luma := pic.Luma(0)
	if cw < w {
		luma = dsp.ResizeLanczos(luma, w, h)
	}
	return luma
}

// BenchmarkDecode times reading from full-size luma: a clean copy; the dearest
// of some attacked ones that are read in the end; one where nothing is found
// though a mark of another key makes every fallback look; and an unmarked one.
func BenchmarkDecode(b *testing.B) {
	track := New(watermark.TestKey, Config{})
	foreign := New(watermark.Key{1}, Config{PSNR: 44})
	for _, size := range benchSizes {
		var clean, unmarked, other *dsp.Plane
		attacked := func(b *testing.B, degrees, scale, shear float64) *dsp.Plane {
			p, _ := rotated(clean, degrees, scale)
			return seen(p, dsp.Affine{1, shear, -shear * float64(p.H) / 2, 0, 1, 0}, p.W, p.H)
		}
		for _, c := range []struct {
			name  string
			plane func(b *testing.B) *dsp.Plane
			found bool
		}{
			{"clean", func(*testing.B) *dsp.Plane { return clean }, true},
			{"rotated", func(b *testing.B) *dsp.Plane { return attacked(b, 4, 0.8, 0) }, true},
			{"sheared", func(b *testing.B) *dsp.Plane { return attacked(b, 0, 1, 0.03) }, true},
			{"foreign", func(*testing.B) *dsp.Plane { return other }, false},
			{"unmarked", func(*testing.B) *dsp.Plane { return unmarked }, false},
		} {
			b.Run(fmt.Sprintf("%s/%s", c.name, size.name), func(b *testing.B) {
				if clean == nil {
					clean = benchPlane(b, size.w, size.h, track)
					unmarked = benchPlane(b, size.w, size.h, nil)
					other = benchPlane(b, size.w, size.h, foreign)
				}
				p := c.plane(b)
				found, start := 0, processorTime(b)
				for b.Loop() {
					if track.Decode(p).Detected {
						found++
					}
				}
				b.ReportMetric((processorTime(b)-start).Seconds()*1000/float64(b.N), "cpu-ms")
				b.ReportMetric(float64(found)/float64(b.N), "found")
				if !c.found && found > 0 {
					b.Fatal("something was read where nothing is")
				}
			})
		}
	}
}

// processorTime is what the process has used; on a busy machine it tells more
// than the clock.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
