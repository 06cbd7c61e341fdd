package oauth_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/certana/certana/internal/account"
)

// A client that asks for a token with every request is told to come back, and nobody
// who has not its secret can bring that about.
func TestTokensOfAClientAreBounded(t *testing.T) {
	w := newWorld(t)
	_, config := w.client(w.user("john@example.com"), account.ConfidentialClient, "read")
	_, other := w.client(w.user("mary@example.com"), account.ConfidentialClient, "read")
	ask := func(c *oauth2.Config, secret string) *http.Response {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, w.url+"/oauth2/token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(c.ClientID, secret)
		res, err := http.DefaultClient.Do(r)
		must(t, err)
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	for range 10 { // of a stranger's
		ask(config, "cert_cs_wrong")
	}
	w.later(6*time.Minute - time.Duration(w.now().UnixNano()%int64(6*time.Minute))) // a whole window
	got := 0
	for ; got < 100; got++ {
		res := ask(config, config.ClientSecret)
		if res.StatusCode == http.StatusOK {
			continue
		}
		after, err := strconv.Atoi(res.Header.Get("Retry-After"))
		if text := read(t, res); res.StatusCode != 429 || err != nil || after < 1 || after > 360 || !strings.Contains(text, "temporarily_unavailable") {
			t.Errorf("%d, Retry-After %q: %s", res.StatusCode, res.Header.Get("Retry-After"), text)
		}
		break
	}
	if got < 60 || got > 61 { // one may come back while the test runs
		t.Errorf("%d tokens at once", got)
	}
	if res := ask(other, other.ClientSecret); res.StatusCode != http.StatusOK {
		t.Errorf("another client: %d", res.StatusCode)
	}
	w.later(6 * time.Minute)
	if res := ask(config, config.ClientSecret); res.StatusCode != http.StatusOK {
		t.Errorf("later: %d", res.StatusCode)
	}
}
