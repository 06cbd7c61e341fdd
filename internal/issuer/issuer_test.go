package issuer_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/issuer"
)

func TestConfig(t *testing.T) {
	for name, test := range map[string]struct {
		config issuer.Config
		ok     bool
	}{
		"https":          {issuer.Config{Issuer: "https://login.example", Audience: "certana"}, true},
		"with a path":    {issuer.Config{Issuer: "https://login.example/realms/one", Audience: "certana"}, true},
		"this machine":   {issuer.Config{Issuer: "http://localhost:8080", Audience: "certana"}, true},
		"this machine 6": {issuer.Config{Issuer: "http://[::1]:8080", Audience: "certana"}, true},
		"http":           {issuer.Config{Issuer: "http://login.example", Audience: "certana"}, false},
		"looks local":    {issuer.Config{Issuer: "http://localhost.example", Audience: "certana"}, false},
		"no audience":    {issuer.Config{Issuer: "https://login.example"}, false},
		"no URL":         {issuer.Config{Issuer: "login.example", Audience: "certana"}, false},
		"a query":        {issuer.Config{Issuer: "https://login.example?x=1", Audience: "certana"}, false},
		"a file":         {issuer.Config{Issuer: "file:///etc/passwd", Audience: "certana"}, false},
	} {
		if err := test.config.Validate(); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := issuer.New([]issuer.Config{{Issuer: "https://a.example", Audience: "x"}, {Issuer: "https://a.example", Audience: "y"}}, time.Now); err == nil {
		t.Error("an issuer is named twice")
	}
}

// FuzzOf reads the issuer of anything: it must not panic, and what it finds must
// be in the token.
func FuzzOf(f *testing.F) {
	payload := func(s string) string { return "e30." + base64.RawURLEncoding.EncodeToString([]byte(s)) + ".c2ln" }
	for _, s := range []string{"", ".", "..", "a.b.c", payload(`{"iss":"https://login.example"}`), payload(`{"iss":1}`), payload(`{"iss":"a","iss":"b"}`),
		payload(`[]`), payload(`{"ISS":"x"}`), payload(strings.Repeat("[", 9000)), payload("\xff")} {
		f.Add(s)
	}
	all, err := issuer.New([]issuer.Config{{Issuer: "https://login.example", Audience: "x"}}, time.Now)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if all.Takes(token) != (issuer.Of(token) == "https://login.example") {
			t.Errorf("%q", token)
		}
	})
}
