package exif

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
)

func camera(t *testing.T, name string) string {
	t.Helper()
	return corpus.Need(t, "corpus", "highres", name)
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

func read(t *testing.T, data []byte) Fields {
	t.Helper()
	f, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestReadAgreesWithExiftool(t *testing.T) {
	path := camera(t, "Apple_iPhone_6_plus.jpg")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := read(t, data)
	tags := []string{"Make", "Model", "DateTimeOriginal", "LensModel", "Software", "GPSLatitudeRef", "GPSDateStamp", "Orientation"}
	for _, tag := range tags {
		want := strings.TrimSpace(string(exiftool(t, "-n", "-s3", "-EXIF:"+tag, path)))
		if want == "" || f["EXIF:"+tag] != want {
			t.Errorf("EXIF:%s: %q, want %q", tag, f["EXIF:"+tag], want)
		}
	}
	if want := strings.TrimSpace(string(exiftool(t, "-s3", "-XMP-xmp:CreatorTool", path))); f["XMP:xmp:CreatorTool"] != want {
		t.Errorf("XMP:xmp:CreatorTool: %q, want %q", f["XMP:xmp:CreatorTool"], want)
	}
	if f["IPTC:CodedCharacterSet"] != "UTF-8" || !strings.HasPrefix(f["ICC:Profile"], "sha256:") {
		t.Errorf("IPTC %q, ICC %q", f["IPTC:CodedCharacterSet"], f["ICC:Profile"])
	}
}

// A rendition differs from its original in no field, whatever the format, and a
// changed, a removed and an added tag are all that is seen of an edit.
func TestRenditionDiffersInNothing(t *testing.T) {
	for _, name := range []string{"Issue_266.jpg", "Panasonic_DMC-LX3_Lumix_.jpg"} {
		source, err := os.ReadFile(camera(t, name))
		if err != nil {
			t.Fatal(err)
		}
		p, err := raster.Decode(source, raster.Options{})
		if err != nil {
			t.Fatal(err)
		}
		small := p.RGB(200)
		for _, format := range []raster.Format{raster.JPEG, raster.PNG, raster.TIFF, raster.WebP} {
			t.Run(name+"/"+string(format), func(t *testing.T) { checkRendition(t, camera(t, name), small.Picture(format)) })
		}
	}
}

func checkRendition(t *testing.T, source string, p *raster.Picture) {
	path := filepath.Join(t.TempDir(), "original"+p.Info().Format.Ext())
	data, err := raster.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	exiftool(t, "-q", "-q", "-m", "-overwrite_original", "-TagsFromFile", source, "-all:all", "-unsafe", "-icc_profile", path)
	original, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rendition, err := raster.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	if rendition, err = raster.Carry(original, rendition); err != nil {
		t.Fatal(err)
	}
	registered := read(t, original)
	if len(registered) < 25 {
		t.Fatalf("only %d fields", len(registered))
	}
	if d := Diff(registered, read(t, rendition)); len(d) != 0 {
		t.Fatalf("the rendition differs: %+v", d)
	}
	if err := os.WriteFile(path, rendition, 0o600); err != nil {
		t.Fatal(err)
	}
	exiftool(t, "-q", "-q", "-m", "-overwrite_original", "-EXIF:Make=Forger", "-EXIF:DateTimeOriginal=", "-EXIF:Copyright=me", path)
	edited, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, m := range Diff(registered, read(t, edited)) {
		if !strings.Contains(m.Field, "MakerNote") && m.Field != "EXIF:PrintImageMatching" { // exiftool moves these
			kinds[m.Field] = m.Kind
		}
	}
	want := map[string]string{"EXIF:Make": Changed, "EXIF:DateTimeOriginal": Removed, "EXIF:Copyright": Added}
	if !reflect.DeepEqual(kinds, want) {
		t.Errorf("the edit shows as %v, want %v", kinds, want)
	}
}

func TestDiff(t *testing.T) {
	registered := Fields{"a": "1", "b": "2", "c": "3"}
	got, err := json.Marshal(Diff(registered, Fields{"b": "2", "c": "4", "d": "5"}))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"field":"a","registered":"1","found":"","kind":"removed"},` +
		`{"field":"c","registered":"3","found":"4","kind":"changed"},` +
		`{"field":"d","registered":"","found":"5","kind":"added"}]`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
	if d := Diff(registered, maps.Clone(registered)); d == nil || len(d) != 0 {
		t.Errorf("equal fields differ: %v", d)
	}
}

// The digest is part of signed statements: it must never change. The expected
// value was computed with Python's hashlib over the layout that Digest states.
func TestDigest(t *testing.T) {
	f := Fields{"EXIF:Make": "Leica", "EXIF:ISO": "100"}
	sum := Digest(f, []byte("salt"))
	if got := hex.EncodeToString(sum[:]); got != "93e5822dfb0f0d96b029125f190576107ba2aac2aea1a6f5aa1e4c78dd18763c" {
		t.Errorf("digest %s", got)
	}
	for name, other := range map[string][32]byte{
		"salt":     Digest(f, []byte("pepper")),
		"value":    Digest(Fields{"EXIF:Make": "Leica", "EXIF:ISO": "200"}, []byte("salt")),
		"boundary": Digest(Fields{"EXIF:Make": "LeicaEXIF:ISO", "": "100"}, []byte("salt")),
	} {
		if other == sum {
			t.Errorf("another %s has the same digest", name)
		}
	}
}

func TestXMPForms(t *testing.T) {
	head := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`
	dc := `xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"`
	for _, c := range []struct {
		name, body string
		want       Fields
	}{
		{"attribute", `<rdf:Description ` + dc + ` xmp:Rating="2"/>`, Fields{"XMP:xmp:Rating": "2"}},
		{"element", `<rdf:Description ` + dc + `><xmp:Rating> 2 </xmp:Rating></rdf:Description>`, Fields{"XMP:xmp:Rating": "2"}},
		{"list", `<rdf:Description ` + dc + `><dc:subject><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag></dc:subject></rdf:Description>`,
			Fields{"XMP:dc:subject[1]": "a", "XMP:dc:subject[2]": "b"}},
		{"language", `<rdf:Description ` + dc + `><dc:title><rdf:Alt><rdf:li xml:lang="de">Haus</rdf:li></rdf:Alt></dc:title></rdf:Description>`,
			Fields{"XMP:dc:title[de]": "Haus"}},
		{"structure", `<rdf:Description ` + dc + `><dc:x rdf:parseType="Resource"><dc:y>1</dc:y></dc:x></rdf:Description>`,
			Fields{"XMP:dc:x/dc:y": "1"}},
	} {
		f := Fields{}
		readXMP(f, []byte(head+c.body+`</rdf:RDF></x:xmpmeta>`))
		if !reflect.DeepEqual(f, c.want) {
			t.Errorf("%s: %v, want %v", c.name, f, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	rgb := raster.NewRGB8(2, 2)
	for _, format := range []raster.Format{raster.JPEG, raster.PNG, raster.TIFF, raster.WebP} {
		data, err := raster.Encode(rgb.Picture(format))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, err := Read(data)
		if err != nil {
			return
		}
		if len(fields) > maxFields {
			t.Fatalf("%d fields", len(fields))
		}
		for k, v := range fields {
			if len(k) > maxName || len(v) > maxValue {
				t.Fatalf("%q has %d bytes", k, len(v))
			}
		}
		if again := read(t, data); len(Diff(fields, again)) != 0 || Digest(fields, nil) != Digest(again, nil) {
			t.Fatal("two readings differ")
		}
	})
}

func FuzzBlocks(f *testing.F) {
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x0f\x01\x02\x00\x02\x00\x00\x00A\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x1c\x02\x05\x00\x03abc"))
	f.Add([]byte(`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description a:b="c"/></rdf:RDF>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		fields := Fields{}
		readEXIF(fields, b)
		readIPTC(fields, b)
		readXMP(fields, b)
		if len(fields) > maxFields {
			t.Fatalf("%d fields", len(fields))
		}
	})
}
