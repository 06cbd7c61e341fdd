package adversary

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestForgedTokens presents what RFC 8725 warns of, and each token that the
// deployment itself would have to be asked for. No URL in a header is ever
// fetched.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	s, foreign := start(t), start(t)
	p, other := s.newPerson(t, "user"), s.newPerson(t, "other")
	key := s.signingKey(t)
	head, claims := parse(t, p.token)
	_, otherClaims := parse(t, other.token)
	mine, jwk := newKeyPair(t)
	rs, _ := rs256(t)
	fetched := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the server fetched %s", r.URL)
		_ = json.NewEncoder(w).Encode(fields{"keys": []any{jwk}})
	}))
	defer fetched.Close()
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: key.public})
	parts := strings.Split(p.token, ".")
	now := time.Now().Unix()
	ours := es256(key.private)

	// What the forgeries below differ from is accepted.
	s.want(t, 200, call{method: "GET", path: "/v1/usage", header: bearer(sign(head, claims, ours))})

	type forgery struct{ name, token, code string }
	all := []forgery{
		{"no algorithm", sign(head.with(fields{"alg": nil}), claims, ours), "UNAUTHORIZED"},
		{"the signature left out", parts[0] + "." + parts[1] + ".", "UNAUTHORIZED"},
		{"two parts", parts[0] + "." + parts[1], "UNAUTHORIZED"},
		{"four parts", p.token + ".AAAA", "UNAUTHORIZED"},
		{"a JWE", p.token + "." + parts[2] + "." + parts[2], "UNAUTHORIZED"},
		{"JSON serialization", fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, parts[1], parts[0], parts[2]), "UNAUTHORIZED"},
		{"a signature of zeros", parts[0] + "." + parts[1] + "." + segment(strings.Repeat("\x00", 64)), "UNAUTHORIZED"},
		{"a signature in ASN.1", parts[0] + "." + parts[1] + "." + segment("\x30\x06\x02\x01\x01\x02\x01\x01"), "UNAUTHORIZED"},
		{"another user's claims", parts[0] + "." + segment(otherClaims) + "." + parts[2], "UNAUTHORIZED"},
		{"padding", parts[0] + "." + parts[1] + "." + base64.URLEncoding.EncodeToString([]byte(strings.Repeat("x", 64))), "UNAUTHORIZED"},
		{"HS256 with the public key", sign(head.with(fields{"alg": "HS256"}), claims, hs256(key.public)), "UNAUTHORIZED"},
		{"HS256 with the public key in PEM", sign(head.with(fields{"alg": "HS256"}), claims, hs256(publicPEM)), "UNAUTHORIZED"},
		{"HS256 with the kid", sign(head.with(fields{"alg": "HS256"}), claims, hs256([]byte(key.kid))), "UNAUTHORIZED"},
		{"HS256 with nothing", sign(head.with(fields{"alg": "HS256"}), claims, hs256(nil)), "UNAUTHORIZED"},
		{"ES256 in name, HMAC in fact", sign(head, claims, hs256(key.public)), "UNAUTHORIZED"},
		{"RS256", sign(head.with(fields{"alg": "RS256"}), claims, rs), "UNAUTHORIZED"},
		{"PS256", sign(head.with(fields{"alg": "PS256"}), claims, rs), "UNAUTHORIZED"},
		{"EdDSA", sign(head.with(fields{"alg": "EdDSA"}), claims, edDSA(t)), "UNAUTHORIZED"},
		{"ES384 of our key", sign(head.with(fields{"alg": "ES384"}), claims, ours), "UNAUTHORIZED"},
		{"a key of one's own", sign(head, claims, es256(mine)), "UNAUTHORIZED"},
		{"a key of one's own, in the header", sign(head.with(fields{"jwk": jwk}), claims, es256(mine)), "UNAUTHORIZED"},
		{"a key of one's own, in the header and named", sign(head.with(fields{"jwk": jwk, "kid": "mine"}), claims, es256(mine)), "UNAUTHORIZED"},
		{"jku", sign(head.with(fields{"jku": fetched.URL + "/jwks.json", "kid": "mine"}), claims, es256(mine)), "UNAUTHORIZED"},
		{"x5u", sign(head.with(fields{"x5u": fetched.URL + "/x.pem", "kid": "mine"}), claims, es256(mine)), "UNAUTHORIZED"},
		{"x5c", sign(head.with(fields{"x5c": []string{base64.StdEncoding.EncodeToString(key.public)}, "kid": "mine"}), claims, es256(mine)), "UNAUTHORIZED"},
		{"crit", sign(head.with(fields{"crit": []string{"exp"}, "exp": now}), claims, ours), "UNAUTHORIZED"},
		{"b64", sign(head.with(fields{"crit": []string{"b64"}, "b64": false}), claims, ours), "UNAUTHORIZED"},
		{"no kid", sign(head.with(fields{"kid": nil}), claims, ours), "UNAUTHORIZED"},
		{"two alg", sign(`{"alg":"none","alg":"ES256","kid":"`+key.kid+`"}`, claims, unsigned), "UNAUTHORIZED"},

		{"for somebody else", sign(head, claims.with(fields{"aud": "somebody"}), ours), "UNAUTHORIZED"},
		{"for somebody else, in a list", sign(head, claims.with(fields{"aud": []string{"a", "b"}}), ours), "UNAUTHORIZED"},
		{"for nobody", sign(head, claims.with(fields{"aud": nil}), ours), "UNAUTHORIZED"},
		{"of another issuer", sign(head, claims.with(fields{"iss": "https://elsewhere.example"}), ours), "UNAUTHORIZED"},
		{"of another issuer by a slash", sign(head, claims.with(fields{"iss": fmt.Sprint(claims["iss"]) + "/"}), ours), "UNAUTHORIZED"},
		{"of nobody", sign(head, claims.with(fields{"iss": nil}), ours), "UNAUTHORIZED"},
		{"expired", sign(head, claims.with(fields{"exp": now - 1}), ours), "TOKEN_EXPIRED"},
		{"expired long ago", sign(head, claims.with(fields{"exp": 1}), ours), "TOKEN_EXPIRED"},
		{"expired, of another key", sign(head, claims.with(fields{"exp": now - 1}), es256(mine)), "UNAUTHORIZED"},
		{"not yet valid", sign(head, claims.with(fields{"nbf": now + 600}), ours), "UNAUTHORIZED"},
		{"without end", sign(head, claims.with(fields{"exp": nil}), ours), "UNAUTHORIZED"},
		{"an end that is a text", sign(head, claims.with(fields{"exp": "tomorrow"}), ours), "UNAUTHORIZED"},
		{"an end beyond numbers", sign(head, strings.Replace(fmt.Sprint(mustJSON(claims)), fmt.Sprintf(`"exp":%v`, mustJSON(claims["exp"])), `"exp":1e400`, 1), ours), "UNAUTHORIZED"},
		{"no user", sign(head, claims.with(fields{"sub": nil}), ours), "UNAUTHORIZED"},
		{"a user that is none", sign(head, claims.with(fields{"sub": "' OR 1=1 --"}), ours), "UNAUTHORIZED"},
		{"no session", sign(head, claims.with(fields{"sid": nil}), ours), "UNAUTHORIZED"},
		{"a session of somebody else", sign(head, claims.with(fields{"sid": otherClaims["sid"]}), ours), "UNAUTHORIZED"},
		{"a user of another session", sign(head, claims.with(fields{"sub": otherClaims["sub"]}), ours), "UNAUTHORIZED"},
		{"claims that are a list", sign(head, "[1,2]", ours), "UNAUTHORIZED"},
		{"claims that are nothing", sign(head, "", ours), "UNAUTHORIZED"},
		{"claims that are no JSON", sign(head, "{", ours), "UNAUTHORIZED"},
		{"an organization of somebody else", sign(head, claims.with(fields{"org": otherClaims["org"]}), ours), "FORBIDDEN"},
		{"another deployment's", foreign.newPerson(t, "stranger").token, "UNAUTHORIZED"},
		{"a refresh token", p.refresh, "UNAUTHORIZED"},
		{"6 KiB", sign(head, claims.with(fields{"x": strings.Repeat("x", 4096)}), ours), "UNAUTHORIZED"},
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "none ", ""} {
		all = append(all,
			forgery{"alg " + alg + ", unsigned", sign(head.with(fields{"alg": alg}), claims, unsigned), "UNAUTHORIZED"},
			forgery{"alg " + alg + ", signed", sign(head.with(fields{"alg": alg}), claims, ours), "UNAUTHORIZED"})
	}
	for _, kid := range []string{"../../../../dev/null", "/dev/null", "/proc/self/environ", "file:///dev/null", "' UNION SELECT 'x' --",
		key.kid + "' --", "x' OR '1'='1", key.kid + "\x00", " " + key.kid, strings.ToLower(key.kid) + "!", "$(id)", fetched.URL, strings.Repeat("k", 1500)} {
		all = append(all,
			forgery{"kid " + kid, sign(head.with(fields{"kid": kid}), claims, ours), "UNAUTHORIZED"},
			forgery{"kid " + kid + " with HMAC of nothing", sign(head.with(fields{"kid": kid, "alg": "HS256"}), claims, hs256(nil)), "UNAUTHORIZED"})
	}
	for _, kid := range []any{7, nil, []string{key.kid}, true} {
		all = append(all, forgery{fmt.Sprintf("kid %v", kid), sign(head.with(fields{"kid": nil}).with(fields{"kid": kid}), claims, ours), "UNAUTHORIZED"})
	}
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			a := s.do(t, call{method: "GET", path: "/v1/usage", header: bearer(f.token)})
			status := 401
			if f.code == "FORBIDDEN" {
				status = 403
			}
			if a.status != status || a.code() != f.code {
				t.Errorf("%v, want %d %s", a, status, f.code)
			}
			if status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("WWW-Authenticate is %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
	s.want(t, 200, call{method: "GET", path: "/v1/usage", header: bearer(p.token)})
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only what a test made
	}
	return string(b)
}

// TestAmbiguousTokens: a claim that is there twice must not mean one thing to
// one reader and another to the next, nor may two credentials.
func TestAmbiguousTokens(t *testing.T) {
	s := start(t)
	p, other := s.newPerson(t, "user"), s.newPerson(t, "other")
	key := s.signingKey(t)
	head, claims := parse(t, p.token)
	_, otherClaims := parse(t, other.token)
	text := mustJSON(claims)
	for name, value := range map[string]any{"exp": 4102444800, "sub": otherClaims["sub"], "sid": otherClaims["sid"], "aud": "certana", "org": otherClaims["org"]} {
		token := sign(head, strings.TrimSuffix(text, "}")+","+mustJSON(name)+":"+mustJSON(value)+"}", es256(key.private))
		if a := s.do(t, call{method: "GET", path: "/v1/usage", header: bearer(token)}); a.status != 401 {
			t.Errorf("%s twice: %v", name, a)
		}
	}
	_, apikey := s.newKey(t, bearer(other.token), "key", "read")
	for name, h := range map[string]http.Header{
		"two Authorization headers": {"Authorization": {"Bearer " + p.token, "Bearer " + other.token}},
		"the same twice":            {"Authorization": {"Bearer " + p.token, "Bearer " + p.token}},
		"two in one":                {"Authorization": {"Bearer " + p.token + ", Bearer " + other.token}},
		"a bad one first":           {"Authorization": {"Bearer x", "Bearer " + p.token}},
		"a good one first":          {"Authorization": {"Bearer " + p.token, "Bearer x"}},
		"two keys":                  {"X-Api-Key": {apikey, apikey}},
		"two organizations":         {"Authorization": {"Bearer " + p.token}, "X-Organization-Id": {fmt.Sprint(claims["org"]), fmt.Sprint(otherClaims["org"])}},
	} {
		a := s.do(t, call{method: "GET", path: "/v1/usage", header: h})
		if a.status != 401 && a.status != 422 && a.status != 400 {
			t.Errorf("%s: %v", name, a)
		}
	}
	// A bad token is not forgiven for a good key beside it.
	h := bearer("x")
	h.Set("X-API-Key", apikey)
	if a := s.do(t, call{method: "GET", path: "/v1/usage", header: h}); a.status != 401 {
		t.Errorf("a bad token with a good key: %v", a)
	}
}

// TestOversizedToken: a token beyond the limit of headers gets an answer, and the
// connection does not hang. Who goes on sending far beyond it may be cut off before
// the answer is read.
func TestOversizedToken(t *testing.T) {
	s := start(t)
	for size, status := range map[int][]int{5 << 10: {401}, 32 << 10: {401}, 64 << 10: {401, 431}, 80 << 10: {431}, 1 << 20: {431, 0}} {
		a := s.send(t, head("GET /v1/usage HTTP/1.1", "Authorization: Bearer "+strings.Repeat("A", size)))
		if !slices.Contains(status, a.status) {
			t.Errorf("%d bytes: %v, want %v", size, a, status)
		}
	}
}
