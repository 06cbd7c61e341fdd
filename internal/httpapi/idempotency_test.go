package httpapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi"
	"github.com/certana/certana/internal/pipeline"
)

func under(key string, c call) call {
	c.header = map[string]string{"Idempotency-Key": key}
	return c
}

func TestIdempotency(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	photo := picture(t, 100)

	// The same upload again, in another order and with another boundary.
	upload := call{method: "POST", path: "/v1/assets/", token: token, form: []part{file("file", "a.jpg", photo), field("title", "x"), field("tags", "a,b")}}
	first := w.do(t, under("upload-1", upload))
	upload.path, upload.form = "/v1/assets", []part{field("tags", "a,b"), field("title", "x"), file("file", "a.jpg", photo)}
	again := w.do(t, under("upload-1", upload))
	if first.status != 201 || again.status != 201 || string(first.body) != string(again.body) ||
		again.header.Get("Location") != first.header.Get("Location") || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	// Another request under the key, and the same one without it.
	other := upload
	other.form = []part{file("file", "a.jpg", picture(t, 101)), field("title", "x"), field("tags", "a,b")}
	w.refused(t, 409, "CONFLICT", under("upload-1", other))
	if e := w.refused(t, 409, "CONFLICT", upload); e["asset_id"] != first.object["id"] {
		t.Errorf("without the key: %v", e)
	}

	// A secret is shown once; spaces and order do not make another request.
	key := call{method: "POST", path: "/v1/api-keys/", token: token, json: `{"name":"k","scopes":["read"]}`}
	whole := w.want(t, 201, under("key-1", key))
	key.json = ` { "scopes": ["read"], "name": "k" } `
	hidden := w.want(t, 201, under("key-1", key))
	if hidden["id"] != whole["id"] || hidden["key"] == whole["key"] || !strings.HasPrefix(hidden["key"].(string), "cert_pk_...") {
		t.Errorf("%v again is %v", whole, hidden)
	}
	if list := w.want(t, 200, call{method: "GET", path: "/v1/api-keys/", token: token}); number(list["total"]) != "1" {
		t.Errorf("there are %v keys", list["total"])
	}
	wrapped := under("key-1", key)
	wrapped.path += "?envelope=true"
	if a := w.do(t, wrapped); a.status != 201 || a.object["data"].(map[string]any)["id"] != whole["id"] {
		t.Errorf("replayed in an envelope: %d %s", a.status, a.body)
	}

	// Keys are their caller's, and their route's.
	stranger := w.register(t, "stranger@example.com")
	key.token = stranger
	if theirs := w.want(t, 201, under("key-1", key)); theirs["id"] == whole["id"] {
		t.Error("another user got the first one's answer")
	}
	w.want(t, 201, under("key-1", call{method: "POST", path: "/v1/organizations/", token: token, json: `{"name":"Acme"}`}))

	// What is refused before it is done keeps no key; a refusal that was its
	// answer does.
	w.refused(t, 422, "VALIDATION_ERROR", under("org-1", call{method: "POST", path: "/v1/organizations/", token: token, json: `{"nome":"Acme"}`}))
	w.want(t, 201, under("org-1", call{method: "POST", path: "/v1/organizations/", token: token, json: `{"name":"B","slug":"bee"}`}))
	taken := call{method: "POST", path: "/v1/organizations/", token: token, json: `{"name":"C","slug":"bee"}`}
	for range 2 {
		w.refused(t, 409, "CONFLICT", under("org-2", taken))
	}
	w.refused(t, 422, "VALIDATION_ERROR", under(strings.Repeat("k", 256), taken))

	// Anonymous callers have no keys: each time is the first.
	verify := call{method: "POST", path: "/v1/verify/", form: []part{file("file", "a.jpg", photo)}}
	one, two := w.want(t, 200, under("v", verify)), w.want(t, 200, under("v", verify))
	if one["id"] == two["id"] {
		t.Error("an anonymous verification was replayed")
	}
	verify.token = token
	one, two = w.want(t, 200, under("v", verify)), w.want(t, 200, under("v", verify))
	if one["id"] != two["id"] {
		t.Error("a verification was done twice under one key")
	}
}

// No secret of a first answer is in the one that is given again, nor in the row
// that it comes from: whatever makes one, as the contract marks them.
func TestSecretsAreShownOnce(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	for _, c := range []struct {
		path, body, rotate string
		secret             string
	}{
		{"/v1/api-keys/", `{"name":"k","scopes":["read"]}`, "/rotate", "key"},
		{"/v1/webhooks/", `{"url":"https://example.com/hook","events":["asset.processed"]}`, "/rotate-secret", "secret"},
		{"/v1/oauth/clients/", `{"name":"c"}`, "/rotate-secret", "client_secret"},
	} {
		made := call{method: "POST", path: c.path, token: token, json: c.body}
		id := ""
		for _, step := range []string{"made", "rotated"} {
			first, again := w.do(t, under(step, made)), w.do(t, under(step, made))
			secret, _ := first.object[c.secret].(string)
			if first.status >= 300 || again.status != first.status || again.header.Get("Idempotent-Replayed") != "true" || len(secret) < 20 {
				t.Fatalf("%s: %d %s, again %d %s", made.path, first.status, first.body, again.status, again.body)
			}
			if strings.Contains(string(again.body), secret[8:20]) || !strings.Contains(fmt.Sprint(again.object[c.secret]), "...") {
				t.Errorf("%s %s: again %s", made.path, step, again.body)
			}
			for _, name := range []string{"id", "client_id"} {
				if text, ok := first.object[name].(string); ok {
					id = text
				}
			}
			made = call{method: "POST", path: c.path + id + c.rotate, token: token}
		}
	}
}

// Of requests at the same time under one key, one is done.
func TestIdempotencyAtOnce(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	c := under("at-once", call{method: "POST", path: "/v1/api-keys/", token: token, json: `{"name":"k","scopes":["read"]}`})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if a := w.do(t, c); a.status != 201 && a.object["error_code"] != "CONFLICT" {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	if list := w.want(t, 200, call{method: "GET", path: "/v1/api-keys/", token: token}); number(list["total"]) != "1" {
		t.Errorf("there are %v keys", list["total"])
	}
}

// faulty is a pipeline whose processing ends in a failure as often as it is told.
type faulty struct {
	*pipeline.Pipeline
	fail, broken int
}

func (f *faulty) Wait(ctx context.Context, id asset.ID, d time.Duration) (asset.Asset, error) {
	a, err := f.Pipeline.Wait(ctx, id, d)
	if f.fail > 0 {
		f.fail--
		a.Status, a.ProcessingError = asset.Failed, "the picture has no pixels"
	}
	return a, err
}

func (f *faulty) Accept(ctx context.Context, u pipeline.Upload) (asset.Asset, error) {
	if f.broken > 0 {
		f.broken--
		return asset.Asset{}, asset.Errorf(asset.ServiceUnavailable, nil, "the picture could not be stored; try again later")
	}
	return f.Pipeline.Accept(ctx, u)
}

// Processing that fails while it is waited for is PROCESSING_FAILED, with the
// asset; and a failure of ours is not kept under an Idempotency-Key.
func TestProcessingFailed(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	f := &faulty{Pipeline: w.Pipeline, fail: 1, broken: 1}
	h, err := httpapi.New(httpapi.Deps{Accounts: w.Accounts, Rows: w.Rows, Pipeline: f, Verifier: w.Verifier, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	broken := &world{Deployment: w.Deployment, URL: serve(t, h)}
	c := under("k", call{method: "POST", path: "/v1/assets/", token: token, form: []part{file("file", "a.jpg", picture(t, 110))}})
	a := broken.do(t, c)
	if a.status != 503 || a.object["error_code"] != "SERVICE_UNAVAILABLE" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	e := broken.refused(t, 500, "PROCESSING_FAILED", c)
	if id, _ := e["asset_id"].(string); id == "" || !strings.Contains(e["detail"].(string), "the picture has no pixels") {
		t.Errorf("failed with %v", e)
	}
	// The third time it is done: the pipeline's own answer, the asset is there.
	if e := broken.refused(t, 409, "CONFLICT", c); e["asset_id"] == nil {
		t.Errorf("third time %v", e)
	}
}
