package httpapi

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/pipeline"
)

const boundary = "frontier"

// part writes one part of a form; a name of a file makes it a file.
func part(name, filename, body string) string {
	if filename != "" {
		filename = fmt.Sprintf(`; filename=%q`, filename)
	}
	return fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=%q%s\r\n\r\n%s\r\n", boundary, name, filename, body)
}

const end = "--" + boundary + "--\r\n"

func spoolIn(t *testing.T) (*pipeline.Spooler, func() int) {
	t.Helper()
	dir := t.TempDir()
	s, err := pipeline.NewSpooler(dir, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return s, func() int {
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(left)
	}
}

func TestReadForm(t *testing.T) {
	photo := part("file", "photo.jpg", "PIXELS")
	tests := []struct {
		name, body string
		code       asset.Code // "" for a form that is read
		loc        string     // the field that is refused
	}{
		{"the file first", photo + part("title", "", "My Image") + end, "", ""},
		{"the file last", part("title", "", "My Image") + photo + end, "", ""},
		{"text around the form", "preamble\r\n" + photo + part("title", "", "My Image") + end + "epilogue", "", ""},
		{"no file", part("title", "", "My Image") + end, asset.ValidationError, "file"},
		{"an empty form", end, asset.ValidationError, "file"},
		{"two files", photo + photo + end, asset.ValidationError, "file"},
		{"an unknown field", photo + part("titel", "", "x") + end, asset.ValidationError, "titel"},
		{"an unknown file", photo + part("other", "x.jpg", "x") + end, asset.ValidationError, "other"},
		{"an unknown field with a strange name", photo + part("a", "", "x") + strings.Replace(part("a", "", "x"), `"a"`, "\"\xff\"", 1) + end, asset.ValidationError, "a"},
		{"a long field", photo + part("title", "", strings.Repeat("x", maxField+1)) + end, asset.ValidationError, "title"},
		{"a field that is not UTF-8", photo + part("title", "", "\xff\xfe") + end, asset.ValidationError, "title"},
		{"a field with NUL", photo + part("title", "", "a\x00b") + end, asset.ValidationError, "title"},
		{"a large file", part("file", "a.jpg", strings.Repeat("x", 1001)) + end, asset.FileTooLarge, ""},
		{"cut off in the file", photo[:len(photo)-5], asset.PayloadMalformed, ""},
		{"cut off after the file", photo, asset.PayloadMalformed, ""},
		{"cut off in a field", photo + part("title", "", "My Image")[:40], asset.PayloadMalformed, ""},
		{"nothing", "", asset.PayloadMalformed, ""},
		{"no form at all", "hello", asset.PayloadMalformed, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spool, left := spoolIn(t)
			rules := formRules{file: "file", maxFiles: 1, fields: []string{"title"}}
			f, err := readForm(formReader(strings.NewReader(tt.body)), spool, rules)
			if tt.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				text, _ := os.ReadFile(f.files[0].Path)
				if string(text) != "PIXELS" || f.files[0].name != "photo.jpg" || f.text("title", 100) != "My Image" {
					t.Errorf("read %q as %q, title %q", text, f.files[0].name, f.fields["title"])
				}
				f.Close()
			} else {
				if !asset.Is(err, tt.code) {
					t.Fatalf("got %v, want %s", err, tt.code)
				}
				if fields := asset.AsError(err).Fields; tt.loc != "" && (len(fields) == 0 || fields[0].Loc[0] != tt.loc) {
					t.Errorf("refused %v, want %s", fields, tt.loc)
				}
			}
			if n := left(); n != 0 {
				t.Errorf("%d files are left on disk", n)
			}
		})
	}
}

// In a batch a file that is too large fails alone, in its place.
func TestReadFormOfBatch(t *testing.T) {
	spool, left := spoolIn(t)
	body := part("files", "a.jpg", "A") + part("files", "b.jpg", strings.Repeat("x", 5000)) + part("files", "c.jpg", "C") + end
	f, err := readForm(formReader(strings.NewReader(body)), spool, formRules{file: "files", maxFiles: 3, alone: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, file := range f.files {
		got = append(got, fmt.Sprint(file.name, asset.Is(file.err, asset.FileTooLarge)))
	}
	if fmt.Sprint(got) != "[a.jpgfalse b.jpgtrue c.jpgfalse]" {
		t.Errorf("got %v", got)
	}
	if f.Close(); left() != 0 {
		t.Error("files are left on disk")
	}
	if _, err = readForm(formReader(strings.NewReader(body)), spool, formRules{file: "files", maxFiles: 2, alone: true}); !asset.Is(err, asset.ValidationError) {
		t.Errorf("three files where two may be: %v", err)
	}
	if left() != 0 {
		t.Error("files are left on disk after a refusal")
	}
}

// Whatever the pieces that a body arrives in, the form is the same; and a body
// beyond its bound is FILE_TOO_LARGE wherever the bound falls.
func TestReadFormInPieces(t *testing.T) {
	body := part("title", "", "My Image") + part("file", "a.jpg", strings.Repeat("x", 900)) + end
	spool, left := spoolIn(t)
	rules := formRules{file: "file", maxFiles: 1, fields: []string{"title"}}
	f, err := readForm(formReader(iotest.OneByteReader(strings.NewReader(body))), spool, rules)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for limit := int64(len(part("title", "", "My Image")) + 80); limit < int64(len(body))-4; limit += 7 { // the last line's end may be missing
		r := http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(body)), limit)
		if _, err := readForm(formReader(r), spool, rules); !asset.Is(err, asset.FileTooLarge) {
			t.Fatalf("%d of %d bytes: %v", limit, len(body), err)
		}
	}
	if left() != 0 {
		t.Error("files are left on disk")
	}
}

// formReader reads a form as the door does.
func formReader(body io.Reader) *multipart.Reader {
	return multipart.NewReader(newWholeForm(io.NopCloser(body), boundary), boundary)
}

// Cut anywhere before its closing boundary, a form is not whole.
func TestReadFormCutAnywhere(t *testing.T) {
	spool, left := spoolIn(t)
	body := part("file", "a.jpg", "PIXELS") + part("title", "", "My Image") + end
	rules := formRules{file: "file", maxFiles: 1, fields: []string{"title"}}
	for n := range len(body) - len("\r\n") {
		for _, whole := range []io.Reader{strings.NewReader(body[:n]), iotest.OneByteReader(strings.NewReader(body[:n]))} {
			if _, err := readForm(formReader(whole), spool, rules); !asset.Is(err, asset.PayloadMalformed) {
				t.Fatalf("cut after %d of %d bytes: %v", n, len(body), err)
			}
		}
	}
	if left() != 0 {
		t.Error("files are left on disk")
	}
}

func TestFormBoolean(t *testing.T) {
	for text, want := range map[string]string{"true": "true", "True": "true", "1": "true", "false": "false", "FALSE": "false", "0": "false",
		"": "refused", "yes": "refused", "2": "refused", "truely": "refused"} {
		f := &form{fields: map[string][]string{"x": {text}}}
		got := fmt.Sprint(f.boolean("x", true))
		if len(f.wrong) > 0 {
			got = "refused"
		}
		if got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	f := &form{}
	if !f.boolean("x", true) || f.boolean("x", false) || len(f.wrong) > 0 {
		t.Error("an absent field is not its default")
	}
}

// FuzzReadForm: no body makes a crash or leaves a file, and what is read keeps
// to the rules.
func FuzzReadForm(f *testing.F) {
	f.Add([]byte(part("file", "photo.jpg", "PIXELS") + part("title", "", "x") + end))
	f.Add([]byte(part("file", "", "PIXELS") + "--frontier\r\n\r\n\r\n" + end))
	f.Add([]byte("--frontier\r\nContent-Disposition: form-data; name=file\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41\r\n" + end))
	f.Add([]byte("--frontier--"))
	dir := f.TempDir()
	spool, err := pipeline.NewSpooler(dir, 1000)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := readForm(formReader(bytes.NewReader(body)), spool, formRules{file: "file", maxFiles: 2, fields: []string{"title"}})
		if err == nil {
			if len(got.files) == 0 || len(got.files) > 2 || len(got.text("title", 1<<20)) > maxField {
				t.Errorf("read %+v", got)
			}
			got.Close()
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Fatalf("%d files are left", len(left))
		}
	})
}
