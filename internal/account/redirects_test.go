package account_test

import (
	"strings"
	"testing"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

// Where users may be sent back to: what can be registered, and what is taken for
// it (RFC 8252, section 7; RFC 9700, section 2.1).
func TestRedirectURIs(t *testing.T) {
	f := setup(t)
	p := f.session("john@example.com")
	register := func(kind, uri string) (*account.Client, error) {
		c, _, err := f.CreateClient(t.Context(), p, account.NewClient{Name: "x", Kind: kind, RedirectURIs: []string{uri}})
		return c, err
	}
	const confidential, public = account.ConfidentialClient, account.PublicClient
	for _, test := range []struct {
		kind, uri string
		ok        bool
	}{
		{confidential, "https://client.example/done", true},
		{confidential, "https://client.example/done?tenant=1", true},
		{confidential, "http://127.0.0.1:3000/done", true},
		{confidential, "http://localhost/done", true},
		{public, "http://[::1]/done", true},
		{public, "com.example.app:/done", true},
		{public, "https://client.example", true},
		{confidential, "com.example.app:/done", false},
		{public, "app:/done", false},
		{public, "javascript:alert(1)", false},
		{public, "data:text/html,x", false},
		{public, "", false},
		{public, "/done", false},
		{public, "//client.example/done", false},
		{public, "https:/done", false},
		{public, "https:///done", false},
		{public, "http://client.example/done", false},
		{public, "http://127.0.0.1.example/done", false},
		{public, "http://127.0.0.1:99999/done", false},
		{public, "http://127.0.0.1:0/done", false},
		{public, "http://user@127.0.0.1/done", false},
		{public, "https://user:secret@client.example/done", false},
		{public, "https://client.example/done#x", false},
		{public, "https://client.example/done#", false},
		{public, "https://client.example/\ndone", false},
		{public, "https://clíent.example/done", false},
		{confidential, "HTTPS://Client-1.example:8443", true},
		{confidential, "https://[2001:db8::1]:8443/done", true},
		{confidential, "https://*", false},
		{confidential, "https://*.example/done", false},
		{confidential, "https://a;b.example/cb", false},
		{confidential, "https://a%3Bb.example/cb", false},
		{confidential, "https://a,b.example/cb", false},
		{confidential, "https://'self'/cb", false},
		{confidential, "https://a..example/cb", false},
		{confidential, "https://-a.example/cb", false},
		{confidential, "https://a.example:/cb", false},
		{confidential, "https://a.example:*/cb", false},
		{confidential, "https://[::1%25eth0]/cb", false},
		{confidential, "https://[a;b]/cb", false},
	} {
		if _, err := register(test.kind, test.uri); (err == nil) != test.ok || (err != nil && !asset.Is(err, asset.ValidationError)) {
			t.Errorf("%s %q: %v", test.kind, test.uri, err)
		}
	}
	for _, test := range []struct {
		kind, registered, asked string
		ok                      bool
	}{
		{public, "http://127.0.0.1/done", "http://127.0.0.1:49152/done", true},
		{public, "http://127.0.0.1:8080/done", "http://127.0.0.1:49152/done", true},
		{public, "http://[::1]/done", "http://[::1]:49152/done", true},
		{public, "http://localhost/done?x=1", "http://localhost:1/done?x=1", true},
		{public, "http://127.0.0.1/done", "http://127.0.0.1:49152/Done", false},
		{public, "http://127.0.0.1/done", "http://127.0.0.1:49152/done?x=1", false},
		{public, "http://127.0.0.1/done", "http://127.0.0.1:49152/done#x", false},
		{public, "http://127.0.0.1/done", "http://127.0.0.1:/done", false},
		{public, "http://127.0.0.1/done", "http://127.0.0.1:+80/done", false},
		{public, "http://127.0.0.1/done", "http://127.0.0.1:65536/done", false},
		{public, "http://127.0.0.1/done", "http://localhost/done", false},
		{public, "http://127.0.0.1/done", "http://127.0.0.1:80@evil.example/done", false},
		{public, "http://127.0.0.1/done", "http://127.0.0.1.evil.example/done", false},
		{public, "http://127.0.0.1/done", "http://127.0.0.1\\evil.example/done", false},
		{public, "https://client.example/done", "https://client.example:8443/done", false},
		{confidential, "http://127.0.0.1/done", "http://127.0.0.1:49152/done", false},
		{confidential, "https://client.example/done", "https://client.example/done", true},
		{confidential, "https://client.example/done", "https://client.example/done/", false},
		{confidential, "https://client.example/done", "https://client.example/done?", false},
	} {
		c, err := register(test.kind, test.registered)
		must(t, err)
		if got := account.RedirectAllowed(c, test.asked); got != test.ok {
			t.Errorf("%s %s: %q: %v", test.kind, test.registered, test.asked, got)
		}
	}
}

// Who may register clients, and what they may be given.
func TestClientScopes(t *testing.T) {
	f := setup(t)
	p := f.session("john@example.com")
	create := func(p account.Principal, scopes ...string) error {
		_, _, err := f.CreateClient(t.Context(), p, account.NewClient{Name: "x", Scopes: scopes})
		return err
	}
	must(t, create(p, "read", "admin"))
	for _, name := range []string{"", " ", strings.Repeat("x", 101), "News\u202eroom", "News\x00room", "News\nroom"} {
		if _, _, err := f.CreateClient(t.Context(), p, account.NewClient{Name: name}); !asset.Is(err, asset.ValidationError) {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	few := p
	few.Scopes = []string{"admin", "read"}
	for name, test := range map[string]struct {
		by     account.Principal
		scopes []string
		want   asset.Code
	}{
		"platform":          {p, []string{"platform"}, asset.ValidationError},
		"nonsense":          {p, []string{"nonsense"}, asset.ValidationError},
		"more than its own": {few, []string{"write"}, asset.InsufficientScope},
		"without admin":     {account.Principal{UserID: p.UserID, OrganizationID: p.OrganizationID, Scopes: []string{"read"}}, []string{"read"}, asset.InsufficientScope},
	} {
		if err := create(test.by, test.scopes...); !asset.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := f.session("mary@example.com")
	c, secret, err := f.CreateClient(t.Context(), p, account.NewClient{Name: "x"})
	must(t, err)
	if _, err := f.Client(t.Context(), stranger, c.ID); !asset.Is(err, asset.NotFound) {
		t.Errorf("another organization's: %v", err)
	}
	if _, _, err := f.RotateClientSecret(t.Context(), stranger, c.ID, 0); !asset.Is(err, asset.NotFound) {
		t.Errorf("another organization's: %v", err)
	}
	if err := f.DeleteClient(t.Context(), stranger, c.ID); !asset.Is(err, asset.NotFound) {
		t.Errorf("another organization's: %v", err)
	}
	works := func(secret string) bool {
		_, err := f.AuthenticateClient(t.Context(), c.ID.String(), secret)
		return err == nil
	}
	_, next, err := f.RotateClientSecret(t.Context(), p, c.ID, account.MaxClientOverlap)
	must(t, err)
	if !works(secret) || !works(next) {
		t.Error("both work for the overlap")
	}
	_, last, err := f.RotateClientSecret(t.Context(), p, c.ID, 0)
	must(t, err)
	if works(secret) || works(next) || !works(last) {
		t.Error("a rotation without overlap ends all before it")
	}
}
