package sealing_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/blob/s3test"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/sealing"
	"github.com/certana/certana/internal/vault"
)

// noKeys: sealing needs no organization keys.
type noKeys struct{}

func (noKeys) Create(context.Context, *db.Tx, asset.ID) error { return nil }

type fixture struct {
	t        *testing.T
	db       *db.DB
	accounts *account.Service
	store    *blob.Store
	org      *db.Organization
	offset   time.Duration // of the clock from the real one
}

func setup(t *testing.T, storeURL string) *fixture {
	t.Helper()
	f := &fixture{t: t}
	now := func() time.Time { return time.Now().Add(f.offset) }
	c := dbtest.In(t, t.TempDir())
	c.Now = now
	var err error
	f.db, err = db.Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { f.db.Close() })
	v, err := vault.New(make([]byte, vault.KeySize))
	must(t, err)
	a := account.DefaultConfig("http://localhost:8000")
	a.Argon2, a.Now = account.Argon2{MemoryKiB: 8, Passes: 1, Lanes: 1}, now
	f.accounts, err = account.New(t.Context(), a, f.db, v, noKeys{})
	must(t, err)
	f.org, err = f.accounts.OperatorOrganization(t.Context(), "")
	must(t, err)
	f.store, err = blob.Open(t.Context(), storeURL)
	must(t, err)
	t.Cleanup(func() { f.store.Close() })
	return f
}

// otherOrganization adds a second one with its own key.
func (f *fixture) otherOrganization() *db.Organization {
	f.t.Helper()
	u, err := f.accounts.Register(f.t.Context(), account.Registration{Email: "other@example.com", Password: "SecurePassword123!"})
	must(f.t, err)
	o, err := f.db.PersonalOrganization(f.t.Context(), u.ID)
	must(f.t, err)
	return o
}

func (f *fixture) key(o *db.Organization, days *int, scopes ...string) string {
	f.t.Helper()
	_, secret, err := f.accounts.CreateOperatorKey(f.t.Context(), o, account.NewAPIKey{Name: "k", Scopes: scopes, ExpiresInDays: days})
	must(f.t, err)
	return secret
}

func (f *fixture) seal(o *db.Organization, serial, blobKey string) *db.Serial {
	f.t.Helper()
	s := &db.Serial{OrganizationID: o.ID, SerialNumber: serial, ImageKey: blobKey, DateOfSealing: "2024-03-15 09:32:11"}
	must(f.t, f.db.InsertSerial(f.t.Context(), s))
	return s
}

func (f *fixture) put(blobKey string, b []byte) {
	f.t.Helper()
	_, err := f.store.Put(f.t.Context(), blobKey, bytes.NewReader(b), "image/jpeg")
	must(f.t, err)
}

func (f *fixture) handler(c sealing.Config) http.Handler {
	return sealing.NewHandler(sealing.Deps{
		Config: c, Account: f.accounts, Rows: f.db, Store: f.store,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
}

func get(h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// picture is a small JPEG of one grey.
func picture(t *testing.T, grey uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 24, 16))
	for i := range m.Pix {
		m.Pix[i] = grey
	}
	m.SetGray(3, 3, color.Gray{Y: ^grey})
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}

func fileURL(t *testing.T) (dir, url string) {
	dir = t.TempDir()
	return dir, "file://" + dir
}

// The texts, as printed.
const (
	noSerial = `{"error": "Serial number is required"}`
	noAccess = `{"error": "401 Unauthorized. Access Not Allowed"}`
	noRow    = `{"error": "Serial number not found"}`
	noFile   = `{"error": "Serial Number Image File not found"}`
	noRead   = `{"error": "Could not Retrieve the image. Please retry again"}`
)

func TestImage(t *testing.T) {
	_, url := fileURL(t)
	f := setup(t, url)
	jpg := picture(t, 90)
	f.put("a.jpg", jpg)
	f.seal(f.org, "SN123456", "a.jpg")
	f.seal(f.org, "SN lost/é", "lost.jpg")
	other := f.otherOrganization()
	f.seal(other, "SN-OTHER", "a.jpg")
	ten := 10
	keys := map[string]string{
		"sealing": f.key(f.org, nil, "sealing"),
		"read":    f.key(f.org, nil, "read"),
		"verify":  f.key(f.org, nil, "verify", "write", "admin"),
		"expired": f.key(f.org, &ten, "sealing"),
		"other":   f.key(other, nil, "sealing"),
	}
	f.offset = 11 * 24 * time.Hour
	h := f.handler(sealing.DefaultConfig())
	success := `{"image": "` + base64.StdEncoding.EncodeToString(jpg) + `", "date_of_sealing": "2024-03-15 09:32:11"}`

	for _, s := range []struct {
		name, path, key string
		status          int
		body            string
	}{
		{"found", "/api/image?serial_number=SN123456", "sealing", 200, success},
		{"found by a read key", "/api/image?serial_number=SN123456", "read", 200, success},
		{"with a slash", "/api/image/?serial_number=SN123456", "sealing", 200, success},
		{"no key", "/api/image?serial_number=SN123456", "", 401, noAccess},
		{"wrong key", "/api/image?serial_number=SN123456", "nonsense", 401, noAccess},
		{"expired key", "/api/image?serial_number=SN123456", "expired", 401, noAccess},
		{"key of other scopes", "/api/image?serial_number=SN123456", "verify", 401, noAccess},
		{"key before parameter", "/api/image", "", 401, noAccess},
		{"no parameter", "/api/image", "sealing", 400, noSerial},
		{"empty parameter", "/api/image?serial_number=", "sealing", 400, noSerial},
		{"no row", "/api/image?serial_number=SN999", "sealing", 404, noRow},
		{"other case", "/api/image?serial_number=sn123456", "sealing", 404, noRow},
		{"quote", "/api/image?serial_number='%20OR%201=1%20--%00", "sealing", 404, noRow},
		{"another organization's row", "/api/image?serial_number=SN-OTHER", "sealing", 404, noRow},
		{"its own row", "/api/image?serial_number=SN-OTHER", "other", 200, success},
		{"file missing", "/api/image?serial_number=SN%20lost%2F%C3%A9", "sealing", 404, noFile},
		{"random without a key", "/api/image-random", "", 401, noAccess},
		{"random with other scopes", "/api/image-random", "verify", 401, noAccess},
		{"random", "/api/image-random", "other", 200, string(jpg)},
		{"elsewhere", "/api/images", "sealing", 404, `{"error": "Not found"}`},
	} {
		key := keys[s.key]
		if s.key == "nonsense" {
			key = "YOUR_API_KEY"
		}
		inQuery := s.path
		if key != "" {
			sep := "?"
			if strings.Contains(s.path, "?") {
				sep = "&"
			}
			inQuery += sep + "api_key=" + key
		}
		for where, w := range map[string]*httptest.ResponseRecorder{
			"query":  get(h, inQuery),
			"header": get(h, s.path, "X-API-Key", key),
		} {
			want(t, s.name+", key in "+where+": status", w.Code, s.status)
			want(t, s.name+", key in "+where+": body", w.Body.String(), s.body)
			kind := "application/json"
			if s.name == "random" {
				kind = "image/jpeg"
			}
			want(t, s.name+": Content-Type", w.Header().Get("Content-Type"), kind)
		}
	}
	var parsed struct {
		Image         []byte
		DateOfSealing string `json:"date_of_sealing"`
	}
	must(t, json.Unmarshal([]byte(success), &parsed))
	want(t, "the picture in the JSON", string(parsed.Image), string(jpg))
}

func TestMethods(t *testing.T) {
	_, url := fileURL(t)
	f := setup(t, url)
	f.put("a.jpg", picture(t, 90))
	f.seal(f.org, "SN1", "a.jpg")
	server := httptest.NewServer(f.handler(sealing.DefaultConfig()))
	defer server.Close()
	for method, status := range map[string]int{"HEAD": 200, "POST": 405, "DELETE": 405} {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/api/image?serial_number=SN1", nil)
		must(t, err)
		r.Header.Set("X-API-Key", f.key(f.org, nil, "sealing"))
		answer, err := http.DefaultClient.Do(r)
		must(t, err)
		answer.Body.Close()
		want(t, method, answer.StatusCode, status)
	}
}

func TestConditional(t *testing.T) {
	dir, url := fileURL(t)
	f := setup(t, url)
	f.put("a.jpg", picture(t, 90))
	f.seal(f.org, "SN1", "a.jpg")
	f.seal(f.org, "SN2", "a.jpg")
	h := f.handler(sealing.DefaultConfig())
	target := "/api/image?serial_number=SN1&api_key=" + f.key(f.org, nil, "sealing")
	etag := get(h, target).Header().Get("ETag")
	for header, status := range map[string]int{
		etag: 304, "W/" + etag: 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200, strings.Trim(etag, `"`): 200, "": 200,
	} {
		w := get(h, target, "If-None-Match", header)
		want(t, "If-None-Match: "+header, w.Code, status)
		if status == 304 {
			want(t, "body of a 304", w.Body.Len(), 0)
			want(t, "ETag of a 304", w.Header().Get("ETag"), etag)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "a.jpg"), picture(t, 91), 0o600))
	want(t, "after a change", get(h, target, "If-None-Match", etag).Code, 200)
	want(t, "without a key", get(h, "/api/image?serial_number=SN1", "If-None-Match", etag).Code, 401)
}

// TestRandom draws many times and holds the counts against a uniform choice,
// rows of another organization in between, and one removed by hand.
func TestRandom(t *testing.T) {
	_, url := fileURL(t)
	f := setup(t, url)
	other := f.otherOrganization()
	const items, draws = 8, 4000
	names := make(map[string]int)
	for i := range items {
		f.seal(other, fmt.Sprint("other ", i), "other.jpg")
		blobKey := fmt.Sprint(i, ".jpg")
		f.put(blobKey, picture(t, uint8(i)))
		f.seal(f.org, fmt.Sprint("SN", i), blobKey)
		names[string(picture(t, uint8(i)))] = i
	}
	must(t, f.db.DeleteSerial(t.Context(), f.org.ID, "SN2"))
	must(t, f.db.DeleteSerial(t.Context(), f.org.ID, "SN7"))
	h := f.handler(sealing.DefaultConfig())
	target := "/api/image-random?api_key=" + f.key(f.org, nil, "read")
	var counts [items]int
	for range draws {
		w := get(h, target)
		i, known := names[w.Body.String()]
		if w.Code != 200 || !known {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		counts[i]++
	}
	chi2, expected := 0.0, float64(draws)/(items-2)
	for i, n := range counts {
		if i == 2 || i == 7 {
			want(t, fmt.Sprint("draws of the removed item ", i), n, 0)
			continue
		}
		d := float64(n) - expected
		chi2 += d * d / expected
	}
	// 5 degrees of freedom: a fair choice exceeds 40 once in 6 million runs.
	if chi2 > 40 {
		t.Errorf("the choice is not uniform: %v, chi-squared %.1f", counts, chi2)
	}
}

func TestRandomFixedRange(t *testing.T) {
	_, url := fileURL(t)
	f := setup(t, url)
	f.put("a.jpg", picture(t, 1))
	key := f.key(f.org, nil, "read")
	empty := get(f.handler(sealing.DefaultConfig()), "/api/image-random?api_key="+key)
	want(t, "no items at all", empty.Body.String(), noRow)

	f.seal(f.otherOrganization(), "theirs", "a.jpg") // id 1
	f.seal(f.org, "SN1", "a.jpg")                    // id 2
	h := f.handler(sealing.Config{RandomMaxID: 3, MaxImageBytes: 1 << 20})
	seen := map[int]int{}
	for range 200 {
		w := get(h, "/api/image-random?api_key="+key)
		seen[w.Code]++
		if w.Code == 404 {
			want(t, "body", w.Body.String(), noRow)
		}
	}
	if seen[200] == 0 || seen[404] == 0 || len(seen) != 2 {
		t.Errorf("statuses of ids 1 to 3, of which 2 exists: %v", seen)
	}
}

// TestS3 is the whole service on an S3 server: found, object missing, server
// down. See s3test for which server.
func TestS3(t *testing.T) {
	url, stop := s3test.Start(t)
	f := setup(t, url)
	jpg := picture(t, 90)
	images := t.TempDir()
	must(t, os.WriteFile(filepath.Join(images, "a.jpg"), jpg, 0o600))
	csv := filepath.Join(t.TempDir(), "s.csv")
	must(t, os.WriteFile(csv, []byte("serial_number,image,date_of_sealing\nSN1,a.jpg,2024-03-15 09:32:11\n"), 0o600))
	summary, err := sealing.Import(t.Context(), f.db, f.store, sealing.DefaultConfig(), sealing.ImportOptions{CSV: csv, ImagesDir: images, OrganizationID: f.org.ID})
	must(t, err)
	want(t, "imported", summary.Imported, 1)
	f.seal(f.org, "SN2", "missing.jpg")
	h := f.handler(sealing.DefaultConfig())
	key := f.key(f.org, nil, "sealing")
	ask := func(serial, body string, status int) {
		t.Helper()
		w := get(h, "/api/image?serial_number="+serial+"&api_key="+key)
		want(t, serial+": status", w.Code, status)
		want(t, serial+": body", w.Body.String(), body)
	}
	ask("SN1", `{"image": "`+base64.StdEncoding.EncodeToString(jpg)+`", "date_of_sealing": "2024-03-15 09:32:11"}`, 200)
	ask("SN2", noFile, 404)
	stop()
	ask("SN1", noRead, 404)
	ask("SN2", noRead, 404)
	ask("SN3", noRow, 404)
	want(t, "random when the server is down", get(h, "/api/image-random?api_key="+f.key(f.otherOrganization(), nil, "sealing")).Body.String(), noRow)
}

// TestTooLarge: a picture over the limit is not read into memory.
func TestTooLarge(t *testing.T) {
	_, url := fileURL(t)
	f := setup(t, url)
	f.put("a.jpg", picture(t, 90))
	f.seal(f.org, "SN1", "a.jpg")
	w := get(f.handler(sealing.Config{MaxImageBytes: 10}), "/api/image?serial_number=SN1&api_key="+f.key(f.org, nil, "sealing"))
	want(t, "body", w.Body.String(), noRead)
}
