package httpapi_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/httpapi"
)

func TestBadBodies(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	deep := strings.Repeat("[", 20000) + strings.Repeat("]", 20000)
	for _, tt := range []struct {
		name   string
		call   call
		status int
		code   string
		loc    string
	}{
		{"not JSON", call{path: "/v1/auth/login", json: "{email"}, 400, "PAYLOAD_MALFORMED", ""},
		{"cut off", call{path: "/v1/auth/login", json: `{"email":"user@example.com"`}, 400, "PAYLOAD_MALFORMED", ""},
		{"two values", call{path: "/v1/auth/login", json: `{} {}`}, 400, "PAYLOAD_MALFORMED", ""},
		{"no body", call{path: "/v1/auth/login", json: " "}, 400, "PAYLOAD_MALFORMED", ""},
		{"not UTF-8", call{path: "/v1/auth/login", json: "{\"email\":\"\xff\"}"}, 400, "PAYLOAD_MALFORMED", ""},
		{"very deep", call{path: "/v1/auth/login", json: deep}, 400, "PAYLOAD_MALFORMED", ""},
		{"very long", call{path: "/v1/auth/login", json: `{"email":"` + strings.Repeat("a", 2<<20) + `"}`}, 400, "PAYLOAD_MALFORMED", ""},
		{"another type", call{path: "/v1/auth/login", json: `{}`, header: map[string]string{"Content-Type": "text/plain"}}, 400, "PAYLOAD_MALFORMED", ""},
		{"a form", call{path: "/v1/auth/login", json: "email=x", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 400, "PAYLOAD_MALFORMED", ""},
		{"a broken type", call{path: "/v1/auth/login", json: `{}`, header: map[string]string{"Content-Type": ";;"}}, 400, "PAYLOAD_MALFORMED", ""},
		{"an array", call{path: "/v1/auth/login", json: `[]`}, 422, "VALIDATION_ERROR", "body"},
		{"a missing field", call{path: "/v1/auth/login", json: `{"email":"user@example.com"}`}, 422, "VALIDATION_ERROR", "body password"},
		{"an unknown field", call{path: "/v1/auth/login", json: `{"email":"a@b.c","password":"x","admin":true}`}, 422, "VALIDATION_ERROR", "body admin"},
		{"the wrong kind", call{path: "/v1/auth/login", json: `{"email":5,"password":"x"}`}, 422, "VALIDATION_ERROR", "body email"},
		{"null", call{path: "/v1/auth/login", json: `{"email":null,"password":"x"}`}, 422, "VALIDATION_ERROR", "body email"},
		{"no e-mail address", call{path: "/v1/auth/register", json: `{"email":"nobody","password":"SecurePassword123!"}`}, 422, "VALIDATION_ERROR", "body email"},
		{"a short password", call{path: "/v1/auth/register", json: `{"email":"a@example.com","password":"short"}`}, 422, "VALIDATION_ERROR", "body password"},
		{"a common password", call{path: "/v1/auth/register", json: `{"email":"a@example.com","password":"password123"}`}, 422, "VALIDATION_ERROR", "body password"},
		{"no scope", call{path: "/v1/api-keys/", token: token, json: `{"name":"x","scopes":[]}`}, 422, "VALIDATION_ERROR", "body scopes"},
		{"a scope that is none", call{path: "/v1/api-keys/", token: token, json: `{"name":"x","scopes":["read","root"]}`}, 422, "VALIDATION_ERROR", "body scopes 1"},
		{"no days", call{path: "/v1/api-keys/", token: token, json: `{"name":"x","scopes":["read"],"expires_in_days":0}`}, 422, "VALIDATION_ERROR", "body expires_in_days"},
		{"half a day", call{path: "/v1/api-keys/", token: token, json: `{"name":"x","scopes":["read"],"expires_in_days":0.5}`}, 422, "VALIDATION_ERROR", "body expires_in_days"},
		{"a slug with spaces", call{path: "/v1/organizations/", token: token, json: `{"name":"x","slug":"a b"}`}, 422, "VALIDATION_ERROR", "body slug"},
		{"a plan that is none", call{path: "/v1/organizations/", token: token, json: `{"name":"x","plan":"gold"}`}, 422, "VALIDATION_ERROR", "body plan"},
		{"JSON for a form", call{path: "/v1/assets/", token: token, json: `{"title":"x"}`}, 400, "PAYLOAD_MALFORMED", ""},
		{"a form without boundary", call{path: "/v1/assets/", token: token, json: "x", header: map[string]string{"Content-Type": "multipart/form-data"}}, 400, "PAYLOAD_MALFORMED", ""},
		{"a form that is none", call{path: "/v1/assets/", token: token, json: "x", header: map[string]string{"Content-Type": "multipart/form-data; boundary=b"}}, 400, "PAYLOAD_MALFORMED", ""},
		{"nothing to verify", call{path: "/v1/verify/"}, 400, "PAYLOAD_MALFORMED", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.call.method = "POST"
			e := w.refused(t, tt.status, tt.code, tt.call)
			if tt.loc == "" {
				return
			}
			fields, _ := e["errors"].([]any)
			if len(fields) != 1 || strings.Trim(number(fields[0].(map[string]any)["loc"]), "[]") != tt.loc {
				t.Errorf("refused %v, want %s", e["errors"], tt.loc)
			}
		})
	}
	// All that is wrong is told at once.
	e := w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: "/v1/auth/register", json: `{"email":"x","full_name":7,"nick":"y"}`})
	if fields, _ := e["errors"].([]any); len(fields) != 4 {
		t.Errorf("told %v", e["errors"])
	}
	// A body whose type is not said is taken for JSON.
	r, _ := http.NewRequest("POST", w.URL+"/v1/auth/login", strings.NewReader(`{"email":"user@example.com","password":"SecurePassword123!"}`))
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("without a Content-Type: %d", res.StatusCode)
	}
}

func TestBadIDs(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	const unknown = "0193c1f2-8e1b-7a3c-9d4e-000000000000"
	for _, path := range []string{"/v1/assets/%s", "/v1/assets/%s/content", "/v1/assets/%s/car", "/v1/organizations/%s"} {
		code := "ASSET_NOT_FOUND"
		if strings.Contains(path, "org") {
			code = "NOT_FOUND"
		}
		w.refused(t, 404, code, call{method: "GET", path: fmt.Sprintf(path, unknown), token: token})
		for _, bad := range []string{"17", "not-a-uuid", unknown + "0", "{" + unknown + "}", "urn:uuid:" + unknown, strings.ReplaceAll(unknown, "-", ""), "%00", "a%2Fb"} {
			w.refused(t, 422, "VALIDATION_ERROR", call{method: "GET", path: fmt.Sprintf(path, bad), token: token})
		}
		// Who asks comes before what is asked for.
		w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: fmt.Sprintf(path, "17")})
	}
	// Capital letters name the same asset.
	id := w.upload(t, token, file("file", "a.jpg", picture(t, 90)))["id"].(string)
	w.want(t, 200, call{method: "GET", path: "/v1/assets/" + strings.ToUpper(id), token: token})
}

func TestBadCredentials(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	parts := strings.Split(token, ".")
	var claims map[string]any
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		t.Fatal("the token has no claims")
	}
	claims["exp"] = time.Now().Add(time.Hour).Unix()
	claims["sub"] = "0193c1f2-8e1b-7a3c-9d4e-000000000000"
	other, _ := json.Marshal(claims)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))

	// A token that has expired, by a clock that runs two hours late.
	late := account.DefaultConfig("http://localhost")
	late.Argon2 = account.Argon2{MemoryKiB: 8, Passes: 1, Lanes: 1}
	late.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	accounts, err := account.New(t.Context(), late, w.Rows, w.Secrets, w.Keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := accounts.Authenticate(t.Context(), account.Credentials{Bearer: token}); err == nil {
		t.Fatal("the token has not expired in two hours")
	}

	for name, tt := range map[string]struct {
		header map[string]string
		code   string
	}{
		"none":               {nil, "UNAUTHORIZED"},
		"malformed":          {map[string]string{"Authorization": "Bearer abc"}, "UNAUTHORIZED"},
		"empty":              {map[string]string{"Authorization": "Bearer "}, "UNAUTHORIZED"},
		"another scheme":     {map[string]string{"Authorization": "Basic dXNlcjpwYXNz"}, "UNAUTHORIZED"},
		"another signature":  {map[string]string{"Authorization": "Bearer " + parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2]))}, "UNAUTHORIZED"},
		"another user":       {map[string]string{"Authorization": "Bearer " + parts[0] + "." + base64.RawURLEncoding.EncodeToString(other) + "." + parts[2]}, "UNAUTHORIZED"},
		"no signature":       {map[string]string{"Authorization": "Bearer " + none + "." + parts[1] + "."}, "UNAUTHORIZED"},
		"a key that is none": {map[string]string{"X-API-Key": "cert_pk_0000000000000000000000000000000000000"}, "INVALID_API_KEY"},
	} {
		e := w.do(t, call{method: "GET", path: "/v1/assets/", header: tt.header})
		if e.status != 401 || e.object["error_code"] != tt.code || !strings.HasPrefix(e.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: %d %s", name, e.status, e.body)
		}
	}
	w.want(t, 200, call{method: "GET", path: "/v1/assets/", header: map[string]string{"Authorization": "bearer " + token}})

	expired, err := httpapi.New(httpapi.Deps{Accounts: accounts, Rows: w.Rows, Pipeline: w.Pipeline, Verifier: w.Verifier,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	(&world{Deployment: w.Deployment, URL: serve(t, expired)}).refused(t, 401, "TOKEN_EXPIRED", call{method: "GET", path: "/v1/assets/", token: token})
}

// A client that goes away in the middle of an upload leaves nothing.
func TestUploadBrokenOff(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	body := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n" + strings.Repeat("x", 200000)
	fmt.Fprintf(conn, "POST /v1/assets/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 10000000\r\n\r\n%s", token, body)
	for len(w.spooled(t)) == 0 { // until the file has begun to arrive
		time.Sleep(time.Millisecond)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 400 {
		t.Errorf("status %d", res.StatusCode)
	}
	if files := w.Files(t); len(files) > 0 {
		t.Errorf("left on disk: %v", files)
	}
}

func TestMeta(t *testing.T) {
	w := newWorld(t)
	if h := w.want(t, 200, call{method: "GET", path: "/healthz"}); h["status"] != "ok" {
		t.Errorf("health %v", h)
	}
	doc := w.want(t, 200, call{method: "GET", path: "/v1/openapi.json"})
	if doc["openapi"] != "3.1.0" || doc["paths"].(map[string]any)["/v1/assets/"] == nil {
		t.Errorf("document %.200v", doc)
	}
	keys := w.want(t, 200, call{method: "GET", path: "/.well-known/jwks.json"})["keys"].([]any)
	if len(keys) == 0 {
		t.Fatal("no token keys are published")
	}
	if k := keys[0].(map[string]any); k["kid"] == "" || k["d"] != nil {
		t.Errorf("published %v", k)
	}
}
