package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

// understood parses a page's request. When it answers nil it has answered the
// browser.
func (s *server) understood(w http.ResponseWriter, r *http.Request) *request {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		query = nil
	}
	to, wrong, err := s.parse(r.Context(), query)
	switch {
	case err != nil:
		s.failedPage(w, r, err)
	case wrong != nil && wrong.safe:
		s.deny(w, r, to, wrong)
	case wrong != nil:
		s.errorPage(w, http.StatusBadRequest, "This request cannot be answered", wrong.detail)
	default:
		return to
	}
	return nil
}

// authorize begins (RFC 6749, section 4.1.1): it sends the browser on to the page
// that is needed, or back to the client when none is.
func (s *server) authorize(w http.ResponseWriter, r *http.Request) {
	to := s.understood(w, r)
	if to == nil {
		return
	}
	l, err := s.login(r)
	if err != nil {
		s.failedPage(w, r, err)
		return
	}
	silent := to.prompted(oidc.PromptNone)
	if l == nil || l.Pending || to.prompted(oidc.PromptLogin) || to.prompted(oidc.PromptSelectAccount) ||
		(to.maxAge >= 0 && time.Since(l.CreatedAt) > to.maxAge) {
		if silent {
			s.deny(w, r, to, &problem{code: "login_required", detail: "the user is not logged in"})
			return
		}
		s.redirect(w, r, loginPath, to.query)
		return
	}
	agreed, err := s.Accounts.Agreed(r.Context(), l, to.Client, to.Scopes)
	switch {
	case err != nil:
		s.failedPage(w, r, err)
	case agreed != nil && !to.prompted(oidc.PromptConsent):
		to.Organization = agreed.OrganizationID
		s.agree(w, r, l, to)
	case silent:
		s.deny(w, r, to, &problem{code: "consent_required", detail: "the user has to be asked"})
	default:
		s.redirect(w, r, consentPath, to.query)
	}
}

// authorizePosted takes the parameters from a form (OpenID Connect Core, section
// 3.1.2.1) and goes on as if they had been in the address.
func (s *server) authorizePosted(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		s.errorPage(w, http.StatusBadRequest, "This request cannot be answered", "The form cannot be read.")
		return
	}
	s.redirect(w, r, authorizePath, r.PostForm)
}

// agree gives the client its code.
func (s *server) agree(w http.ResponseWriter, r *http.Request, l *account.BrowserLogin, to *request) {
	code, err := s.Accounts.Agree(r.Context(), l, to.Authorization)
	var refused *account.OAuthError
	switch {
	case errors.As(err, &refused):
		s.deny(w, r, to, &problem{code: string(refused.Code), detail: refused.Detail})
	case asset.Is(err, asset.Forbidden):
		s.errorPage(w, http.StatusForbidden, "This is not yours to give", "You are not a member of that organization.")
	case err != nil:
		s.failedPage(w, r, err)
	default:
		s.answer(w, r, to, url.Values{"code": {code}})
	}
}

// redirect sends the browser to another page of ours.
func (s *server) redirect(w http.ResponseWriter, r *http.Request, path string, query url.Values) {
	target := s.root + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}
