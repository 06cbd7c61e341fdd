package raster

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/certana/certana/internal/corpus"
)

// cameras are photographs with rich metadata: GPS, MakerNotes, IPTC, XMP, an
// ICC profile, an orientation that is not 1.
var cameras = []string{
	"Apple_iPhone_6_plus.jpg", "Canon_EOS_5D.jpg", "Issue_266.jpg",
	"Kodak_PIXPRO_AZ521.jpg", "Leica_T_Typ_701_.jpg", "Panasonic_DMC-LX3_Lumix_.jpg",
}

func exiftool(t *testing.T, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("exiftool"); err != nil {
		t.Skip("exiftool, the oracle, is not installed")
	}
	out, err := exec.Command("exiftool", args...).Output()
	if err != nil {
		t.Fatalf("exiftool %v: %v", args, err)
	}
	return out
}

// notMetadata are exiftool's groups and tags that tell of the file and of the
// coding of its samples.
func notMetadata(key string) bool {
	group, tag, _ := strings.Cut(key, ":")
	switch group {
	case "ExifTool":
		return tag != "Error"
	case "File", "System", "Composite", "MPF0", "Adobe", "SourceFile", "RIFF":
		return group != "File" || tag != "Comment"
	case "PNG":
		return slices.Contains([]string{"BitDepth", "ColorType", "Filter", "Interlace"}, tag)
	case "IFD0":
		return slices.Contains([]string{"StripOffsets", "StripByteCounts", "RowsPerStrip", "Compression",
			"PlanarConfiguration", "Predictor", "SubfileType"}, tag)
	case "IFD1", "ExifIFD":
		return tag == "ThumbnailOffset" || tag == "OtherImageStart"
	}
	return false
}

// oracle reads the metadata of two files; whether exiftool finds an error in
// one counts as a tag.
func oracle(t *testing.T, a, b string) (map[string]any, map[string]any) {
	t.Helper()
	var docs []map[string]any
	if err := json.Unmarshal(exiftool(t, "-j", "-G1", "-struct", "-n", a, b), &docs); err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		maps.DeleteFunc(d, func(k string, _ any) bool { return notMetadata(k) })
	}
	return docs[0], docs[1]
}

// mark decodes, draws and writes a rendition as the pipeline does.
func mark(t *testing.T, data []byte) []byte {
	t.Helper()
	p, err := Decode(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.Add(checks, 1, [3]float32{1, 1, 1})
	rendition, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	out, err := Carry(data, rendition)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checks is a pattern of ±2 in checks of 8 pixels.
func checks(y int, dst []float32) {
	for x := range dst {
		dst[x] = float32(4*((x/8+y/8)&1) - 2)
	}
}

// withTags makes a file of the given format that holds a camera's metadata.
func withTags(t *testing.T, camera string, f Format) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "original"+f.Ext())
	data, err := os.ReadFile(camera)
	if err != nil {
		t.Fatal(err)
	}
	if f != JPEG {
		p, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if data, err = Encode(p.RGB(300).Picture(f)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if f != JPEG {
		exiftool(t, "-q", "-q", "-m", "-overwrite_original", "-TagsFromFile", camera, "-all:all", "-unsafe", "-icc_profile", path)
	}
	return path
}

func TestCarryKeepsEveryTag(t *testing.T) {
	for _, name := range cameras {
		camera := corpus.Need(t, "corpus", "highres", name)
		for _, f := range []Format{JPEG, PNG, TIFF, WebP} {
			t.Run(name+"/"+string(f), func(t *testing.T) {
				path := withTags(t, camera, f)
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				marked := filepath.Join(t.TempDir(), "marked"+f.Ext())
				if err := os.WriteFile(marked, mark(t, data), 0o600); err != nil {
					t.Fatal(err)
				}
				want, got := oracle(t, path, marked)
				if len(want) < 10 {
					t.Fatalf("the original has only %d tags", len(want))
				}
				for k, v := range want {
					if !reflect.DeepEqual(got[k], v) {
						t.Errorf("%s: %v, want %v", k, got[k], v)
					}
				}
				for k, v := range got {
					if _, ok := want[k]; !ok {
						t.Errorf("%s appeared: %v", k, v)
					}
				}
			})
		}
	}
}
