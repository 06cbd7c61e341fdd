package httpapi_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"image"
	_ "image/png"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/synth"
)

// The picture of a registered asset, verified by anybody; the fields are those
// of the reference page (do holds every answer against the contract's schema).
func TestVerifyAsPrinted(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	made := w.upload(t, token, file("file", "a.jpg", apptest.JPEG(t, synth.Photo(640, 480, 50), 92)))
	marked := w.do(t, call{method: "GET", path: "/v1/assets/" + made["id"].(string) + "/content", token: token}).body

	for _, who := range []call{{}, {token: token}, {key: w.newKey(t, token, "verify")}} {
		who.method, who.path = "POST", "/v1/verify/"
		who.form = []part{file("file", "copy.jpg", marked), field("include_tamper_map", "true")}
		r := w.want(t, 200, who)
		if r["verdict"] != "authentic" || r["is_authentic"] != true || r["asset_id"] != made["id"] {
			t.Errorf("verdict %v of %v: %v", r["verdict"], r["asset_id"], r["details"])
		}
		text, _ := r["tamper_map"].(string)
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if img, kind, err := image.DecodeConfig(bytes.NewReader(b)); err != nil || kind != "png" || img.Width != 640 || img.Height != 480 {
			t.Errorf("the tamper map is %s %d×%d, %v", kind, img.Width, img.Height, err)
		}
		if strings.Contains(text, "\n") {
			t.Error("the map's base64 has line breaks")
		}
	}
	r := w.want(t, 200, call{method: "POST", path: "/v1/verify", form: []part{file("file", "other.jpg", picture(t, 51))}})
	if r["verdict"] != "unknown" || r["is_authentic"] != false || r["tamper_map"] != nil || r["asset_id"] != nil {
		t.Errorf("an unrelated picture is %v", r)
	}

	// Anonymous verifications belong to nobody.
	history := w.want(t, 200, call{method: "GET", path: "/v1/verify/history?page=1&page_size=20&verdict=authentic", token: token})
	if number(history["total"]) != "2" || number(history["pages"]) != "1" {
		t.Fatalf("history %v", history)
	}
	item := history["items"].([]any)[0].(map[string]any)
	if item["verdict"] != "authentic" || item["asset_id"] != made["id"] || item["matched_asset"].(map[string]any)["id"] != made["id"] {
		t.Errorf("remembered as %v", item)
	}
	for query, want := range map[string]string{
		"?verdict=forged": "0", "?verdict=unknown": "0", "?start_date=2020-01-01": "2", "?start_date=2200-01-01": "0",
		"?end_date=2020-01-01T00:00:00Z": "0", "?end_date=2200-01-01T00:00:00.5": "2", "?start_date=2020-01-01T00:00:00+02:00": "2",
	} {
		got := w.want(t, 200, call{method: "GET", path: "/v1/verify/history" + query, token: token})
		if number(got["total"]) != want {
			t.Errorf("%s: %v, want %s", query, got["total"], want)
		}
	}
	for _, query := range []string{"?verdict=maybe", "?start_date=yesterday", "?end_date=2024-13-01", "?page_size=101"} {
		w.refused(t, 422, "VALIDATION_ERROR", call{method: "GET", path: "/v1/verify/history" + query, token: token})
	}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/verify/history"})
}

// An outsider's history shows the ids of what was identified, and nothing else
// of it.
func TestHistoryOfAnOutsider(t *testing.T) {
	w := newWorld(t)
	owner, outsider := w.register(t, "owner@example.com"), w.register(t, "outsider@example.com")
	made := w.upload(t, owner, file("file", "a.jpg", picture(t, 60)), field("title", "Secret title"))
	path := "/v1/assets/" + made["id"].(string)
	marked := w.do(t, call{method: "GET", path: path + "/content", token: owner}).body
	w.want(t, 200, call{method: "POST", path: "/v1/verify/", token: outsider, form: []part{file("file", "a.jpg", marked)}})
	see := func() any {
		a := w.do(t, call{method: "GET", path: "/v1/verify/history", token: outsider})
		if bytes.Contains(a.body, []byte("Secret")) {
			t.Errorf("told an outsider: %s", a.body)
		}
		return a.object["items"].([]any)[0].(map[string]any)["matched_asset"]
	}
	if m := see().(map[string]any); m["id"] != made["id"] || len(m) != 2 {
		t.Errorf("matched_asset %v", m)
	}
	w.want(t, 200, call{method: "PATCH", path: path, token: owner, json: `{"visibility":"private"}`})
	if m := see(); m != nil {
		t.Errorf("a private asset is shown: %v", m)
	}
}

func TestVerifyBatch(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	photo := picture(t, 70)
	huge := make([]byte, w.Pipeline.Spooler().Max+1)
	a := w.do(t, call{method: "POST", path: "/v1/verify/batch", token: token, form: []part{
		file("files", "a.jpg", photo), file("files", "b.txt", []byte("no picture")), file("files", "c.jpg", huge),
		file("files", "d.jpg", picture(t, 71)), field("include_tamper_map", "false"),
	}})
	if a.status != 200 || number(a.object["total"]) != "4" || number(a.object["successful"]) != "2" || number(a.object["failed"]) != "2" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for i, want := range []string{"a.jpg unknown <nil>", "b.txt <nil> INVALID_FILE_TYPE", "c.jpg <nil> FILE_TOO_LARGE", "d.jpg unknown <nil>"} {
		r := a.object["results"].([]any)[i].(map[string]any)
		if got := number(r["filename"]) + " " + number(r["verdict"]) + " " + number(r["error_code"]); got != want {
			t.Errorf("place %d: %s, want %s", i, got, want)
		}
		if r["verdict"] == nil && r["error"] == "" {
			t.Errorf("place %d does not say why", i)
		}
	}

	three := []part{file("files", "a.jpg", photo), file("files", "a.jpg", photo), file("files", "a.jpg", photo)}
	w.want(t, 200, call{method: "POST", path: "/v1/verify/batch/", form: three})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: "/v1/verify/batch", form: append(three, three[0])})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: "/v1/verify/batch", token: token, form: []part{field("include_tamper_map", "true")}})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: "/v1/verify/batch", token: token, form: []part{file("file", "a.jpg", photo)}})
}

func TestVerifyRefusals(t *testing.T) {
	w := newWorld(t)
	photo := picture(t, 72)
	for _, tt := range []struct {
		form   []part
		status int
		code   string
	}{
		{[]part{field("include_tamper_map", "true")}, 422, "VALIDATION_ERROR"},
		{[]part{file("file", "a.jpg", photo), field("include_tamper_map", "please")}, 422, "VALIDATION_ERROR"},
		{[]part{file("file", "a.jpg", photo), field("title", "x")}, 422, "VALIDATION_ERROR"},
		{[]part{file("file", "a.jpg", nil)}, 400, "INVALID_FILE_TYPE"},
		{[]part{file("file", "a.gif", []byte("GIF89a"))}, 400, "INVALID_FILE_TYPE"},
		{[]part{file("file", "a.jpg", make([]byte, w.Pipeline.Spooler().Max+1))}, 400, "FILE_TOO_LARGE"},
	} {
		w.refused(t, tt.status, tt.code, call{method: "POST", path: "/v1/verify/", form: tt.form})
	}
	// Credentials that are wrong are not the same as none.
	good := []part{file("file", "a.jpg", photo)}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "POST", path: "/v1/verify/", form: good, token: "forged"})
	w.refused(t, 401, "INVALID_API_KEY", call{method: "POST", path: "/v1/verify/", form: good, key: "cert_pk_nonsense"})
}

func TestCommitmentsAsPrinted(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	made := w.upload(t, token, file("file", "a.jpg", picture(t, 80)), field("blockchain_commit", "false"))
	request := map[string]any{"asset_id": made["id"], "watermark_hash": made["watermark_hash"], "metadata": map[string]any{"invoice": "4711"}}

	a := w.do(t, call{method: "POST", path: "/v1/blockchain/commit", token: token, json: request})
	if a.status != 201 || a.object["confirmation_status"] != "finalized" || a.object["on_chain_at"] == nil || a.object["tx_hash"] == nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	again := w.want(t, 201, call{method: "POST", path: "/v1/blockchain/commit/", token: token, json: map[string]any{"asset_id": made["id"]}})
	if again["commitment_id"] != a.object["commitment_id"] || again["tx_hash"] != a.object["tx_hash"] {
		t.Errorf("again: %v", again)
	}
	path := "/v1/blockchain/commitment/" + a.object["commitment_id"].(string)
	if a.header.Get("Location") != path {
		t.Errorf("Location %s", a.header.Get("Location"))
	}
	public := w.do(t, call{method: "GET", path: path})
	if public.status != 200 || public.object["verified"] != true || public.object["asset_id"] != made["id"] || public.object["commitment_hash"] != a.object["commitment_hash"] {
		t.Errorf("%d %s", public.status, public.body)
	}
	// With the statement, which is in the log, anybody can check the signature.
	row, err := w.Rows.CommitmentByAsset(t.Context(), uuid.MustParse(made["id"].(string)))
	if err != nil {
		t.Fatal(err)
	}
	key, kerr := base64.StdEncoding.DecodeString(public.object["public_key"].(string))
	signature, serr := base64.StdEncoding.DecodeString(public.object["signature"].(string))
	if kerr != nil || serr != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, row.Statement, signature) {
		t.Errorf("the signature does not hold under the public key: %s", public.body)
	}
	if bytes.Contains(public.body, []byte("4711")) {
		t.Errorf("the free-form metadata is public: %s", public.body)
	}

	w.refused(t, 404, "NOT_FOUND", call{method: "GET", path: "/v1/blockchain/commitment/0193c1f2-8e1b-7a3c-9d4e-000000000000"})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "GET", path: "/v1/blockchain/commitment/17"})
	for _, tt := range []struct {
		json   any
		status int
		code   string
	}{
		{map[string]any{"asset_id": made["id"], "watermark_hash": strings.Repeat("0", 64)}, 422, "VALIDATION_ERROR"},
		{map[string]any{"asset_id": made["id"], "metadata": "text"}, 422, "VALIDATION_ERROR"},
		{map[string]any{"asset_id": made["id"], "metadata": map[string]any{"x": strings.Repeat("y", 17<<10)}}, 422, "VALIDATION_ERROR"},
		{map[string]any{"asset_id": "0193c1f2-8e1b-7a3c-9d4e-000000000000"}, 404, "ASSET_NOT_FOUND"},
		{map[string]any{"asset_id": "17"}, 422, "VALIDATION_ERROR"},
		{map[string]any{}, 422, "VALIDATION_ERROR"},
	} {
		w.refused(t, tt.status, tt.code, call{method: "POST", path: "/v1/blockchain/commit", token: token, json: tt.json})
	}
	other := w.register(t, "other@example.com")
	w.refused(t, 404, "ASSET_NOT_FOUND", call{method: "POST", path: "/v1/blockchain/commit", token: other, json: request})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "POST", path: "/v1/blockchain/commit", json: request})
}
