package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/certana/certana/api"
	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi"
	"github.com/certana/certana/internal/quota"
	"github.com/certana/certana/internal/vault"
)

// world is a whole deployment behind its door.
type world struct {
	*apptest.Deployment
	Accounts *account.Service
	Secrets  *vault.Vault
	URL      string
}

func newWorld(t *testing.T, change ...func(*httpapi.Deps)) *world {
	t.Helper()
	d := apptest.Start(t)
	c := account.DefaultConfig("http://localhost")
	c.Argon2 = account.Argon2{MemoryKiB: 8, Passes: 1, Lanes: 1} // the cost of passwords is not what is tested
	c.Queue = d.Queue
	secrets, err := vault.LoadOrCreate(filepath.Join(d.Dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := account.New(t.Context(), c, d.Rows, secrets, d.Keys)
	if err != nil {
		t.Fatal(err)
	}
	deps := httpapi.Deps{Accounts: accounts, Rows: d.Rows, Pipeline: d.Pipeline, Verifier: d.Verifier, Webhooks: d.Hooks,
		UploadWait: time.Minute, CommitWait: time.Minute, // a slow machine must not turn completed into processing
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	limited(t, quota.DefaultConfig())(&deps)
	for _, f := range change {
		f(&deps)
	}
	h, err := httpapi.New(deps)
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, h)
	t.Cleanup(func() {
		left, err := filepath.Glob(filepath.Join(d.Dir, "tmp", "*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left in the spool folder: %v %v", left, err)
		}
	})
	return &world{Deployment: d, Accounts: accounts, Secrets: secrets, URL: url}
}

// limited replaces the limits of a deployment.
func limited(t *testing.T, c quota.Config) func(*httpapi.Deps) {
	return func(d *httpapi.Deps) {
		limits, err := quota.New(c, d.Rows.(*db.DB), nil)
		if err != nil {
			t.Fatal(err)
		}
		d.Limits = limits
	}
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	ts := httptest.NewServer(h)
	t.Cleanup(ts.Close)
	return ts.URL
}

// call is a request. Form is a multipart body in the order that it is written.
type call struct {
	method, path string
	token, key   string
	header       map[string]string
	json         any    // marshalled, unless it is a string
	form         []part // a body of its own kind
}

// part of a form: a file when it has a filename.
type part struct {
	name, filename string
	body           []byte
}

func field(name, text string) part              { return part{name: name, body: []byte(text)} }
func file(name, filename string, b []byte) part { return part{name: name, filename: filename, body: b} }

func (c call) request(t *testing.T, base string) *http.Request {
	t.Helper()
	var body io.Reader
	kind := ""
	switch {
	case c.form != nil:
		text, k := encodeForm(t, c.form)
		body, kind = bytes.NewReader(text), k
	case c.json != nil:
		text, ok := c.json.(string)
		if !ok {
			b, err := json.Marshal(c.json)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		body, kind = strings.NewReader(text), "application/json"
	}
	r, err := http.NewRequest(c.method, base+c.path, body)
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.key != "" {
		r.Header.Set("X-API-Key", c.key)
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	return r
}

func encodeForm(t *testing.T, parts []part) ([]byte, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf("form-data; name=%q", p.name))
		if p.filename != "" {
			h.Set("Content-Disposition", fmt.Sprintf("form-data; name=%q; filename=%q", p.name, p.filename))
			h.Set("Content-Type", "application/octet-stream")
		}
		part, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(p.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// answer is what came back. JSON numbers are json.Number.
type answer struct {
	status int
	header http.Header
	body   []byte
	object map[string]any
}

var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// do sends a request and holds the answer against the contract: status, shape,
// request id, error shape.
func (w *world) do(t *testing.T, c call) answer {
	t.Helper()
	res, err := client.Do(c.request(t, w.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	if res.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s %s: no X-Request-Id", c.method, c.path)
	}
	if res.Header.Get("Content-Type") == "application/json" && c.method != "HEAD" {
		dec := json.NewDecoder(bytes.NewReader(a.body))
		dec.UseNumber()
		if err := dec.Decode(&a.object); err != nil {
			t.Fatalf("%s %s: %s is not JSON: %v", c.method, c.path, a.body, err)
		}
	}
	conforms(t, c, a)
	return a
}

// want is do with an expected status; it answers the JSON body.
func (w *world) want(t *testing.T, status int, c call) map[string]any {
	t.Helper()
	a := w.do(t, c)
	if a.status != status {
		t.Fatalf("%s %s: %d %s, want %d", c.method, c.path, a.status, a.body, status)
	}
	return a.object
}

// refused is do with an expected error.
func (w *world) refused(t *testing.T, status int, code string, c call) map[string]any {
	t.Helper()
	a := w.do(t, c)
	if a.status != status || a.object["error_code"] != code {
		t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, a.status, a.body, status, code)
	}
	return a.object
}

// register makes a user; login gives an access token.
func (w *world) register(t *testing.T, email string) (token string) {
	t.Helper()
	w.want(t, 201, call{method: "POST", path: "/v1/auth/register", json: map[string]any{
		"email": email, "password": "SecurePassword123!", "full_name": "John Doe"}})
	return w.login(t, email)["access_token"].(string)
}

func (w *world) login(t *testing.T, email string) map[string]any {
	t.Helper()
	return w.want(t, 200, call{method: "POST", path: "/v1/auth/login", json: map[string]any{
		"email": email, "password": "SecurePassword123!"}})
}

// newKey makes an API key with scopes.
func (w *world) newKey(t *testing.T, token string, scopes ...string) string {
	t.Helper()
	return w.want(t, 201, call{method: "POST", path: "/v1/api-keys/", token: token,
		json: map[string]any{"name": "key", "scopes": scopes}})["key"].(string)
}

// contractSchemas compiles the answers' schemas of the contract.
var contractSchemas = sync.OnceValue(func() *jsonschema.Compiler {
	text, err := api.JSON()
	if err != nil {
		panic(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("certana:openapi", doc); err != nil {
		panic(err)
	}
	return c
})

var contractDocument = sync.OnceValue(func() map[string]any {
	doc, err := api.Document()
	if err != nil {
		panic(err)
	}
	return doc
})

// conforms holds an answer against what the contract says of its operation and
// status. A path that the contract does not name may only be an error.
func conforms(t *testing.T, c call, a answer) {
	t.Helper()
	if a.status >= 400 {
		validate(t, c, a.body, "/components/schemas/Error")
	}
	path, op := operationOf(c)
	if op == nil {
		if a.status < 400 {
			t.Errorf("%s %s answers %d and is not in the contract", c.method, c.path, a.status)
		}
		return
	}
	status := strconv.Itoa(a.status)
	response, ok := op["responses"].(map[string]any)[status].(map[string]any)
	if !ok {
		if a.status != 405 && a.status != 404 {
			t.Errorf("%s %s: the contract has no %d", c.method, path, a.status)
		}
		return
	}
	if response["$ref"] != nil || c.method == "HEAD" || strings.Contains(c.path, "envelope=true") {
		return
	}
	content, _ := response["content"].(map[string]any)
	if content["application/json"] == nil {
		return
	}
	escape := strings.NewReplacer("/", "~1", "{", "%7B", "}", "%7D")
	validate(t, c, a.body, "/paths/"+escape.Replace(path)+"/"+strings.ToLower(c.method)+"/responses/"+status+"/content/application~1json/schema")
}

func validate(t *testing.T, c call, body []byte, pointer string) {
	t.Helper()
	if c.method == "HEAD" {
		return
	}
	schema, err := contractSchemas().Compile("certana:openapi#" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Errorf("%s %s: %q: %v", c.method, c.path, body, err)
		return
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s %s: %s\ndoes not conform: %v", c.method, c.path, body, err)
	}
}

// operationOf finds a request's operation in the contract.
func operationOf(c call) (string, map[string]any) {
	method := strings.ToLower(c.method)
	if method == "head" {
		method = "get"
	}
	bare, _, _ := strings.Cut(c.path, "?")
	segments := strings.Split(strings.TrimSuffix(bare, "/"), "/")
	best, found := "", map[string]any(nil)
	for path, item := range contractDocument()["paths"].(map[string]any) {
		names := strings.Split(strings.TrimSuffix(path, "/"), "/")
		if len(names) != len(segments) {
			continue
		}
		same := true
		for i, name := range names {
			same = same && (name == segments[i] || strings.HasPrefix(name, "{"))
		}
		op, ok := item.(map[string]any)[method].(map[string]any)
		if same && ok && (best == "" || !strings.Contains(path, "{")) {
			best, found = path, op
		}
	}
	return best, found
}

// spooled lists what is in the spool folder now.
func (w *world) spooled(t *testing.T) []string {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(w.Dir, "tmp"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	return names
}
