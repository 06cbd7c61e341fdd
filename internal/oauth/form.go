package oauth

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/certana/certana/internal/quota"
)

// maxForm bounds what is read of a form, in bytes.
const maxForm = 64 << 10

// grantTypes are those that exist here.
var grantTypes = []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken, oidc.GrantTypeClientCredentials}

// withForm holds a program's form to what RFC 6749 asks for, before anything
// reads it: secrets in the body and not in the address (section 2.3.1), no
// parameter twice (section 3.2), one way of authentication (section 2.3).
func (s *server) withForm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = &challenger{ResponseWriter: w, challenge: `Basic realm="certana", charset="UTF-8"`}
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		switch {
		case r.URL.RawQuery != "":
			refuse(w, http.StatusBadRequest, "invalid_request", "parameters belong in the body, not in the address")
			return
		case kind != "application/x-www-form-urlencoded":
			refuse(w, http.StatusBadRequest, "invalid_request", "the body must be application/x-www-form-urlencoded")
			return
		}
		if err := r.ParseForm(); err != nil {
			refuse(w, http.StatusBadRequest, "invalid_request", "the form cannot be read")
			return
		}
		if name := odd(r.PostForm); name != "" {
			refuse(w, http.StatusBadRequest, "invalid_request", name+" is given more than once or is no text")
			return
		}
		id, secret, basic := r.BasicAuth()
		if basic && (r.PostForm.Has("client_secret") || (r.PostForm.Has("client_id") && r.PostForm.Get("client_id") != unescaped(id))) {
			refuse(w, http.StatusBadRequest, "invalid_request", "the client authenticates in two ways at once")
			return
		}
		if !basic {
			id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
			if r.Header.Get("Authorization") != "" {
				refuse(w, http.StatusUnauthorized, "invalid_client", "clients authenticate by Basic or in the form")
				return
			}
		}
		if r.URL.Path == introspectPath && secret == "" {
			refuse(w, http.StatusUnauthorized, "invalid_client", "the client must authenticate")
			return
		}
		if grant := oidc.GrantType(r.PostForm.Get("grant_type")); r.URL.Path == tokenPath && grant != "" && !slices.Contains(grantTypes, grant) {
			refuse(w, http.StatusBadRequest, "unsupported_grant_type", "grant_type is authorization_code, refresh_token or client_credentials")
			return
		}
		if err := s.allowed(w, r, quota.OAuthToken, id); err != nil {
			s.refuseError(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), headerKey{}, w.Header())))
	})
}

// headerKey finds the answer's header in the context: what the library calls has no
// other way to it.
type headerKey struct{}

// withBearer lets userinfo be asked with a token in the header alone.
func (s *server) withBearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = &challenger{ResponseWriter: w, challenge: `Bearer realm="certana", error="invalid_token"`}
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" || r.URL.RawQuery != "" {
			refuse(w, http.StatusUnauthorized, "invalid_token", "the access token belongs in the Authorization header")
			return
		}
		r.Body, r.ContentLength = http.NoBody, 0
		next.ServeHTTP(w, r)
	})
}

// odd finds a parameter that is given twice or is not UTF-8 without NUL.
func odd(form url.Values) string {
	for name, values := range form {
		if len(values) > 1 || !utf8.ValidString(values[0]) || strings.Contains(values[0], "\x00") {
			return printable(name)
		}
	}
	return ""
}

func unescaped(s string) string {
	text, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	return text
}

// challenger says with every 401 how to authenticate (RFC 9110, section 15.5.2).
type challenger struct {
	http.ResponseWriter
	challenge string
}

func (c *challenger) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *challenger) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		c.Header().Set("WWW-Authenticate", c.challenge)
	}
	c.ResponseWriter.WriteHeader(status)
}

// refuse answers a program, in the form of RFC 6749, section 5.2.
func refuse(w http.ResponseWriter, status int, code, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that left is no failure of ours.
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": printable(description)})
}

// printable keeps a description to the characters that it may have (RFC 6749,
// section 5.2).
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < ' ' || r > '~' || r == '\\':
			return '?'
		}
		return r
	}, s)
}
