package oauth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/certana/certana/internal/account"
)

// The cookies: who is logged in, and what the hidden field of forms is made with.
const (
	loginCookie = "certana_login"
	formCookie  = "certana_form"
)

// cookie names a cookie. Over https the browser itself holds it to this host,
// path / and https (RFC 6265bis, section 4.1.3.2): no neighbour can plant one.
func (s *server) cookie(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

// setCookie sets a cookie for the session of the browser; an empty value ends it.
// Lax and not Strict: people come here from other sites, and are logged in then
// too. No form is obeyed for a cookie's sake alone, see formToken.
func (s *server) setCookie(w http.ResponseWriter, name, value string) {
	c := &http.Cookie{Name: s.cookie(name), Value: value, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (s *server) cookieOf(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookie(name))
	if err != nil || len(c.Value) > 100 {
		return ""
	}
	return c.Value
}

// login finds who is logged in in the browser; nil when nobody is.
func (s *server) login(r *http.Request) (*account.BrowserLogin, error) {
	return s.Accounts.Browser(r.Context(), s.cookieOf(r, loginCookie))
}

// setLogin keeps a login in the browser. What forms were made with before is of
// no use after.
func (s *server) setLogin(w http.ResponseWriter, value string) {
	s.setCookie(w, loginCookie, value)
	s.setCookie(w, formCookie, "")
}

// formSecret is what this browser's forms are made with, set when it is missing.
func (s *server) formSecret(w http.ResponseWriter, r *http.Request) string {
	if secret := s.cookieOf(r, formCookie); len(secret) == 43 {
		return secret
	}
	b := make([]byte, 32)
	_, _ = rand.Read(b) // crypto/rand ends the program rather than fail
	secret := base64.RawURLEncoding.EncodeToString(b)
	s.setCookie(w, formCookie, secret)
	return secret
}

// formToken is the hidden field of a form. It proves that the form came from a
// page of ours in this browser, with this login, for this very request: another
// site can make none, and one that was made for one client is no good for
// another.
func (s *server) formToken(r *http.Request, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	for _, part := range []string{r.URL.Path, r.URL.RawQuery, s.cookieOf(r, loginCookie)} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// ours reports whether a form came from a page of ours. When it answers false it
// has answered the browser.
func (s *server) ours(w http.ResponseWriter, r *http.Request) bool {
	secret := s.cookieOf(r, formCookie)
	site := r.Header.Get("Sec-Fetch-Site")
	given := r.PostFormValue("form_token")
	if len(secret) == 43 && (site == "" || site == "same-origin" || site == "none") &&
		hmac.Equal([]byte(given), []byte(s.formToken(r, secret))) {
		return true
	}
	s.errorPage(w, http.StatusForbidden, "This page is out of date",
		"It was open for too long, or your browser keeps no cookies. Go back to the program that sent you here and begin again.")
	return false
}
