// Package exif reads what a picture file says of itself (EXIF, IPTC, XMP, the
// colour profile, text) into one flat map, digests that map under a salt, and
// tells two such maps apart. Bytes in, values out.
package exif

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/certana/certana/internal/raster"
)

// Fields are metadata values by canonical name: "EXIF:Make", "IPTC:Keywords",
// "XMP:dc:title", "ICC:Profile", "Text:Comment". The name does not depend on
// the container, so a PNG that kept the EXIF data of a JPEG has equal fields.
// Fields that every re-encoding rewrites (sizes, offsets, coding) are left out.
type Fields map[string]string

const (
	maxFields = 5000
	// A longer value is kept as its first bytes and the digest of the whole.
	maxValue = 1024
	maxName  = 256
)

// Read reads the fields of a JPEG, PNG, TIFF or WebP file. Hostile or broken
// metadata yields the fields that could be read, at most 5000 of at most about
// a kilobyte; the error is that of raster.ReadMetadata, for a file whose
// container cannot be parsed.
func Read(data []byte) (Fields, error) {
	m, err := raster.ReadMetadata(data)
	if err != nil {
		return nil, err
	}
	f := Fields{}
	if m.EXIF != nil {
		readEXIF(f, m.EXIF)
	}
	if m.IPTC != nil {
		readIPTC(f, m.IPTC)
	}
	for _, packet := range m.XMP {
		readXMP(f, packet)
	}
	if m.ICC != nil {
		sum := sha256.Sum256(m.ICC)
		f.set("ICC:Profile", "sha256:"+hex.EncodeToString(sum[:]))
	}
	for k, v := range m.Text {
		f.set("Text:"+k, v)
	}
	maps.DeleteFunc(f, func(k, _ string) bool { return technical[k] })
	return f, nil
}

// set adds a field as valid UTF-8 without surrounding blanks and NULs. The
// first value of a name is kept.
func (f Fields) set(name, value string) {
	name = clean(name)
	if _, ok := f[name]; ok || len(f) >= maxFields || len(name) > maxName {
		return
	}
	value = clean(value)
	sum := sha256.Sum256([]byte(value))
	if strings.ContainsFunc(value, unprintable) {
		value = fmt.Sprintf("(%d bytes, sha256:%x)", len(value), sum)
	}
	if len(value) > maxValue {
		cut := 256
		for !utf8.RuneStart(value[cut]) {
			cut--
		}
		value = fmt.Sprintf("%s… (%d bytes, sha256:%x)", value[:cut], len(value), sum)
	}
	f[name] = value
}

// unprintable tells characters that no text holds: a MakerNote is full of them.
func unprintable(r rune) bool {
	return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == utf8.RuneError
}

func clean(s string) string {
	return strings.Trim(strings.ToValidUTF8(s, "\uFFFD"), " \x00\r\n\t")
}

// technical are the fields that describe the coding of the samples rather than
// the picture.
var technical = func() map[string]bool {
	set := map[string]bool{}
	for _, tag := range strings.Fields(`ImageWidth ImageHeight ImageLength BitsPerSample Compression
		PhotometricInterpretation StripOffsets SamplesPerPixel RowsPerStrip StripByteCounts
		PlanarConfiguration Predictor ExtraSamples SampleFormat SubfileType OldSubfileType
		YCbCrSubSampling YCbCrPositioning YCbCrCoefficients ReferenceBlackWhite FillOrder
		ExifImageWidth ExifImageHeight PixelXDimension PixelYDimension ComponentsConfiguration
		CompressedBitsPerPixel ThumbnailOffset ThumbnailLength JPEGInterchangeFormat
		TileWidth TileLength TileOffsets TileByteCounts Padding`) {
		set["EXIF:"+tag], set["XMP:tiff:"+tag], set["XMP:exif:"+tag] = true, true, true
	}
	return set
}()
