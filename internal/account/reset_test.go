package account_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail/mailtest"
)

const another = "AnotherPassword456!"

// atOnce runs a function many times at once and answers how often it had no
// error; every error must have the code.
func atOnce(t *testing.T, n int, code asset.Code, f func(i int) error) int {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := f(i)
			if err == nil {
				won.Add(1)
			} else if !asset.Is(err, code) {
				t.Errorf("got %v, want %s", err, code)
			}
		})
	}
	wg.Wait()
	return int(won.Load())
}

// actions are what the audit log says of a user, oldest first.
func (f *fixture) actions(user asset.ID) []string {
	f.t.Helper()
	all, _, err := f.db.AuditEvents(f.t.Context(), db.AuditFilter{UserID: &user, Page: db.Page{Number: 1, Size: 100}})
	must(f.t, err)
	out := make([]string, len(all))
	for i, e := range all {
		out[len(all)-1-i] = e.Action
	}
	return out
}

func (f *fixture) suspend(user asset.ID) {
	f.t.Helper()
	at := f.clock.now()
	must(f.t, f.db.SuspendUser(f.t.Context(), user, &at))
}

func TestResetPassword(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	u := f.register("User@example.com")
	old := f.login("user@example.com")
	p, err := f.bearer(old.AccessToken)
	must(t, err)
	must(t, f.ForgotPassword(t.Context(), "uSER@example.com"))
	secret := token(t, server, "User@example.com", toReset, 1)
	wantCode(t, "a weak password", f.ResetPassword(t.Context(), secret, "password"), asset.ValidationError)
	must(t, f.ResetPassword(t.Context(), secret, another))

	wantCode(t, "the token again", f.ResetPassword(t.Context(), secret, another), asset.Unauthorized)
	_, err = f.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: password})
	wantCode(t, "the old password", err, asset.InvalidCredentials)
	_, err = f.bearer(old.AccessToken)
	wantCode(t, "the session from before", err, asset.Unauthorized)
	_, err = f.Refresh(t.Context(), old.RefreshToken)
	wantCode(t, "its refresh token", err, asset.Unauthorized)
	_, err = f.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: another})
	must(t, err)
	me, err := f.Me(t.Context(), p)
	must(t, err)
	want(t, "verified by the token", me.EmailVerified, true)
	server.Wait(t, "User@example.com", "Your password was changed", 1)
	want(t, "audit log", fmt.Sprint(f.actions(u.ID)), "[user.registered user.logged_in user.password_reset_requested user.reclaimed user.password_reset user.login_failed user.logged_in]")
}

// What ends a reset token.
func TestDeadResetTokens(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, f *fixture, s *mailtest.Server, p account.Principal){
		"an hour": func(_ *testing.T, f *fixture, _ *mailtest.Server, _ account.Principal) { f.clock.advance(time.Hour) },
		"another request": func(t *testing.T, f *fixture, s *mailtest.Server, _ account.Principal) {
			must(t, f.ForgotPassword(t.Context(), "user@example.com"))
			s.Wait(t, "user@example.com", toReset, 2)
		},
		"a changed password": func(t *testing.T, f *fixture, _ *mailtest.Server, p account.Principal) {
			must(t, f.ChangePassword(t.Context(), p, password, another))
		},
		"a changed address": func(t *testing.T, f *fixture, s *mailtest.Server, p account.Principal) {
			must(t, f.ChangeEmail(t.Context(), p, "new@example.com", password, nil))
			_, err := f.VerifyEmail(t.Context(), token(t, s, "new@example.com", toChange, 1))
			must(t, err)
		},
		"an address changed and changed back": func(t *testing.T, f *fixture, s *mailtest.Server, p account.Principal) {
			for _, address := range []string{"new@example.com", "user@example.com"} {
				must(t, f.ChangeEmail(t.Context(), p, address, password, nil))
				_, err := f.VerifyEmail(t.Context(), token(t, s, address, toChange, 1))
				must(t, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t)
			server, _ := f.deliver(mailtest.Options{})
			p := f.session("user@example.com")
			must(t, f.ForgotPassword(t.Context(), "user@example.com"))
			secret := token(t, server, "user@example.com", toReset, 1)
			end(t, f, server, p)
			wantCode(t, "after "+name, f.ResetPassword(t.Context(), secret, "YetAnother789!"), asset.Unauthorized)
		})
	}
}

// Tokens are for what they were sent for.
func TestTokensOfAnotherPurpose(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	p := f.session("user@example.com")
	must(t, f.ForgotPassword(t.Context(), "user@example.com"))
	must(t, f.ChangeEmail(t.Context(), p, "new@example.com", password, nil))
	reset, verify, change := "", token(t, server, "user@example.com", toVerify, 1), token(t, server, "new@example.com", toChange, 1)
	reset = token(t, server, "user@example.com", toReset, 1)
	for name, secret := range map[string]string{"verification": verify, "change of address": change, "none": "cert_mt_none", "a refresh token": f.login("user@example.com").RefreshToken} {
		wantCode(t, "resetting by "+name, f.ResetPassword(t.Context(), secret, another), asset.Unauthorized)
	}
	_, err := f.VerifyEmail(t.Context(), reset)
	wantCode(t, "verifying by a reset", err, asset.Unauthorized)
	_, err = f.Refresh(t.Context(), reset)
	wantCode(t, "refreshing by a reset", err, asset.Unauthorized)
	_, err = f.bearer(reset)
	wantCode(t, "a reset as an access token", err, asset.Unauthorized)
	must(t, f.ResetPassword(t.Context(), reset, another)) // it was good all the time
}

func TestResetTokenAtOnce(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	f.register("user@example.com")
	must(t, f.ForgotPassword(t.Context(), "user@example.com"))
	secret := token(t, server, "user@example.com", toReset, 1)
	var good atomic.Int64
	n := atOnce(t, 20, asset.Unauthorized, func(i int) error {
		err := f.ResetPassword(t.Context(), secret, fmt.Sprint("NewPassword", i))
		if err == nil {
			good.Store(int64(i))
		}
		return err
	})
	want(t, "uses", n, 1)
	_, err := f.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: fmt.Sprint("NewPassword", good.Load())})
	must(t, err)
}

// Nobody is told whether a user has an address, and who has none gets nothing.
func TestForgotPasswordTellsNothing(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	f.register("user@example.com")
	suspended := f.register("suspended@example.com")
	f.suspend(suspended.ID)
	for _, address := range []string{"nobody@example.com", "suspended@example.com", "user@example.com"} {
		must(t, f.ForgotPassword(t.Context(), address))
	}
	f.settle()
	server.Wait(t, "user@example.com", toReset, 1)
	for _, address := range []string{"nobody@example.com", "suspended@example.com"} {
		for _, m := range server.Messages() {
			if m.To == address && m.Subject == "Set a new password" {
				t.Errorf("%s was sent a token", address)
			}
		}
	}
	for _, address := range []string{"nobody", "operator@certana.invalid", "a@example.com\r\nBcc: b@example.com"} {
		wantCode(t, address, f.ForgotPassword(t.Context(), address), asset.ValidationError)
	}
}

func TestChangePassword(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	p := f.session("user@example.com")
	elsewhere := f.login("user@example.com")
	theirs := f.session("other@example.com")
	for _, c := range []struct {
		what, present, next string
		code                asset.Code
	}{
		{"a wrong password", another, "YetAnother789!", asset.InvalidCredentials},
		{"a weak one", password, "password", asset.ValidationError},
		{"the same one", password, password, asset.ValidationError},
	} {
		wantCode(t, c.what, f.ChangePassword(t.Context(), p, c.present, c.next), c.code)
	}
	program := p
	program.SessionID = nil
	wantCode(t, "by a program", f.ChangePassword(t.Context(), program, password, another), asset.Forbidden)
	_, err := f.bearer(elsewhere.AccessToken)
	must(t, err)
	must(t, f.ChangePassword(t.Context(), p, password, another))
	_, err = f.bearer(elsewhere.AccessToken)
	wantCode(t, "another session", err, asset.Unauthorized)
	_, _, err = f.Sessions(t.Context(), theirs, db.Page{Number: 1, Size: 10})
	must(t, err)
	_, err = f.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: another})
	must(t, err)
	server.Wait(t, "user@example.com", "Your password was changed", 1)
}

// A login or a change that was under way with the old password when it was
// changed opens nothing.
func TestPasswordChangesOnceAtATime(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	n := atOnce(t, 10, asset.InvalidCredentials, func(i int) error {
		return f.ChangePassword(t.Context(), p, password, fmt.Sprint("NewPassword", i))
	})
	want(t, "changes", n, 1)
	f.clock.advance(time.Second)
	f.register("second@example.com")
	q := f.session("third@example.com")
	var wg sync.WaitGroup
	var opened sync.Map
	for range 10 {
		wg.Go(func() {
			if tokens, err := f.Login(t.Context(), account.SignIn{Email: "third@example.com", Password: password}); err == nil {
				opened.Store(tokens.AccessToken, true)
			} else if !asset.Is(err, asset.InvalidCredentials) {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		if err := f.ChangePassword(t.Context(), q, password, another); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	opened.Range(func(access, _ any) bool {
		_, err := f.bearer(access.(string))
		wantCode(t, "a session opened with the old password", err, asset.Unauthorized)
		return true
	})
}
