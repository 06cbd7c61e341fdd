package sealing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/sealing"
)

// importer is a CSV, a folder of pictures and a deployment to import them into.
type importer struct {
	*fixture
	csv, images string
	problems    []string
}

func newImporter(t *testing.T, store string) *importer {
	im := &importer{fixture: setup(t, store), csv: filepath.Join(t.TempDir(), "serials.csv"), images: t.TempDir()}
	return im
}

func (im *importer) image(name string, b []byte) {
	im.t.Helper()
	path := filepath.Join(im.images, name)
	must(im.t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(im.t, os.WriteFile(path, b, 0o600))
}

func (im *importer) run(ctx context.Context, csv string, store sealing.Writer) (sealing.ImportSummary, error) {
	im.t.Helper()
	must(im.t, os.WriteFile(im.csv, []byte(csv), 0o600))
	im.problems = nil
	return sealing.Import(ctx, im.db, store, sealing.DefaultConfig(), sealing.ImportOptions{
		CSV: im.csv, ImagesDir: im.images, OrganizationID: im.org.ID,
		Problem: func(line int, reason string) { im.problems = append(im.problems, fmt.Sprintf("%d: %s", line, reason)) },
	})
}

const header = "serial_number,image,date_of_sealing\n"

func TestImport(t *testing.T) {
	_, folder := fileURL(t)
	im := newImporter(t, folder)
	im.image("a.jpg", picture(t, 1))
	im.image("sub/b.jpg", picture(t, 2))
	im.image("cut.jpg", picture(t, 3)[:200])
	im.image("text.jpg", []byte("not a picture"))
	im.image("empty.jpg", nil)
	csv := "\ufeffDate_Of_Sealing, Serial_Number ,extra,image\r\n" +
		"2024-03-15 09:32:11,SN1,x,a.jpg\r\n" + // 2
		"2024-03-15T09:32:11+02:00,SN2,x,sub/b.jpg\n" + // 3
		"2024-03-15,\"SN,3 \"\"x\"\"\",x,a.jpg\n" + // 4
		"2024-03-15 09:32:11,,x,a.jpg\n" + // 5
		"yesterday,SN5,x,a.jpg\n" + // 6
		"2024-03-15 09:32:11,SN6,x,../../etc/passwd\n" + // 7
		"2024-03-15 09:32:11,SN7,x,nowhere.jpg\n" + // 8
		"2024-03-15 09:32:11,SN8,x,text.jpg\n" + // 9
		"2024-03-15 09:32:11,SN9,x,cut.jpg\n" + // 10
		"2024-03-15 09:32:11,SN10\n" + // 11
		"2024-03-15 09:32:11,SN1,x,a.jpg\n" + // 12: again, the same
		"2024-03-15 09:32:12,SN1,x,a.jpg\n" + // 13: again, another date
		"2024-03-15 09:32:11,SN1,x,sub/b.jpg\n" + // 14: again, another picture
		"2024-03-15 09:32:11,SN14,x,empty.jpg\n" + // 15
		"2024-03-15 09:32:11,SN\"15,x,a.jpg\n" + // 16: a quote inside a field
		"2024-03-15 09:32:11,SN16,x,sub\n" + // 17
		"2024-02-30 09:32:11,SN17,x,a.jpg\n" // 18
	summary, err := im.run(t.Context(), csv, im.store)
	must(t, err)
	want(t, "summary", summary, sealing.ImportSummary{Imported: 3, Skipped: 1, Failed: 13})
	for i, fragment := range []string{
		"5: serial_number is empty", "6: date_of_sealing", "7: image", "8: image", "9: image", "10: image", "11: the row has 2 fields",
		"13: serial number \"SN1\" is there already, sealed at 2024-03-15 09:32:11", "14: serial number \"SN1\" is there already, with another picture",
		"15: image", "16: bare", "17: image \"sub\" is not a file", "18: date_of_sealing",
	} {
		if i >= len(im.problems) || !strings.HasPrefix(im.problems[i], fragment) {
			t.Fatalf("problem %d: want %q first, in %q", i, fragment, im.problems)
		}
	}
	for serial, date := range map[string]string{"SN1": "2024-03-15 09:32:11", "SN2": "2024-03-15 07:32:11", `SN,3 "x"`: "2024-03-15 00:00:00"} {
		s, err := im.db.SerialByNumber(t.Context(), im.org.ID, serial)
		must(t, err)
		if s == nil {
			t.Fatalf("%s was not imported", serial)
		}
		want(t, serial, s.DateOfSealing, date)
	}
	again, err := im.run(t.Context(), csv, im.store)
	must(t, err)
	want(t, "a second time", again, sealing.ImportSummary{Skipped: 4, Failed: 13})
}

func TestImportBadHeader(t *testing.T) {
	im := newImporter(t, "mem://")
	for _, csv := range []string{"", "serial_number,image\nSN1,a.jpg\n", "\"", "SN1,a.jpg,2024-03-15 09:32:11\n"} {
		if _, err := im.run(t.Context(), csv, im.store); err == nil {
			t.Errorf("%q was taken", csv)
		}
	}
}

// failingStore breaks at its nth write, either before or after the picture is
// there: a crash in between looks like the latter.
type failingStore struct {
	*blob.Store
	left  int
	after bool
}

var errBroken = errors.New("the store broke")

func (s *failingStore) Put(ctx context.Context, key string, r io.Reader, kind string) (blob.Written, error) {
	s.left--
	if s.left == 0 && !s.after {
		return blob.Written{}, errBroken
	}
	w, err := s.Store.Put(ctx, key, r, kind)
	if s.left == 0 {
		return w, errBroken
	}
	return w, err
}

// TestImportResumes breaks an import at many places and runs it again: the end
// is the same, whatever happened.
func TestImportResumes(t *testing.T) {
	const rows = 300 // more than two batches
	var csv strings.Builder
	csv.WriteString(header)
	for i := range rows {
		fmt.Fprintf(&csv, "SN%03d,%d.jpg,2024-03-15 09:32:11\n", i, i%200)
	}
	for _, at := range []int{1, 150, 299} {
		for _, after := range []bool{false, true} {
			im := newImporter(t, "mem://")
			for i := range 200 {
				im.image(fmt.Sprint(i, ".jpg"), picture(t, uint8(i)))
			}
			_, err := sealing.Import(t.Context(), im.db, &failingStore{im.store, at, after}, sealing.DefaultConfig(), sealing.ImportOptions{
				CSV: writeFile(t, csv.String()), ImagesDir: im.images, OrganizationID: im.org.ID, Workers: 1,
			})
			if !errors.Is(err, errBroken) {
				t.Fatalf("broken at %d: %v", at, err)
			}
			before, err := im.db.Serials(t.Context(), im.org.ID)
			must(t, err)
			summary, err := im.run(t.Context(), csv.String(), im.store)
			must(t, err)
			want(t, "skipped", summary.Skipped, before)
			want(t, "imported", summary.Imported, rows-before)
			for i := range rows {
				s, err := im.db.SerialByNumber(t.Context(), im.org.ID, fmt.Sprintf("SN%03d", i))
				must(t, err)
				want(t, "id", s.Position, int64(i+1))
				b, err := im.store.ReadAll(t.Context(), s.ImageKey, 1<<20)
				must(t, err)
				want(t, "picture", string(b), string(picture(t, uint8(i%200))))
			}
		}
	}
}

func writeFile(t *testing.T, s string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.csv")
	must(t, os.WriteFile(path, []byte(s), 0o600))
	return path
}

func TestImportProgress(t *testing.T) {
	im := newImporter(t, "mem://")
	im.image("a.jpg", picture(t, 1))
	var seen []int
	_, err := sealing.Import(t.Context(), im.db, im.store, sealing.DefaultConfig(), sealing.ImportOptions{
		CSV:       writeFile(t, header+"SN1,a.jpg,2024-03-15\nbad\nSN2,a.jpg,2024-03-15\n"),
		ImagesDir: im.images, OrganizationID: im.org.ID,
		Progress: func(done, total int) { want(t, "total", total, 3); seen = append(seen, done) },
	})
	must(t, err)
	if !slices.Equal(seen, []int{1, 2, 3}) {
		t.Errorf("progress: %v", seen)
	}
}
