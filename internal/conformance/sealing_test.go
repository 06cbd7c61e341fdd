package conformance

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// sealingRows are the whole of the other page.
var sealingRows = []row{
	{part: "Image API Endpoints: a key", ask: `
POST /api-keys/
Authorization: Bearer <token>
Content-Type: application/json

{"name": "Shop", "scopes": ["sealing"]}`, want: `201 Created`, keep: "sealing_key=key sealing_key_id=id"},
	{part: "GET /api/image-random: where nothing is sealed yet", ask: `
GET /api/image-random?api_key=<sealing_key>`, want: `
404 Not Found
Content-Type: application/json

{"error": "Serial number not found"}`, exact: true},
	{part: "GET /api/image", before: seal("", "personal_org"), ask: `
GET /api/image?serial_number=SN123456&api_key=<sealing_key>`, want: `
200 OK
Content-Type: application/json

{"image": "<sealed_base64>", "date_of_sealing": "2024-03-15 09:32:11"}`, exact: true},
	{part: "GET /api/image: the key in a header", ask: `
GET /api/image?serial_number=SN123456
X-API-Key: <sealing_key>`, want: `
200 OK
ETag: (any)

{"image": "<sealed_base64>", "date_of_sealing": "2024-03-15 09:32:11"}`, exact: true},
	{part: "GET /api/image: a key that may read", ask: `
GET /api/image?serial_number=SN123456&api_key=<api_key>`, want: `
200 OK

{"image": "<sealed_base64>", "date_of_sealing": "2024-03-15 09:32:11"}`, exact: true},
	{part: "GET /api/image: 400 without a serial number", ask: `
GET /api/image?api_key=<sealing_key>`, want: `
400 Bad Request
Content-Type: application/json

{"error": "Serial number is required"}`, exact: true},
	{part: "GET /api/image: 401 with a wrong key", ask: `
GET /api/image?serial_number=SN123456&api_key=YOUR_API_KEY`, want: `
401 Unauthorized
Content-Type: application/json

{"error": "401 Unauthorized. Access Not Allowed"}`, exact: true},
	{part: "GET /api/image: 401 without a key, before all else", ask: `
GET /api/image`, want: `
401 Unauthorized

{"error": "401 Unauthorized. Access Not Allowed"}`, exact: true},
	{part: "GET /api/image: 404 for a serial number that is none", ask: `
GET /api/image?serial_number=SN000000&api_key=<sealing_key>`, want: `
404 Not Found
Content-Type: application/json

{"error": "Serial number not found"}`, exact: true},
	{part: "GET /api/image-random", ask: `
GET /api/image-random?api_key=<sealing_key>`, want: `
200 OK
Content-Type: image/jpeg`, after: func(t *testing.T, w *world, a *answer) {
		if !bytes.Equal(a.body, w.files["sealed"]) {
			t.Error("these are not the bytes that were sealed")
		}
	}},
	{part: "GET /api/image-random: 401", ask: `
GET /api/image-random?api_key=YOUR_API_KEY`, want: `
401 Unauthorized

{"error": "401 Unauthorized. Access Not Allowed"}`, exact: true},
	{part: "GET /api/image: 404 when the file cannot be read", before: unreadable, ask: `
GET /api/image?serial_number=SN123456&api_key=<sealing_key>`, want: `
404 Not Found
Content-Type: application/json

{"error": "Could not Retrieve the image. Please retry again"}`, exact: true},
	{part: "GET /api/image-random: 404 when the file cannot be read", ask: `
GET /api/image-random?api_key=<sealing_key>`, want: `
404 Not Found

{"error": "Could not Retrieve the image. Please retry again"}`, exact: true},
	{part: "GET /api/image: 404 when the file is missing", before: missing, ask: `
GET /api/image?serial_number=SN123456&api_key=<sealing_key>`, want: `
404 Not Found
Content-Type: application/json

{"error": "Serial Number Image File not found"}`, exact: true},
	{part: "GET /api/image-random: 404 when the file is missing", ask: `
GET /api/image-random?api_key=<sealing_key>`, want: `
404 Not Found

{"error": "Serial Number Image File not found"}`, exact: true},

	// The fixed range of ids, 1 to 1 here, is the setting sealing.random_max_id.
	{part: "Notes: somebody where the range is fixed", on: "fixed", ask: `
POST /auth/register
Content-Type: application/json

{"email": "user@example.com", "password": "SecurePassword123!"}`, want: `201 Created`},
	{part: "Notes: their session", on: "fixed", ask: login, want: `200 OK`, keep: "fixed_token=access_token"},
	{part: "Notes: their key", on: "fixed", ask: `
POST /api-keys/
Authorization: Bearer <fixed_token>
Content-Type: application/json

{"name": "Shop", "scopes": ["sealing"]}`, want: `201 Created`, keep: "fixed_key=key fixed_org=organization_id"},
	{part: "GET /api/image-random: 404 for a random id out of range", on: "fixed", ask: `
GET /api/image-random?api_key=<fixed_key>`, want: `
404 Not Found
Content-Type: application/json

{"error": "Serial number not found"}`, exact: true},
	{part: "Notes: an id in the range", on: "fixed", before: seal("fixed", "fixed_org"), ask: `
GET /api/image-random?api_key=<fixed_key>`, want: `
200 OK
Content-Type: image/jpeg`},
}

// seal imports a serial number with its picture.
func seal(on, organization string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		dir := t.TempDir()
		rows := "serial_number,image,date_of_sealing\nSN123456,a.jpg,2024-03-15 09:32:11\n"
		for name, b := range map[string][]byte{"serials.csv": []byte(rows), "a.jpg": w.files["sealed"]} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		w.servers[on].Certana(t, "sealing", "import", "--csv", filepath.Join(dir, "serials.csv"), "--images", dir,
			"--organization", w.names[organization])
	}
}

// sealedFile finds the one picture that is sealed.
func (w *world) sealedFile(t *testing.T) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(filepath.Join(w.servers[""].Dir, "blobs", "sealing"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("the sealed picture: %v %v", found, err)
	}
	return found[0]
}

// unreadable puts a link to itself in the picture's place: it is there, and to
// open it fails.
func unreadable(t *testing.T, w *world) {
	path := w.sealedFile(t)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Base(path), path); err != nil {
		t.Fatal(err)
	}
}

func missing(t *testing.T, w *world) {
	if err := os.Remove(w.sealedFile(t)); err != nil {
		t.Fatal(err)
	}
}
