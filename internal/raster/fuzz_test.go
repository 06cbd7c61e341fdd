package raster

import (
	"bytes"
	"testing"
)

func seeds(f *testing.F, format Format) {
	data, err := Encode(speckle(9, 7).Picture(format))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
}

// within says whether part lies inside whole, as shared memory.
func within(whole, part []byte) bool { return len(part) == 0 || bytes.Contains(whole, part) }

func FuzzJPEGSegments(f *testing.F) {
	seeds(f, JPEG)
	f.Fuzz(func(t *testing.T, data []byte) {
		segs, scan, err := jpegSegments(data)
		for _, s := range segs {
			if !within(data, s.raw) || len(s.raw) < len(s.body)+4 {
				t.Fatalf("segment %x lies outside", s.marker)
			}
		}
		if err == nil && (data[scan] != 0xFF || data[scan+1] != markerSOS) {
			t.Fatalf("no scan at %d", scan)
		}
		readJPEGHeader(data)
		jpegMetadata(data)
	})
}

func FuzzPNGChunks(f *testing.F) {
	seeds(f, PNG)
	f.Fuzz(func(t *testing.T, data []byte) {
		chunks, _ := pngChunks(data)
		sum := len(pngSignature)
		for _, c := range chunks {
			if len(c.raw) != len(c.body)+12 {
				t.Fatalf("chunk %q of %d bytes holds %d", c.kind, len(c.raw), len(c.body))
			}
			sum += len(c.raw)
		}
		if len(chunks) > 0 && sum > len(data) {
			t.Fatal("chunks overlap")
		}
		readPNGHeader(data)
		pngMetadata(data)
	})
}

func FuzzRIFFChunks(f *testing.F) {
	seeds(f, WebP)
	f.Fuzz(func(t *testing.T, data []byte) {
		chunks, _ := riffChunks(data)
		sum := 12
		for _, c := range chunks {
			sum += len(c.raw)
		}
		if len(chunks) > 0 && sum > len(data) {
			t.Fatal("chunks overlap")
		}
		readWebPHeader(data)
		webpMetadata(data)
	})
}

func FuzzIFD(f *testing.F) {
	seeds(f, TIFF)
	f.Fuzz(func(t *testing.T, data []byte) {
		readTIFFHeader(data)
		exifOrientation(data)
		m, err := tiffMetadata(data)
		if err != nil {
			return
		}
		if len(m.EXIF) > 2*len(data)+1<<16 {
			t.Fatalf("%d bytes of tags from %d", len(m.EXIF), len(data))
		}
		again, err := tiffMetadata(m.EXIF) // what was written reads the same
		if err == nil && !bytes.Equal(again.EXIF, m.EXIF) {
			t.Fatal("tags do not settle")
		}
	})
}

// FuzzCarry carries whatever an original is onto a sound rendition, which must
// still decode to its pixels.
func FuzzCarry(f *testing.F) {
	renditions := map[Format][]byte{}
	for _, format := range []Format{JPEG, PNG, TIFF, WebP} {
		seeds(f, format)
		renditions[format], _ = Encode(speckle(9, 7).Picture(format))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		format, err := Sniff(data)
		if err != nil {
			return
		}
		out, err := Carry(data, renditions[format])
		if err != nil {
			return
		}
		p, err := Decode(out, Options{})
		if err != nil {
			t.Fatalf("the rendition broke: %v", err)
		}
		if p.w != 9 || p.h != 7 {
			t.Fatalf("the rendition has %d × %d pixels", p.w, p.h)
		}
	})
}
