package oauth

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/certana/certana/internal/account"
)

// maxParameter bounds one parameter of an authorization request, in bytes.
const maxParameter = 2000

// prompts are the values of the parameter prompt.
var prompts = []string{oidc.PromptNone, oidc.PromptLogin, oidc.PromptConsent, oidc.PromptSelectAccount}

// request is an authorization request that was checked. It is not kept anywhere:
// its parameters travel through the pages in their addresses, and each page
// checks them anew.
type request struct {
	account.Authorization // all but the organization
	query                 url.Values
	state                 string
	prompt                []string
	maxAge                time.Duration // of the login; -1 for any
	hint                  string        // e-mail address
}

// problem is why a request is refused. Where that is safe the client is told, by
// way of the browser; otherwise the user sees it.
type problem struct {
	code, detail string
	safe         bool
}

// parse checks a request's parameters (RFC 6749, section 4.1.1; RFC 7636; OpenID
// Connect Core, section 3.1.2). With a safe problem the request is as good as is
// needed to tell the client.
func (s *server) parse(ctx context.Context, query url.Values) (*request, *problem, error) {
	unsafe := func(detail string) (*request, *problem, error) { return nil, &problem{detail: detail}, nil }
	if odd(query) != "" {
		return unsafe("A parameter is given more than once, or is no text.")
	}
	for _, values := range query {
		if len(values[0]) > maxParameter {
			return unsafe("A parameter is too long.")
		}
	}
	c, err := s.Accounts.LiveClient(ctx, query.Get("client_id"))
	if err != nil {
		return nil, nil, err
	}
	if c == nil {
		return unsafe("The program that sent you here is not registered, or not any more.")
	}
	r := &request{query: query, state: query.Get("state"), hint: query.Get("login_hint"), maxAge: -1}
	r.Client, r.RedirectURI, r.Nonce = c, query.Get("redirect_uri"), query.Get("nonce")
	if !account.RedirectAllowed(c, r.RedirectURI) {
		return unsafe("The program asked to send you back to an address that is not registered for it.")
	}
	return r, r.check(), nil
}

var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`) // of 32 bytes

// check fills the request from what may be told to the client when it is wrong.
func (r *request) check() *problem {
	wrong := func(code, detail string) *problem { return &problem{code: code, detail: detail, safe: true} }
	q := r.query
	switch {
	case q.Has("request"):
		return wrong("request_not_supported", "request objects are not supported")
	case q.Has("request_uri"):
		return wrong("request_uri_not_supported", "request_uri is not supported")
	case q.Get("response_type") == "":
		return wrong("invalid_request", "response_type is missing")
	case q.Get("response_type") != string(oidc.ResponseTypeCode):
		return wrong("unsupported_response_type", "response_type must be code")
	case q.Has("response_mode") && q.Get("response_mode") != string(oidc.ResponseModeQuery):
		return wrong("invalid_request", "response_mode must be query")
	case q.Get("code_challenge") == "":
		return wrong("invalid_request", "code_challenge is missing: PKCE is required")
	case q.Get("code_challenge_method") != string(oidc.CodeChallengeMethodS256):
		return wrong("invalid_request", "code_challenge_method must be S256")
	}
	r.Challenge = q.Get("code_challenge")
	if b, err := base64.RawURLEncoding.DecodeString(r.Challenge); err != nil || len(b) != 32 || !challengeForm.MatchString(r.Challenge) {
		return wrong("invalid_request", "code_challenge is not a SHA-256 in base64url")
	}
	if r.Scopes = scopesOf(q.Get("scope")); len(r.Scopes) == 0 {
		r.Scopes = slices.Clone(r.Client.Scopes)
	}
	for _, scope := range r.Scopes {
		if !allowedScope(r.Client, scope) {
			return wrong("invalid_scope", "the client may not have the scope "+scope)
		}
	}
	r.prompt = strings.Fields(q.Get("prompt"))
	for _, p := range r.prompt {
		if !slices.Contains(prompts, p) || (p == oidc.PromptNone && len(r.prompt) > 1) {
			return wrong("invalid_request", "prompt is none alone, or some of login, consent, select_account")
		}
	}
	if q.Has("max_age") {
		seconds, err := strconv.ParseUint(q.Get("max_age"), 10, 31)
		if err != nil {
			return wrong("invalid_request", "max_age is a number of seconds")
		}
		r.maxAge = time.Duration(seconds) * time.Second
	}
	return nil
}

func (r *request) prompted(p string) bool { return slices.Contains(r.prompt, p) }

// loggedIn is the request after a login: it asks for none any more.
func (r *request) loggedIn() url.Values {
	q := url.Values{}
	for name, values := range r.query {
		q[name] = values
	}
	q.Del("max_age")
	left := slices.DeleteFunc(slices.Clone(r.prompt), func(p string) bool { return p == oidc.PromptLogin || p == oidc.PromptSelectAccount })
	if q.Del("prompt"); len(left) > 0 {
		q.Set("prompt", strings.Join(left, " "))
	}
	return q
}

// answer sends the browser back to the client. The issuer is in every answer
// (RFC 9207), and the registered address is left as it is.
func (s *server) answer(w http.ResponseWriter, r *http.Request, to *request, values url.Values) {
	if to.state != "" {
		values.Set("state", to.state)
	}
	values.Set("iss", s.BaseURL)
	separator := "?"
	if strings.Contains(to.RedirectURI, "?") {
		separator = "&"
	}
	http.Redirect(w, r, to.RedirectURI+separator+values.Encode(), http.StatusSeeOther)
}

// deny tells the client why it does not get what it asked for.
func (s *server) deny(w http.ResponseWriter, r *http.Request, to *request, p *problem) {
	s.answer(w, r, to, url.Values{"error": {p.code}, "error_description": {printable(p.detail)}})
}
