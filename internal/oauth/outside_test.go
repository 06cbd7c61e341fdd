package oauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/issuer"
)

// verified has a user's address verified, as the message's token does.
func (w *world) verified(u account.Principal) {
	w.exec("UPDATE users SET email_verified_at = ? WHERE id = ?", w.now().UTC(), u.UserID)
}

// Another deployment is the outside issuer: its users come here with their ID
// tokens.
func TestOutsideIssuer(t *testing.T) {
	there := newWorld(t)
	john := there.user("john@example.com")
	_, config := there.client(john, account.PublicClient, "read")
	trust := issuer.Config{Issuer: there.url, Audience: config.ClientID, Scopes: []string{"read", "write"}}
	token := func() string {
		t.Helper()
		id, _ := there.grant(config, "john@example.com").Extra("id_token").(string)
		return id
	}
	unverified := token()
	here := newWorld(t, func(c *account.Config) { c.Issuers = []issuer.Config{trust} })
	refused := func(token, why string) {
		t.Helper()
		_, err := here.Authenticate(t.Context(), account.Credentials{Bearer: token})
		if !asset.Is(err, asset.Unauthorized) || !strings.Contains(asset.AsError(err).Detail, why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
	refused(unverified, "no e-mail address that its issuer verified")
	there.verified(john)
	good := token()
	refused(good, "there is no account")
	u := here.user("John@Example.com")
	refused(good, "has not verified it here")
	refused(unverified, "no e-mail address that its issuer verified")
	here.verified(u)

	p := here.bearer(good)
	if p.UserID != u.UserID || p.OrganizationID != u.OrganizationID || p.Issuer != there.url || p.Role != account.RoleOwner ||
		!slices.Equal(p.Scopes, []string{"read", "write"}) || !p.Delegated() {
		t.Errorf("%+v", p)
	}
	here.bearer(unverified) // linked by its subject from now on
	here.exec("UPDATE users SET email = ?, email_key = 'other@example.com' WHERE id = ?", "other@example.com", u.UserID)
	here.bearer(token())

	if _, err := here.Authenticate(t.Context(), account.Credentials{Bearer: good, OrganizationID: asset.NewID().String()}); !asset.Is(err, asset.Forbidden) {
		t.Errorf("another organization: %v", err)
	}
	for _, stopped := range []struct{ column, why string }{{"suspended_at", "was suspended by the operator"}, {"deleted_at", "was deleted"}} {
		here.exec("UPDATE organizations SET "+stopped.column+" = ? WHERE id = ?", here.now().UTC(), p.OrganizationID)
		_, err := here.Authenticate(t.Context(), account.Credentials{Bearer: good})
		if !asset.Is(err, asset.Forbidden) || !strings.Contains(asset.AsError(err).Detail, stopped.why) {
			t.Errorf("%s: %v", stopped.column, err)
		}
		here.exec("UPDATE organizations SET "+stopped.column+" = NULL WHERE id = ?", p.OrganizationID)
	}
	here.dead(there.grant(config, "john@example.com").AccessToken) // its audience is another
	_, err := there.RotateSigningKey(t.Context())
	must(t, err)
	here.later(11 * time.Second) // by when it looks for new keys again
	here.bearer(token())
	here.exec("UPDATE users SET suspended_at = ? WHERE id = ?", here.now().UTC(), u.UserID)
	refused(good, "suspended")
}

func TestOutsideIssuerRegisters(t *testing.T) {
	there := newWorld(t)
	john := there.user("john@example.com")
	there.verified(john)
	_, config := there.client(john, account.PublicClient, "read")
	id, _ := there.grant(config, "john@example.com").Extra("id_token").(string)
	here := newWorld(t, func(c *account.Config) {
		c.Issuers = []issuer.Config{{Issuer: there.url, Audience: config.ClientID, CreateUsers: true}}
	})
	p := here.bearer(id)
	me, err := here.UserByID(t.Context(), p.UserID)
	must(t, err)
	if me.Email != "john@example.com" || me.FullName != "John Doe" || p.Role != account.RoleOwner || p.UserID == john.UserID {
		t.Errorf("%+v %+v", me, p)
	}
	if again := here.bearer(id); again.UserID != p.UserID {
		t.Error("registered twice")
	}
	if _, err := here.Close(t.Context(), p, account.Proof{}); !asset.Is(err, asset.Forbidden) {
		t.Errorf("the account is closed by a token of elsewhere: %v", err)
	}
	if _, err := here.Login(t.Context(), account.SignIn{Email: "john@example.com", Password: ""}); !asset.Is(err, asset.InvalidCredentials) {
		t.Errorf("a user without a password logs in: %v", err)
	}
}

// forger is an issuer that signs whatever it is told to.
type forger struct {
	*httptest.Server
	key     *ecdsa.PrivateKey
	fetches atomic.Int64
}

func newForger(t *testing.T) *forger {
	f := &forger{}
	var err error
	f.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.fetches.Add(1)
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			json.NewEncoder(w).Encode(map[string]any{"issuer": f.URL, "jwks_uri": f.URL + "/keys"})
		case "/keys":
			json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: f.key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(f.Close)
	return f
}

// sign makes a token; header and claims are changed by what is given.
func (f *forger) sign(t *testing.T, key any, alg jose.SignatureAlgorithm, header, change map[string]any) string {
	t.Helper()
	claims := map[string]any{"iss": f.URL, "aud": "certana-here", "sub": "john", "email": "john@example.com", "email_verified": true,
		"exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}
	for name, value := range change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	o := (&jose.SignerOptions{}).WithHeader("kid", "k").WithType("JWT")
	for name, value := range header {
		o = o.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)
	must(t, err)
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	must(t, err)
	return token
}

// What an outside issuer's token may get wrong. Keys come from the issuer that the
// operator named, and from nowhere that a token points to.
func TestOutsideTokensForged(t *testing.T) {
	f, elsewhere := newForger(t), newForger(t)
	w := newWorld(t, func(c *account.Config) { c.Issuers = []issuer.Config{{Issuer: f.URL, Audience: "certana-here"}} })
	w.verified(w.user("john@example.com"))
	own, err := w.Login(t.Context(), account.SignIn{Email: "john@example.com", Password: password})
	must(t, err)
	w.bearer(f.sign(t, f.key, jose.ES256, nil, nil))
	w.bearer(f.sign(t, f.key, jose.ES256, map[string]any{"typ": "at+jwt"}, map[string]any{"aud": []string{"x", "certana-here"}}))
	public, err := json.Marshal(jose.JSONWebKey{Key: f.key.Public()})
	must(t, err)
	before := f.fetches.Load()
	for name, token := range map[string]string{
		"another key":          f.sign(t, elsewhere.key, jose.ES256, nil, nil),
		"its own jwk":          f.sign(t, elsewhere.key, jose.ES256, map[string]any{"jwk": jose.JSONWebKey{Key: elsewhere.key.Public()}}, nil),
		"jku":                  f.sign(t, elsewhere.key, jose.ES256, map[string]any{"jku": elsewhere.URL + "/keys"}, nil),
		"x5u":                  f.sign(t, elsewhere.key, jose.ES256, map[string]any{"x5u": elsewhere.URL + "/keys"}, nil),
		"HMAC with public key": f.sign(t, public, jose.HS256, nil, nil),
		"kid of a file":        f.sign(t, elsewhere.key, jose.ES256, map[string]any{"kid": "../../dev/null"}, nil),
		"another issuer":       elsewhere.sign(t, elsewhere.key, jose.ES256, nil, nil),
		"a slash at the end":   f.sign(t, f.key, jose.ES256, nil, map[string]any{"iss": f.URL + "/"}),
		"wrong audience":       f.sign(t, f.key, jose.ES256, nil, map[string]any{"aud": "another"}),
		"no audience":          f.sign(t, f.key, jose.ES256, nil, map[string]any{"aud": nil}),
		"no subject":           f.sign(t, f.key, jose.ES256, nil, map[string]any{"sub": nil}),
		"no end":               f.sign(t, f.key, jose.ES256, nil, map[string]any{"exp": nil}),
		"not yet":              f.sign(t, f.key, jose.ES256, nil, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
		"a logout token":       f.sign(t, f.key, jose.ES256, map[string]any{"typ": "logout+jwt"}, nil),
		"a logout token, old":  f.sign(t, f.key, jose.ES256, nil, map[string]any{"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}),
		"unverified address":   f.sign(t, f.key, jose.ES256, nil, map[string]any{"sub": "mallory", "email_verified": "false"}),
		"no word of verifying": f.sign(t, f.key, jose.ES256, nil, map[string]any{"sub": "mallory", "email_verified": nil}),
		"none":                 "eyJhbGciOiJub25lIn0." + strings.Split(f.sign(t, f.key, jose.ES256, nil, nil), ".")[1] + ".",
		"too long":             f.sign(t, f.key, jose.ES256, nil, map[string]any{"x": strings.Repeat("x", 17<<10)}),
		"our own, as theirs":   strings.Join([]string{strings.Split(own.AccessToken, ".")[0], strings.Split(f.sign(t, f.key, jose.ES256, nil, nil), ".")[1], strings.Split(own.AccessToken, ".")[2]}, "."),
		"theirs, as our own":   f.sign(t, f.key, jose.ES256, nil, map[string]any{"iss": w.url, "aud": "certana"}),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := w.Authenticate(t.Context(), account.Credentials{Bearer: token}); !asset.Is(err, asset.Unauthorized) {
				t.Errorf("%v", err)
			}
		})
	}
	expired := f.sign(t, f.key, jose.ES256, nil, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()})
	if _, err := w.Authenticate(t.Context(), account.Credentials{Bearer: expired}); !asset.Is(err, asset.TokenExpired) {
		t.Errorf("expired: %v", err)
	}
	if n := f.fetches.Load() - before; n > 0 {
		t.Errorf("forged tokens fetched %d documents within ten seconds", n)
	}
	if n := elsewhere.fetches.Load(); n > 0 {
		t.Errorf("%d documents were fetched from where tokens pointed", n)
	}
}

// An issuer that cannot be reached refuses its users and is asked again later.
func TestOutsideIssuerAway(t *testing.T) {
	f := newForger(t)
	w := newWorld(t, func(c *account.Config) { c.Issuers = []issuer.Config{{Issuer: f.URL, Audience: "certana-here"}} })
	w.verified(w.user("john@example.com"))
	token := f.sign(t, f.key, jose.ES256, nil, nil)
	handler := f.Config.Handler
	f.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		f.fetches.Add(1)
		http.Error(out, "away", http.StatusServiceUnavailable)
	})
	for range 5 {
		w.dead(token)
	}
	if n := f.fetches.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	f.Config.Handler = handler
	w.later(11 * time.Second)
	w.bearer(token)
}
