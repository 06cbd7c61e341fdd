package demo

import (
	"fmt"
	"image"
	"os"
	"path/filepath"

	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

// pictures are what the demonstration works on.
type pictures struct {
	origin     string // where they come from, for people
	name       string
	photograph []byte
	unrelated  []byte
}

// submission is a picture to verify.
type submission struct {
	name, what string
	file       string // the name it is sent under
	data       []byte
	keep       bool // write it and its tamper map for people to look at
}

// choosePictures takes photographs that lie beside the repository, or makes
// photograph-like ones where there are none.
func choosePictures() (pictures, error) {
	dir, _ := corpus.Find("corpus", "kodak")
	first, err1 := os.ReadFile(filepath.Join(dir, "kodim23.png"))
	second, err2 := os.ReadFile(filepath.Join(dir, "kodim08.png"))
	if err1 == nil && err2 == nil {
		return pictures{origin: dir, name: "kodim23.png", photograph: first, unrelated: second}, nil
	}
	p := pictures{origin: "made by code (dead leaves with 1/f texture)", name: "photograph.jpg"}
	for _, m := range []struct {
		seed uint64
		into *[]byte
	}{{1, &p.photograph}, {2, &p.unrelated}} {
		b, err := raster.EncodeJPEG(raster.FromImage(synth.Photo(1536, 1024, m.seed)), 92)
		if err != nil {
			return p, err
		}
		*m.into = b
	}
	return p, nil
}

// submissions makes the four cases from the watermarked rendition.
func (p pictures) submissions(marked []byte) ([]submission, error) {
	decoded, err := raster.Decode(marked, raster.Options{})
	if err != nil {
		return nil, fmt.Errorf("the watermarked rendition: %w", err)
	}
	w, h := decoded.Size()
	posted, err := raster.EncodeJPEG(decoded.RGB(max(w, h)*3/4), 70)
	if err != nil {
		return nil, err
	}
	forged, err := paste(decoded.RGB(0).Image())
	if err != nil {
		return nil, err
	}
	return []submission{
		{name: "a", what: "the watermarked rendition", file: p.name, data: marked},
		{name: "b", what: "the same after JPEG 70 and a resize to 75%", file: "posted.jpg", data: posted},
		{name: "c", what: "the same with an object pasted in", file: "forged.jpg", data: forged, keep: true},
		{name: "d", what: "an unrelated photograph", file: "unrelated" + filepath.Ext(p.name), data: p.unrelated},
	}, nil
}

// paste puts an object that was not there over 6% of the picture.
func paste(img *image.NRGBA) ([]byte, error) {
	synth.PasteObject(img, 7, 0.06)
	return raster.EncodeJPEG(raster.FromImage(img), 90)
}
