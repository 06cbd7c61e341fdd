package adversary

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// canaries are secrets that were given to the server or by it, by what they are.
type canaries map[string]string

// TestSecretsStayIn hands secrets to the server in every place where one can be,
// right and wrong, at the most talkative level of the log. None is in the log, in
// the database, in any other file of the deployment, or in the answer to whoever
// got it wrong.
func TestSecretsStayIn(t *testing.T) {
	t.Parallel()
	box, settings := newMailbox(t)
	s := start(t, append(settings, "LOG_JSON=true")...)
	c := canaries{}
	p := s.newPerson(t, "user")
	p.password = "Canary-Password-7!"
	a := s.want(t, 201, call{method: "POST", path: "/v1/auth/register", json: map[string]any{"email": "canary@canary.example", "password": p.password}})
	p.email, p.id = "canary@canary.example", a.text(t, "id")
	s.login(t, p)
	c["password"], c["access token"], c["refresh token"] = p.password, p.token, p.refresh
	c["verification token"] = box.token(t, p.email, "Verify")
	s.want(t, 200, call{method: "POST", path: "/v1/auth/email/verify", json: map[string]any{"token": c["verification token"]}})

	c.keys(t, s, p)
	c.oauth(t, s, p)
	c.sessions(t, s, p, box)
	c.misplaced(t, s)
	if len(c) < 20 {
		t.Fatalf("only %d canaries", len(c))
	}
	for _, name := range []string{"river_job", "audit_events", "idempotency_keys", "sessions", "mail_tokens", "oauth_tokens"} {
		if s.count(t, name) == 0 {
			t.Errorf("the table %s is empty: nothing was tried", name)
		}
	}
	c.look(t, "the log", []byte(s.Log.String()))
	if strings.Contains(s.Log.String(), p.email) {
		t.Error("the log holds an e-mail address")
	}
	c.lookInFiles(t, s.Dir)
	if !strings.Contains(s.Log.String(), "/api/image") || !strings.Contains(s.Log.String(), `"level":"DEBUG"`) {
		t.Error("the log does not tell of the requests")
	}
}

// keys makes secrets that are shown once, each by a request that is repeated
// under its Idempotency-Key.
func (c canaries) keys(t *testing.T, s *server, p *person) {
	t.Helper()
	once := func(what, path, field string, body any) string {
		t.Helper()
		h := bearer(p.token)
		h.Set("Idempotency-Key", "idem-"+mark())
		first := s.do(t, call{method: "POST", path: path, header: h, json: body})
		if first.status/100 != 2 {
			t.Fatalf("%s: %v", path, first)
		}
		c[what] = first.text(t, field)
		again := s.do(t, call{method: "POST", path: path, header: h, json: body})
		if again.status != first.status || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s is not repeated: %v", path, again)
		}
		c.look(t, "a repeated answer", again.body)
		id, _ := first.object()["id"].(string)
		return id
	}
	id := once("API key", "/v1/api-keys/", "key", map[string]any{"name": "canary", "scopes": everyScope})
	once("rotated API key", "/v1/api-keys/"+id+"/rotate", "key", map[string]any{"overlap_hours": 24})
	id = once("webhook secret", "/v1/webhooks/", "secret", map[string]any{"url": receiver(t), "events": []string{"asset.processed"}})
	once("rotated webhook secret", "/v1/webhooks/"+id+"/rotate-secret", "secret", nil)
	once("client secret", "/v1/oauth/clients/", "client_secret", map[string]any{"name": "canary", "scopes": []string{"read"}})
	c["platform key"] = s.Certana(t, "admin", "keys", "create", "--name", "platform")
}

// oauth asks for tokens with a client's secret, in the body and in the header.
func (c canaries) oauth(t *testing.T, s *server, p *person) {
	t.Helper()
	a := s.want(t, 201, call{method: "POST", path: "/v1/oauth/clients/", header: bearer(p.token), json: map[string]any{"name": "canary", "scopes": []string{"read"}}})
	id, secret := a.text(t, "client_id"), a.text(t, "client_secret")
	c["second client secret"] = secret
	c["client's access token"] = s.clientToken(t, id, secret, "read")
	c["client's Basic credentials"] = base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
	form := url.Values{"token": {c["client's access token"]}, "client_id": {id}, "client_secret": {secret}}
	s.postForm(t, 200, "/oauth2/introspect", form)
	s.postForm(t, 200, "/oauth2/revoke", form)
	c["wrong client secret"] = "cert_cs_" + strings.Repeat("Wrong", 9)
	s.postForm(t, 401, "/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {c["wrong client secret"]}})
	s.do(t, call{method: "GET", path: "/oauth2/authorize?client_secret=" + secret, header: http.Header{"Authorization": {"Basic " + c["client's Basic credentials"]}}})
}

// sessions goes through what a user's secrets go through.
func (c canaries) sessions(t *testing.T, s *server, p *person, box *mailbox) {
	t.Helper()
	a := s.want(t, 200, call{method: "POST", path: "/v1/auth/refresh", json: map[string]any{"refresh_token": p.refresh}})
	c["second refresh token"], c["second access token"] = a.text(t, "refresh_token"), a.text(t, "access_token")
	c["TOTP secret"] = s.beginTOTP(t, p)
	recovery := s.confirmTOTP(t, p, c["TOTP secret"])
	c["recovery code"], c["used recovery code"] = recovery[0], recovery[1]
	s.want(t, 200, call{method: "POST", path: "/v1/auth/login", json: map[string]any{"email": p.email, "password": p.password, "totp_code": recovery[1]}})
	s.want(t, 401, call{method: "POST", path: "/v1/auth/login", json: map[string]any{"email": p.email, "password": p.password, "totp_code": "000000"}})
	s.want(t, 202, call{method: "POST", path: "/v1/auth/password/forgot", json: map[string]any{"email": p.email}})
	c["reset token"] = box.token(t, p.email, "new password")
	c["new password"] = "Canary-Reset-7!"
	s.want(t, 204, call{method: "POST", path: "/v1/auth/password/reset", json: map[string]any{"token": c["reset token"], "new_password": c["new password"]}})
	s.want(t, 401, call{method: "POST", path: "/v1/auth/password/reset", json: map[string]any{"token": c["reset token"], "new_password": c["new password"]}})
}

// misplaced gives secrets where none belongs and in requests that are refused;
// the refusal does not repeat them.
func (c canaries) misplaced(t *testing.T, s *server) {
	t.Helper()
	key := "cert_pk_" + strings.Repeat("Canary", 6) + "00"
	c["mistaken key"], c["wrong password"] = key, "Canary-Wrong-Password-7!"
	wrong := map[string]any{"email": "canary@canary.example", "password": c["wrong password"]}
	var all []call
	for _, k := range []string{key, c["API key"]} {
		for _, path := range []string{"/v1/usage?api_key=", "/v1/usage?access_token=", "/v1/assets/?page=", "/v1/assets/?tags=x&key=", "/v1/nothing?x=", "/healthz?k=",
			"/api/image?serial_number=1&api_key=", "/api/image-random?api_key=", "/api/image?api_key=", "/log/checkpoint?key=", "/v1/openapi.json?key="} {
			all = append(all, call{method: "GET", path: path + k})
		}
		all = append(all, call{method: "GET", path: "/v1/usage", header: http.Header{"X-Api-Key": {k + "x"}}},
			call{method: "GET", path: "/v1/usage", header: http.Header{"Authorization": {"Bearer " + k}}},
			call{method: "GET", path: "/v1/usage", header: http.Header{"Authorization": {"Basic " + k}}},
			call{method: "GET", path: "/v1/usage", header: http.Header{"X-Api-Key": {k}, "X-Organization-Id": {k}}},
			call{method: "GET", path: "/v1/usage", header: http.Header{"Cookie": {"key=" + k}, "Referer": {"https://x.example/?key=" + k}, "X-Forwarded-For": {k}, "Accept": {k}}},
			call{method: "POST", path: "/v1/api-keys/validate", header: http.Header{"X-Api-Key": {k + "x"}}},
			call{method: "POST", path: "/v1/auth/login", header: http.Header{"Content-Type": {k}}, json: "{}"},
			call{method: "POST", path: "/v1/auth/refresh", json: map[string]any{"refresh_token": k}},
			call{method: "POST", path: "/v1/auth/refresh", json: map[string]any{"refresh_token": []string{k}}},
			call{method: "POST", path: "/v1/auth/login", json: `{"email":"` + k + `"`},
			call{method: "POST", path: "/v1/auth/login", json: `{"email":"` + k + `","password":{"a":"` + k + `"}}`},
			call{method: "POST", path: "/v1/auth/register", json: map[string]any{"email": k, "password": k}},
			call{method: "POST", path: "/v1/auth/register", json: map[string]any{"email": "a@b.example", "password": strings.Repeat(k, 9)}},
			call{method: "POST", path: "/v1/auth/email/verify", json: map[string]any{"token": k}},
			call{method: "POST", path: "/v1/api-keys/", header: apiKey(c["API key"]), json: map[string]any{"name": "x", "scopes": []string{k}}},
			call{method: "POST", path: "/v1/assets/", header: apiKey(c["API key"]), form: []part{{"visibility", "", []byte(k)}, {"file", "a.jpg", []byte(k)}}},
			call{method: "POST", path: "/v1/verify/", form: []part{{"include_tamper_map", "", []byte(k)}, {"file", "a.jpg", []byte(k)}}},
			call{method: "POST", path: "/v1/blockchain/commit", header: apiKey(c["API key"]), json: map[string]any{"asset_id": k, "watermark_hash": k}})
	}
	all = append(all, call{method: "POST", path: "/v1/auth/login", json: wrong},
		call{method: "POST", path: "/v1/auth/login", json: map[string]any{"email": c["wrong password"], "password": c["wrong password"]}})
	for _, one := range all {
		a := s.do(t, one)
		if a.status >= 500 {
			t.Errorf("%s %s: %v", one.method, one.path, a)
		}
		c.look(t, "the answer to "+one.method+" "+strings.SplitN(one.path, "?", 2)[0], a.body)
		for name, values := range a.header {
			c.look(t, "the header "+name, []byte(strings.Join(values, ",")))
		}
	}
	for _, line := range []string{"GET /v1/usage?api_key=" + key + " HTTP/9.9", "GET /v1/usage?api_key=" + key + "%zz HTTP/1.1", key + " / HTTP/1.1"} {
		s.send(t, head(line, "X-API-Key : "+key))
	}
}

// look searches for every canary.
func (c canaries) look(t *testing.T, where string, text []byte) {
	t.Helper()
	for what, secret := range c {
		if i := bytes.Index(text, []byte(secret)); i >= 0 {
			t.Errorf("%s holds the %s: %q", where, what, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}

// lookInFiles searches all that the deployment keeps, the master key's file
// excepted, whose content must be nowhere else.
func (c canaries) lookInFiles(t *testing.T, dir string) {
	t.Helper()
	master, err := os.ReadFile(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	c["master key"] = strings.TrimSpace(string(master))
	searched := 0
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || e.Name() == "master.key" {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			searched += len(text)
			c.look(t, path, text)
		}
		return err
	})
	if err != nil || searched < 100_000 {
		t.Fatalf("searched %d bytes: %v", searched, err)
	}
}

func (s *server) count(t *testing.T, table string) (n int) {
	t.Helper()
	db := s.db(t)
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// The access log tells a request's path and never its query, in which /api takes
// its key.
func TestLogTellsNoQuery(t *testing.T) {
	s := start(t)
	for _, path := range []string{"/api/image", "/v1/usage", "/v1/nothing", "/healthz", "/log/checkpoint", "/oauth2/authorize", "/"} {
		s.do(t, call{method: "GET", path: path + "?api_key=canary-in-query&code=canary-in-query"})
	}
	s.do(t, call{method: "GET", path: "/v1/the-last-one"}) // whose line comes after all others
	until(t, "the log", func() bool { return strings.Contains(s.Log.String(), "path=/v1/the-last-one") })
	if strings.Contains(s.Log.String(), "canary-in-query") {
		t.Errorf("the log holds a query\n%s", s.Log)
	}
}
