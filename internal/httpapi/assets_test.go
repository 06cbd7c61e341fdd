package httpapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi"
	"github.com/certana/certana/internal/synth"
)

// picture is a small photograph-like JPEG, another for each seed.
func picture(t *testing.T, seed uint64) []byte {
	t.Helper()
	return apptest.JPEG(t, synth.Photo(320, 240, seed), 90)
}

// asPrinted is the upload of the reference page.
func asPrinted(photo []byte) []part {
	return []part{
		file("file", "image.jpg", photo), field("title", "My Image"), field("description", "Image description"),
		field("tags", "tag1,tag2"), field("track_a_enabled", "true"), field("track_b_enabled", "true"),
		field("track_c_enabled", "true"), field("metadata_tracking_enabled", "true"), field("blockchain_commit", "true"),
	}
}

func (w *world) upload(t *testing.T, token string, form ...part) map[string]any {
	t.Helper()
	return w.want(t, 201, call{method: "POST", path: "/v1/assets/", token: token, form: form})
}

func number(v any) string { return fmt.Sprint(v) }

func TestUploadAsPrinted(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	photo := picture(t, 1)
	sum := sha256.Sum256(photo)

	a := w.do(t, call{method: "POST", path: "/v1/assets/", token: token, form: asPrinted(photo)})
	if a.status != 201 || a.header.Get("Location") != "/v1/assets/"+a.object["id"].(string) {
		t.Fatalf("%d %s, Location %q", a.status, a.body, a.header.Get("Location"))
	}
	for name, want := range map[string]string{
		"title": "My Image", "description": "Image description", "mime_type": "image/jpeg", "processing_status": "completed",
		"content_hash": hex.EncodeToString(sum[:]), "file_size_bytes": number(len(photo)), "width": "320", "height": "240",
		"tags": "[tag1 tag2]", "visibility": "discoverable", "filename": "image.jpg", "derived_from": "<nil>",
	} {
		if got := number(a.object[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"cid", "ipfs_cid", "watermarked_cid"} {
		if cid, _ := a.object[name].(string); !strings.HasPrefix(cid, "bafyrei") {
			t.Errorf("%s is %v", name, a.object[name])
		}
	}

	// The same bytes again: 409, and which asset has them.
	again := w.refused(t, 409, "CONFLICT", call{method: "POST", path: "/v1/assets", token: token, form: asPrinted(photo)})
	if again["asset_id"] != a.object["id"] {
		t.Errorf("asset_id %v", again["asset_id"])
	}
	// Another organization may have them too.
	other := w.register(t, "other@example.com")
	w.upload(t, other, file("file", "image.jpg", photo))
}

// The fields may come before the file; flags are taken as they are said; what
// is not said has its default.
// A wait of zero is none: the answer does not tell how processing ends.
func TestUploadWithoutWaiting(t *testing.T) {
	w := newWorld(t, func(d *httpapi.Deps) { d.UploadWait = 0 })
	token := w.register(t, "user@example.com")
	a := w.upload(t, token, asPrinted(picture(t, 50))...)
	if s := a["processing_status"]; s != "pending" && s != "processing" {
		t.Errorf("the answer waited until the asset was %v", s)
	}
	id := uuid.MustParse(a["id"].(string))
	if _, err := w.Pipeline.Wait(t.Context(), id, time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestUploadFields(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	a := w.upload(t, token,
		field("tags", " b ,a,, b"), field("tags", "c"), field("track_a_enabled", "False"), field("track_c_enabled", "0"),
		field("blockchain_commit", "false"), field("visibility", "private"),
		file("file", `C:\photos\näme.jpg`, picture(t, 2)))
	for name, want := range map[string]string{
		"tags": "[b a c]", "track_a_enabled": "false", "track_b_enabled": "true", "track_c_enabled": "false",
		"metadata_tracking_enabled": "true", "blockchain_commit": "false", "visibility": "private",
		"title": "<nil>", "description": "<nil>", "filename": "näme.jpg",
	} {
		if got := number(a[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}

	async := w.do(t, call{method: "POST", path: "/v1/assets/", token: token, form: []part{file("file", "x.jpg", picture(t, 3))},
		header: map[string]string{"Prefer": "respond-async"}})
	if async.status != 201 || async.header.Get("Preference-Applied") != "respond-async" {
		t.Errorf("%d %s", async.status, async.body)
	}
	if status := async.object["processing_status"]; status == "pending" && async.object["cid"] != nil {
		t.Errorf("pending with a cid: %s", async.body)
	}
	id := async.object["id"].(string)
	if a, err := w.Pipeline.Wait(t.Context(), uuid.MustParse(id), time.Minute); err != nil || a.Status != asset.Completed {
		t.Errorf("in the end it is %s, %v", a.Status, err)
	}
}

func TestUploadRefusals(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	photo := picture(t, 4)
	huge := bytes.Repeat([]byte{0}, int(w.Pipeline.Spooler().Max)+1)
	header60k := append([]byte(nil), photo...)
	sof := bytes.Index(header60k, []byte{0xff, 0xc0})
	copy(header60k[sof+5:], []byte{0xea, 0x60, 0xea, 0x60}) // 60000 × 60000
	for _, tt := range []struct {
		name   string
		form   []part
		status int
		code   string
		loc    string
	}{
		{"no file", []part{field("title", "x")}, 422, "VALIDATION_ERROR", "body file"},
		{"an unknown field", []part{file("file", "a.jpg", photo), field("titel", "x")}, 422, "VALIDATION_ERROR", "body titel"},
		{"a flag that is neither", []part{file("file", "a.jpg", photo), field("track_a_enabled", "maybe")}, 422, "VALIDATION_ERROR", "body track_a_enabled"},
		{"a visibility that is none", []part{file("file", "a.jpg", photo), field("visibility", "secret")}, 422, "VALIDATION_ERROR", "body visibility"},
		{"a long title", []part{file("file", "a.jpg", photo), field("title", strings.Repeat("é", 257))}, 422, "VALIDATION_ERROR", "body title"},
		{"a title twice", []part{file("file", "a.jpg", photo), field("title", "a"), field("title", "b")}, 422, "VALIDATION_ERROR", "body title"},
		{"many tags", []part{file("file", "a.jpg", photo), field("tags", manyTags(51))}, 422, "VALIDATION_ERROR", "body tags"},
		{"a long tag", []part{file("file", "a.jpg", photo), field("tags", strings.Repeat("t", 65))}, 422, "VALIDATION_ERROR", "body tags"},
		{"two files", []part{file("file", "a.jpg", photo), file("file", "b.jpg", photo)}, 422, "VALIDATION_ERROR", "body file"},
		{"zero bytes", []part{file("file", "a.jpg", nil)}, 400, "INVALID_FILE_TYPE", ""},
		{"not an image", []part{file("file", "a.jpg", []byte("<html>hello</html>"))}, 400, "INVALID_FILE_TYPE", ""},
		{"a truncated image", []part{file("file", "a.jpg", photo[:len(photo)/2])}, 400, "INVALID_FILE_TYPE", ""},
		{"over 25 MiB", []part{file("file", "a.jpg", huge)}, 400, "FILE_TOO_LARGE", ""},
		{"60000 × 60000", []part{file("file", "a.jpg", header60k)}, 400, "FILE_TOO_LARGE", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := w.refused(t, tt.status, tt.code, call{method: "POST", path: "/v1/assets/", token: token, form: tt.form})
			if tt.loc != "" {
				first := e["errors"].([]any)[0].(map[string]any)
				if got := strings.Trim(number(first["loc"]), "[]"); got != tt.loc {
					t.Errorf("refused %s, want %s", got, tt.loc)
				}
			}
			if left := w.spooled(t); len(left) > 0 {
				t.Errorf("left in the spool folder: %v", left)
			}
		})
	}
	if files := w.Files(t); len(files) > 0 {
		t.Errorf("left on disk: %v", files)
	}
	if list := w.want(t, 200, call{method: "GET", path: "/v1/assets/", token: token}); number(list["total"]) != "0" {
		t.Errorf("rows are left: %v", list)
	}
}

func manyTags(n int) string {
	var tags []string
	for i := range n {
		tags = append(tags, fmt.Sprint("tag", i))
	}
	return strings.Join(tags, ",")
}

func TestListAndSearch(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	for i, title := range []string{"Company logo", "Beach", "Mountain"} {
		w.upload(t, token, file("file", "a.jpg", picture(t, uint64(10+i))), field("title", title), field("tags", fmt.Sprintf("all,tag%d", i)))
	}
	titles := func(list map[string]any) string {
		var all []string
		for _, item := range list["items"].([]any) {
			all = append(all, number(item.(map[string]any)["title"]))
		}
		return fmt.Sprintf("%s of %v on %v of %v by %v", strings.Join(all, ","), list["total"], list["page"], list["pages"], list["page_size"])
	}
	for query, want := range map[string]string{
		"": "Mountain,Beach,Company logo of 3 on 1 of 1 by 20",
		"?page=1&page_size=20&order=created_at&sort=desc": "Mountain,Beach,Company logo of 3 on 1 of 1 by 20",
		"?order=title&sort=asc":                           "Beach,Company logo,Mountain of 3 on 1 of 1 by 20",
		"?page=2&page_size=2":                             "Company logo of 3 on 2 of 2 by 2",
		"?page=2&page_size=50":                            " of 3 on 2 of 1 by 50",
		"?page=2147483647&page_size=100":                  " of 3 on 2147483647 of 1 by 100",
		"?tags=tag1":                                      "Beach of 1 on 1 of 1 by 20",
		"?tags=all,tag2":                                  "Mountain of 1 on 1 of 1 by 20",
		"?tags=tag1,tag2":                                 " of 0 on 1 of 0 by 20",
		"?status=completed":                               "Mountain,Beach,Company logo of 3 on 1 of 1 by 20",
		"?status=failed":                                  " of 0 on 1 of 0 by 20",
		"search/?q=logo&page=1&page_size=10":              "Company logo of 1 on 1 of 1 by 10",
		"search?q=mount":                                  "Mountain of 1 on 1 of 1 by 20",
		"search/?q=%22%20OR%20*":                          " of 0 on 1 of 0 by 20",
	} {
		if got := titles(w.want(t, 200, call{method: "GET", path: "/v1/assets/" + query, token: token})); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for query, loc := range map[string]string{
		"?page=0": "[query page]", "?page=-1": "[query page]", "?page=x": "[query page]", "?page=": "[query page]",
		"?page=99999999999999999999": "[query page]", "?page=1&page=2": "[query page]",
		"?page_size=0": "[query page_size]", "?page_size=101": "[query page_size]",
		"?order=password": "[query order]", "?order=created_at;drop": "[query]", "?sort=up": "[query sort]",
		"?status=done": "[query status]", "?tags=%00": "[query tags]", "?tags=%ff": "[query tags]",
		"search/": "[query q]", "search/?q=": "[query q]", "?page=%zz": "[query]",
	} {
		e := w.refused(t, 422, "VALIDATION_ERROR", call{method: "GET", path: "/v1/assets/" + query, token: token})
		if fields, _ := e["errors"].([]any); len(fields) != 1 || number(fields[0].(map[string]any)["loc"]) != loc {
			t.Errorf("%s: %v, want %s", query, e["errors"], loc)
		}
	}
	// Another organization has none of them.
	other := w.register(t, "other@example.com")
	if got := titles(w.want(t, 200, call{method: "GET", path: "/v1/assets/search/?q=logo", token: other})); got != " of 0 on 1 of 0 by 20" {
		t.Error(got)
	}
}

func TestAssetLife(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	path := "/v1/assets/" + w.upload(t, token, asPrinted(picture(t, 20))...)["id"].(string)

	first := w.do(t, call{method: "GET", path: path, token: token})
	tag := first.header.Get("ETag")
	if first.status != 200 || tag == "" {
		t.Fatalf("%d, ETag %q", first.status, tag)
	}
	if a := w.do(t, call{method: "GET", path: path + "/", token: token, header: map[string]string{"If-None-Match": tag}}); a.status != 304 || len(a.body) > 0 || a.header.Get("ETag") != tag {
		t.Errorf("with its own tag: %d %s", a.status, a.body)
	}

	patched := w.want(t, 200, call{method: "PATCH", path: path, token: token, json: `{
  "title": "Updated Title",
  "description": "New description",
  "tags": ["new", "tags"]
}`})
	if patched["title"] != "Updated Title" || patched["description"] != "New description" || number(patched["tags"]) != "[new tags]" || patched["visibility"] != "discoverable" {
		t.Errorf("patched to %v", patched)
	}
	if a := w.do(t, call{method: "GET", path: path, token: token, header: map[string]string{"If-None-Match": tag}}); a.status != 200 || a.header.Get("ETag") == tag {
		t.Errorf("after a change: %d, ETag %s", a.status, a.header.Get("ETag"))
	}
	for _, step := range []struct{ patch, title, description, tags, visibility string }{
		{`{}`, "Updated Title", "New description", "[new tags]", "discoverable"},
		{`{"title":null}`, "<nil>", "New description", "[new tags]", "discoverable"},
		{`{"tags":[" a ","a","b"],"visibility":"private"}`, "<nil>", "New description", "[a b]", "private"},
		{`{"description":"","tags":null,"visibility":null}`, "<nil>", "<nil>", "[]", "discoverable"},
	} {
		got := w.want(t, 200, call{method: "PATCH", path: path + "/", token: token, json: step.patch})
		if number(got["title"]) != step.title || number(got["description"]) != step.description || number(got["tags"]) != step.tags || got["visibility"] != step.visibility {
			t.Errorf("%s: %v", step.patch, got)
		}
	}
	for patch, loc := range map[string]string{
		`{"titel":"x"}`: "[body titel]", `{"id":"x"}`: "[body id]", `{"title":5}`: "[body title]", `{"tags":"a,b"}`: "[body tags]",
		`{"tags":["a,b"]}`: "[body tags 0]", `{"tags":[null]}`: "[body tags 0]", `{"visibility":"secret"}`: "[body visibility]",
		`[]`: "[body]", `null`: "[body]", `{"title":"a\u0000b"}`: "[body title]",
	} {
		e := w.refused(t, 422, "VALIDATION_ERROR", call{method: "PATCH", path: path, token: token, json: patch})
		if fields, _ := e["errors"].([]any); len(fields) != 1 || number(fields[0].(map[string]any)["loc"]) != loc {
			t.Errorf("%s: %v, want %s", patch, e["errors"], loc)
		}
	}

	// To another organization it does not exist.
	other := w.register(t, "other@example.com")
	for _, c := range []call{{method: "GET", path: path}, {method: "PATCH", path: path, json: "{}"}, {method: "DELETE", path: path},
		{method: "GET", path: path + "/content"}, {method: "GET", path: path + "/car"}} {
		c.token = other
		w.refused(t, 404, "ASSET_NOT_FOUND", c)
	}

	w.want(t, 204, call{method: "DELETE", path: path + "/", token: token})
	for _, c := range []call{{method: "GET", path: path}, {method: "DELETE", path: path}, {method: "GET", path: path + "/content"}} {
		c.token = token
		w.refused(t, 404, "ASSET_NOT_FOUND", c)
	}
}

func TestContent(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	photo := picture(t, 30)
	made := w.upload(t, token, file("file", "my photo.jpg", photo))
	path := "/v1/assets/" + made["id"].(string)

	original := w.do(t, call{method: "GET", path: path + "/content?variant=original", token: token})
	if original.status != 200 || !bytes.Equal(original.body, photo) || original.header.Get("Content-Type") != "image/jpeg" ||
		original.header.Get("ETag") != `"`+made["content_hash"].(string)+`"` {
		t.Errorf("original: %d, %d bytes, %v", original.status, len(original.body), original.header)
	}
	marked := w.do(t, call{method: "GET", path: path + "/content/", token: token})
	sum := sha256.Sum256(marked.body)
	if marked.status != 200 || hex.EncodeToString(sum[:]) != made["watermark_hash"] || bytes.Equal(marked.body, photo) {
		t.Errorf("watermarked: %d, %d bytes", marked.status, len(marked.body))
	}
	if got := marked.header.Get("Content-Disposition"); got != `inline; filename="my photo-watermarked.jpg"` {
		t.Errorf("Content-Disposition %s", got)
	}
	tag := marked.header.Get("ETag")
	for _, tt := range []struct {
		name   string
		header map[string]string
		status int
		body   []byte
	}{
		{"a range", map[string]string{"Range": "bytes=10-19"}, 206, marked.body[10:20]},
		{"the end", map[string]string{"Range": "bytes=-5"}, 206, marked.body[len(marked.body)-5:]},
		{"an unchanged one", map[string]string{"If-None-Match": tag}, 304, nil},
		{"one of several tags", map[string]string{"If-None-Match": `"x", ` + tag}, 304, nil},
		{"a changed one", map[string]string{"If-None-Match": `"x"`}, 200, marked.body},
		{"a range of what it was", map[string]string{"Range": "bytes=0-1", "If-Range": `"x"`}, 200, marked.body},
	} {
		a := w.do(t, call{method: "GET", path: path + "/content", token: token, header: tt.header})
		if a.status != tt.status || !bytes.Equal(a.body, tt.body) {
			t.Errorf("%s: %d, %d bytes", tt.name, a.status, len(a.body))
		}
	}
	beyond := w.do(t, call{method: "GET", path: path + "/content", token: token, header: map[string]string{"Range": "bytes=99999999-"}})
	if beyond.status != 416 || beyond.object["error_code"] != "RANGE_NOT_SATISFIABLE" || !strings.HasPrefix(beyond.header.Get("Content-Range"), "bytes */") {
		t.Errorf("beyond the end: %d %s", beyond.status, beyond.body)
	}
	head := w.do(t, call{method: "HEAD", path: path + "/content", token: token})
	if head.status != 200 || len(head.body) != 0 || head.header.Get("Content-Length") != fmt.Sprint(len(marked.body)) {
		t.Errorf("HEAD: %d, Content-Length %s", head.status, head.header.Get("Content-Length"))
	}
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "GET", path: path + "/content?variant=thumbnail", token: token})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: path + "/content"})

	without := w.do(t, call{method: "GET", path: path + "/car", token: token})
	with := w.do(t, call{method: "GET", path: path + "/car?original=true", token: token})
	if without.status != 200 || with.status != 200 || !strings.HasPrefix(without.header.Get("Content-Type"), "application/vnd.ipld.car") {
		t.Fatalf("CAR: %d %d", without.status, with.status)
	}
	if bytes.Contains(without.body, photo[len(photo)/2:len(photo)/2+200]) || !bytes.Contains(with.body, photo[len(photo)/2:len(photo)/2+200]) || !bytes.Contains(without.body, marked.body[len(marked.body)/2:len(marked.body)/2+200]) {
		t.Error("the CAR file holds the wrong pictures")
	}
}

// envelope=true wraps the same body, on every kind of answer in JSON.
func TestEnvelopeOfAnAsset(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	path := "/v1/assets/" + w.upload(t, token, asPrinted(picture(t, 40))...)["id"].(string)
	bare := w.do(t, call{method: "GET", path: path, token: token})
	wrapped := w.do(t, call{method: "GET", path: path + "?envelope=true", token: token})
	data, _ := json.Marshal(wrapped.object["data"])
	same, _ := json.Marshal(bare.object)
	if string(data) != string(same) || wrapped.object["message"] == "" || wrapped.object["request_id"] != wrapped.header.Get("X-Request-Id") || wrapped.object["timestamp"] == nil {
		t.Errorf("%s\nwrapped as %s", bare.body, wrapped.body)
	}
	// Errors keep their shape, and what is no JSON is as it is.
	w.refused(t, 404, "ASSET_NOT_FOUND", call{method: "GET", path: "/v1/assets/0193c1f2-8e1b-7a3c-9d4e-000000000000?envelope=true", token: token})
	if a := w.do(t, call{method: "GET", path: path + "/content?envelope=true", token: token}); a.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("the picture came as %s", a.header.Get("Content-Type"))
	}
	w.want(t, 204, call{method: "DELETE", path: path + "?envelope=true", token: token})
}
