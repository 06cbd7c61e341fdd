package account_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail/mailtest"
)

func TestVerifyEmail(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	p := f.session("user@example.com")
	first := token(t, server, "user@example.com", toVerify, 1)
	must(t, f.SendVerification(t.Context(), p))
	second := token(t, server, "user@example.com", toVerify, 2)
	me, err := f.Me(t.Context(), p)
	must(t, err)
	want(t, "before", me.EmailVerified, false)
	_, err = f.VerifyEmail(t.Context(), first)
	wantCode(t, "one that was followed by another", err, asset.Unauthorized)
	f.clock.advance(48*time.Hour - time.Second)
	me, err = f.VerifyEmail(t.Context(), second)
	must(t, err)
	want(t, "after", fmt.Sprint(me.Email, me.EmailVerified), fmt.Sprint("user@example.com", true))
	_, err = f.VerifyEmail(t.Context(), second)
	wantCode(t, "again", err, asset.Unauthorized)
	wantCode(t, "asking again", f.SendVerification(t.Context(), p), asset.Conflict)
	program := p
	program.SessionID = nil
	wantCode(t, "by a program", f.SendVerification(t.Context(), program), asset.Forbidden)
	want(t, "audit log", fmt.Sprint(f.actions(p.UserID)), "[user.registered user.logged_in user.email_verified]")
}

func TestVerificationExpires(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	f.register("user@example.com")
	secret := token(t, server, "user@example.com", toVerify, 1)
	f.clock.advance(48 * time.Hour)
	_, err := f.VerifyEmail(t.Context(), secret)
	wantCode(t, "two days later", err, asset.Unauthorized)
}

func TestChangeEmail(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	p := f.session("user@example.com")
	f.register("other@example.com")
	for _, c := range []struct {
		address, password string
		code              asset.Code
	}{
		{"new@example.com", another, asset.InvalidCredentials},
		{"OTHER@example.com", password, asset.Conflict},
		{"user@example.com", password, asset.ValidationError},
		{"new@example.com\r\nBcc: thief@example.com", password, asset.ValidationError},
		{"New <new@example.com>", password, asset.ValidationError},
	} {
		wantCode(t, c.address, f.ChangeEmail(t.Context(), p, c.address, c.password, nil), c.code)
	}
	must(t, f.ChangeEmail(t.Context(), p, "first@example.com", password, nil))
	must(t, f.ChangeEmail(t.Context(), p, "New@example.com", password, nil))
	_, err := f.Login(t.Context(), account.SignIn{Email: "new@example.com", Password: password})
	wantCode(t, "before the token is used", err, asset.InvalidCredentials)
	_, err = f.VerifyEmail(t.Context(), token(t, server, "first@example.com", toChange, 1))
	wantCode(t, "an address that was followed by another", err, asset.Unauthorized)

	me, err := f.VerifyEmail(t.Context(), token(t, server, "New@example.com", toChange, 1))
	must(t, err)
	want(t, "after", fmt.Sprint(me.Email, me.EmailVerified), fmt.Sprint("New@example.com", true))
	server.Wait(t, "user@example.com", "Your e-mail address was changed", 1)
	_, err = f.Me(t.Context(), p) // the session stays
	must(t, err)
	f.login("new@example.com")
	_, err = f.VerifyEmail(t.Context(), token(t, server, "user@example.com", toVerify, 1))
	wantCode(t, "verifying the old address", err, asset.Unauthorized)
	_, err = f.Register(t.Context(), account.Registration{Email: "USER@example.com", Password: password})
	must(t, err) // the old address is free
}

// Of several who want one address the first who uses the token has it.
func TestChangeToATakenAddress(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	a, b := f.session("a@example.com"), f.session("b@example.com")
	must(t, f.ChangeEmail(t.Context(), a, "wanted@example.com", password, nil))
	must(t, f.ChangeEmail(t.Context(), b, "wanted@example.com", password, nil))
	secrets := []string{token(t, server, "wanted@example.com", toChange, 1), token(t, server, "wanted@example.com", toChange, 2)}
	n := atOnce(t, 2, asset.Conflict, func(i int) error {
		_, err := f.VerifyEmail(t.Context(), secrets[i])
		return err
	})
	want(t, "changes", n, 1)
	_, err := f.Register(t.Context(), account.Registration{Email: "Wanted@example.com", Password: password})
	wantCode(t, "registering with it", err, asset.Conflict)
}

func TestVerificationAtOnce(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	p := f.session("a@example.com")
	must(t, f.ChangeEmail(t.Context(), p, "b@example.com", password, nil))
	secret := token(t, server, "b@example.com", toChange, 1)
	n := atOnce(t, 20, asset.Unauthorized, func(int) error {
		_, err := f.VerifyEmail(t.Context(), secret)
		return err
	})
	want(t, "uses", n, 1)
}

func TestMe(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	name := func(s string) *string { return &s }
	long := ""
	for range 201 {
		long += "n"
	}
	for _, c := range []struct {
		name *string
		want string
	}{{nil, "John Doe"}, {name(" Jane Doe "), "Jane Doe"}, {nil, "Jane Doe"}, {name(""), ""}} {
		me, err := f.UpdateMe(t.Context(), p, c.name)
		must(t, err)
		want(t, "name", me.FullName, c.want)
	}
	_, err := f.UpdateMe(t.Context(), p, &long)
	wantCode(t, "a long name", err, asset.ValidationError)
	me, err := f.Me(t.Context(), p)
	must(t, err)
	want(t, "me", fmt.Sprint(me.ID, me.Email, me.Tier, me.EmailVerified, me.TOTPEnabled), fmt.Sprint(p.UserID, "user@example.com", "free", false, false))
	program := p
	program.SessionID = nil
	_, err = f.Me(t.Context(), program)
	wantCode(t, "by a program", err, asset.Forbidden)
	_, err = f.UpdateMe(t.Context(), program, nil)
	wantCode(t, "by a program", err, asset.Forbidden)
}

// A token that was sent to an address which is not the user's gives them neither
// that address nor a password, however it came to be there.
func TestTokenOfAnotherAddress(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	for _, purpose := range []string{db.VerifyEmail, db.ResetPassword} {
		sum := sha256.Sum256([]byte(purpose))
		must(t, f.db.InsertMailToken(t.Context(), &db.MailToken{Hash: hex.EncodeToString(sum[:]), UserID: p.UserID, Purpose: purpose,
			Email: "former@example.com", ExpiresAt: f.clock.now().Add(time.Hour)}))
	}
	_, err := f.VerifyEmail(t.Context(), db.VerifyEmail)
	wantCode(t, "verifying", err, asset.Unauthorized)
	wantCode(t, "resetting", f.ResetPassword(t.Context(), db.ResetPassword, another), asset.Unauthorized)
	me, err := f.Me(t.Context(), p)
	must(t, err)
	want(t, "address", me.Email, "user@example.com")
}
