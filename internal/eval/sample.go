package eval

import (
	"context"
	"errors"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/watermark"
)

// Sample is a detail of a picture before and after marking: where the mark is
// strongest for what there is to hide it.
type Sample struct {
	Image            string
	X, Y             int // of the detail in the picture
	Original, Marked *raster.RGB8
	Difference       *raster.RGB8 // 20 times, on grey
	PSNRRGB          float64      // of the whole picture
}

// Samples marks n pictures of a run again, evenly spread, and cuts a detail of
// at most w × h pixels out of each.
func Samples(ctx context.Context, o Options, n, w, h int) ([]Sample, error) {
	files, err := listCorpus(o.Corpus, o.Limit)
	if err != nil {
		return nil, err
	}
	if o.WindowMegapixels == 0 {
		o.WindowMegapixels = 2
	}
	m := &measurement{Options: o}
	var out []Sample
	for _, f := range thin(inWindows(files, o.Windows), n) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		original, err := f.load(o.MaxSide, o.WindowMegapixels)
		if err != nil {
			return nil, err
		}
		marked, rows, err := m.mark(original, f)
		if errors.Is(err, watermark.ErrTooSmall) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s := detail(original, marked, min(w, original.W), min(h, original.H))
		s.Image, s.PSNRRGB = f.name, rows[0].PSNRRGB
		out = append(out, s)
	}
	return out, nil
}

// block is the side of the squares that visibility is weighed over.
const block = 16

// detail finds the w × h pixels in which the error is largest against the
// picture's own activity.
func detail(original, marked *raster.RGB8, w, h int) Sample {
	columns, rows := original.W/block, original.H/block
	seen := make([]float64, columns*rows)
	for i := range seen {
		seen[i] = visibility(original, marked, i%columns*block, i/columns*block)
	}
	best, x, y := -1.0, 0, 0
	for j := 0; j*block+h <= original.H; j++ {
		for i := 0; i*block+w <= original.W; i++ {
			var sum float64
			for v := j; v < min(j+h/block, rows); v++ {
				for _, s := range seen[v*columns+i : v*columns+min(i+w/block, columns)] {
					sum += s
				}
			}
			if sum > best {
				best, x, y = sum, i*block, j*block
			}
		}
	}
	s := Sample{X: x, Y: y, Original: (*raster.RGB8)(cut(original, x, y, w, h)), Marked: (*raster.RGB8)(cut(marked, x, y, w, h))}
	s.Difference = raster.NewRGB8(w, h)
	for i, v := range s.Marked.Pix {
		s.Difference.Pix[i] = uint8(min(max(128+20*(int(v)-int(s.Original.Pix[i])), 0), 255))
	}
	return s
}

// visibility is the squared error of a block over its variance.
func visibility(original, marked *raster.RGB8, x, y int) float64 {
	var sum, squares, wrong float64
	for j := range block {
		at := 3 * ((y+j)*original.W + x)
		for i := at; i < at+3*block; i++ {
			v, d := float64(original.Pix[i]), float64(marked.Pix[i])-float64(original.Pix[i])
			sum, squares, wrong = sum+v, squares+v*v, wrong+d*d
		}
	}
	const n = 3 * block * block
	return wrong / (squares/n - sum/n*sum/n + 20) / n
}
