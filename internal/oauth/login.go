package oauth

import (
	"net/http"
	"strings"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/quota"
)

// showLogin asks for address and password, or for the second factor of a login
// that still wants one.
func (s *server) showLogin(w http.ResponseWriter, r *http.Request) {
	to := s.understood(w, r)
	if to == nil {
		return
	}
	l, err := s.login(r)
	if err != nil {
		s.failedPage(w, r, err)
		return
	}
	s.loginPage(w, r, to, l, http.StatusOK, page{Email: to.hint})
}

func (s *server) loginPage(w http.ResponseWriter, r *http.Request, to *request, l *account.BrowserLogin, status int, p page) {
	p, err := s.asking(r, to, s.form(w, r, p))
	if err != nil {
		s.failedPage(w, r, err)
		return
	}
	if l != nil && l.Pending && r.URL.Query().Get("restart") == "" {
		p.Title, p.Restart = "Enter your code", p.Action+"&restart=1"
		s.show(w, status, "code", p, to)
		return
	}
	p.Title = "Log in"
	s.show(w, status, "login", p, to)
}

const tooMany = "Too many attempts. Wait a while, then try again."

// logIn checks what the form brought.
func (s *server) logIn(w http.ResponseWriter, r *http.Request) {
	to := s.understood(w, r)
	if to == nil || !s.ours(w, r) {
		return
	}
	pending, err := s.login(r)
	if err != nil {
		s.failedPage(w, r, err)
		return
	}
	if r.PostForm.Has("code") {
		s.confirm(w, r, to, pending)
		return
	}
	email := strings.TrimSpace(r.PostForm.Get("email"))
	again := func(status int, problem string) {
		s.loginPage(w, r, to, nil, status, page{Problem: problem, Email: email})
	}
	if email == "" || r.PostForm.Get("password") == "" || len(email) > 254 {
		again(http.StatusUnprocessableEntity, "Enter your e-mail address and your password.")
		return
	}
	tried, err := s.attempt(w, r, quota.Login, email)
	if asset.Is(err, asset.RateLimited) {
		again(http.StatusTooManyRequests, tooMany)
		return
	}
	if err != nil {
		s.failedPage(w, r, err)
		return
	}
	cookie, l, err := s.Accounts.LogInBrowser(r.Context(), email, r.PostForm.Get("password"))
	if !asset.Is(err, asset.InvalidCredentials) { // only what may be guessing counts
		s.giveBack(r, tried)
	}
	switch {
	case asset.Is(err, asset.InvalidCredentials):
		again(http.StatusUnauthorized, "The e-mail address or the password is wrong.")
	case asset.Is(err, asset.Forbidden):
		again(http.StatusForbidden, "This account is suspended, or was closed.")
	case err != nil:
		s.failedPage(w, r, err)
	default:
		s.entered(w, r, to, cookie, l)
	}
}

// confirm checks the second factor.
func (s *server) confirm(w http.ResponseWriter, r *http.Request, to *request, pending *account.BrowserLogin) {
	if pending == nil || !pending.Pending { // it took too long, or is done already
		s.redirect(w, r, authorizePath, to.query)
		return
	}
	code := strings.TrimSpace(r.PostForm.Get("code"))
	if code == "" || len(code) > 64 {
		s.loginPage(w, r, to, pending, http.StatusUnprocessableEntity, page{Problem: "Enter a code."})
		return
	}
	// The same tries as those of POST /v1/auth/login: who guesses has no more for
	// guessing at both doors.
	tried, err := s.attempt(w, r, quota.TOTP, pending.UserID.String())
	if asset.Is(err, asset.RateLimited) {
		s.loginPage(w, r, to, pending, http.StatusTooManyRequests, page{Problem: tooMany})
		return
	}
	if err != nil {
		s.failedPage(w, r, err)
		return
	}
	cookie, l, err := s.Accounts.ConfirmBrowser(r.Context(), pending, code)
	if !asset.Is(err, asset.InvalidCredentials) {
		s.giveBack(r, tried)
	}
	switch {
	case asset.Is(err, asset.InvalidCredentials):
		s.loginPage(w, r, to, pending, http.StatusUnauthorized, page{Problem: "The code is wrong, or was used already."})
	case asset.Is(err, asset.Forbidden):
		s.errorPage(w, http.StatusForbidden, "This account is suspended, or was closed", "Ask the operator of this service.")
	case err != nil:
		s.failedPage(w, r, err)
	default:
		s.entered(w, r, to, cookie, l)
	}
}

// entered goes on after a login; one before it in this browser ends.
func (s *server) entered(w http.ResponseWriter, r *http.Request, to *request, cookie string, l *account.BrowserLogin) {
	if before := s.cookieOf(r, loginCookie); before != "" {
		if err := s.Accounts.LogOutBrowser(r.Context(), before); err != nil {
			s.failedPage(w, r, err)
			return
		}
	}
	s.setLogin(w, cookie)
	if l.Pending {
		q := to.query
		q.Del("restart")
		s.redirect(w, r, loginPath, q)
		return
	}
	s.redirect(w, r, authorizePath, to.loggedIn())
}

func (s *server) giveBack(r *http.Request, g *quota.Grant) {
	ctx, cancel := contextWithout(r.Context(), 5*time.Second)
	defer cancel()
	if err := g.GiveBack(ctx, 1); err != nil {
		s.logFailure(ctx, err)
	}
}
