package oauth

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/account"
)

// grantLine says what a scope stands for.
type grantLine struct{ Scope, Words string }

// scopeWords are the scopes in words, in the order in which they are asked for.
var scopeWords = []grantLine{
	{account.ScopeOpenID, "Know who you are: the identifier of your account"},
	{account.ScopeProfile, "See your name"},
	{account.ScopeEmail, "See your e-mail address"},
	{account.ScopeRead, "See the organization's pictures, what is known of them, and its verifications"},
	{account.ScopeWrite, "Upload, change and delete the organization's pictures"},
	{account.ScopeVerify, "Verify pictures, on the organization's account"},
	{account.ScopeCommit, "Commit pictures to the ledger, which cannot be undone"},
	{account.ScopeWebhooks, "Manage where the organization's events are sent"},
	{account.ScopeSealing, "See the pictures of sealed items"},
	{account.ScopeAdmin, "Manage the organization's members, API keys and programs"},
}

// showConsent asks whether a client may act for the user.
func (s *server) showConsent(w http.ResponseWriter, r *http.Request) {
	to := s.understood(w, r)
	if to == nil {
		return
	}
	l, err := s.login(r)
	if err != nil {
		s.failedPage(w, r, err)
		return
	}
	if l == nil || l.Pending {
		s.redirect(w, r, loginPath, to.query)
		return
	}
	u, choices, err := s.Accounts.Choices(r.Context(), l.UserID)
	if err != nil {
		s.failedPage(w, r, err)
		return
	}
	if len(choices) == 0 {
		s.errorPage(w, http.StatusForbidden, "There is nothing to give", "You are not a member of any organization in force.")
		return
	}
	p := page{Title: "Let " + to.Client.Name + " in?", Email: u.Email, Choices: choices, Back: backTo(to.RedirectURI),
		Chosen: choices[0].ID.String(), Offline: has(to.Scopes, account.ScopeOffline)}
	for _, line := range scopeWords {
		if has(to.Scopes, line.Scope) {
			p.Grants = append(p.Grants, line)
		}
	}
	if p, err = s.asking(r, to, s.form(w, r, p)); err != nil {
		s.failedPage(w, r, err)
		return
	}
	s.show(w, http.StatusOK, "consent", p, to)
}

// backTo says in a few words where the browser is sent.
func backTo(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return u.Scheme + ":"
	}
	return u.Host
}

// consent takes the user's decision.
func (s *server) consent(w http.ResponseWriter, r *http.Request) {
	to := s.understood(w, r)
	if to == nil || !s.ours(w, r) {
		return
	}
	l, err := s.login(r)
	if err != nil {
		s.failedPage(w, r, err)
		return
	}
	if l == nil || l.Pending {
		s.redirect(w, r, loginPath, to.query)
		return
	}
	switch r.PostForm.Get("decision") {
	case "allow":
		if to.Organization, err = uuid.Parse(r.PostForm.Get("organization")); err != nil {
			s.errorPage(w, http.StatusUnprocessableEntity, "Choose an organization", "Go back and choose one.")
			return
		}
		s.agree(w, r, l, to)
	case "other": // another user
		if err := s.Accounts.LogOutBrowser(r.Context(), s.cookieOf(r, loginCookie)); err != nil {
			s.failedPage(w, r, err)
			return
		}
		s.setLogin(w, "")
		s.redirect(w, r, loginPath, to.query)
	default:
		s.deny(w, r, to, &problem{code: "access_denied", detail: "the user said no"})
	}
}

// showLogout asks whether to log out (OpenID Connect RP-Initiated Logout 1.0): a
// link on another site must not do it.
func (s *server) showLogout(w http.ResponseWriter, r *http.Request) {
	s.show(w, http.StatusOK, "logout", s.form(w, r, page{Title: "Log out?"}), nil)
}

// logOut ends the login of the browser. What programs were let in stays so.
func (s *server) logOut(w http.ResponseWriter, r *http.Request) {
	if !s.ours(w, r) {
		return
	}
	if err := s.Accounts.LogOutBrowser(r.Context(), s.cookieOf(r, loginCookie)); err != nil {
		s.failedPage(w, r, err)
		return
	}
	s.setLogin(w, "")
	s.errorPage(w, http.StatusOK, "You are logged out", "This browser is not logged in any more. You can close this page.")
}

// contextWithout is for what has to be done although the browser may have left.
func contextWithout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), d)
}
