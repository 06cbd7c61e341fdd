package account_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail/mailtest"
)

// code is what an authenticator shows, by RFC 4226 and RFC 6238 alone.
func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	must(t, err)
	mac := hmac.New(sha1.New, key)
	must(t, binary.Write(mac, binary.BigEndian, at.Unix()/30))
	sum := mac.Sum(nil)
	offset := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1000000)
}

// secondFactor gives a user a second factor.
func (f *fixture) secondFactor(p account.Principal) (secret string, recovery []string) {
	f.t.Helper()
	return f.secondFactorBy(p, password)
}

func (f *fixture) secondFactorBy(p account.Principal, password string) (secret string, recovery []string) {
	f.t.Helper()
	s, err := f.BeginTOTP(f.t.Context(), p, password)
	must(f.t, err)
	recovery, err = f.ConfirmTOTP(f.t.Context(), p, code(f.t, s.Secret, f.clock.now()))
	must(f.t, err)
	f.clock.advance(30 * time.Second)
	return s.Secret, recovery
}

func (f *fixture) with(code string) error {
	_, err := f.Login(f.t.Context(), account.SignIn{Email: "user@example.com", Password: password, Code: code})
	return err
}

func TestBeginTOTP(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	_, err := f.BeginTOTP(t.Context(), p, another)
	wantCode(t, "a wrong password", err, asset.InvalidCredentials)
	_, err = f.ConfirmTOTP(t.Context(), p, "000000")
	wantCode(t, "confirming what was not begun", err, asset.Conflict)
	first, err := f.BeginTOTP(t.Context(), p, password)
	must(t, err)
	must(t, f.with("")) // it is not asked for before it is confirmed
	second, err := f.BeginTOTP(t.Context(), p, password)
	must(t, err)

	uri, err := url.Parse(second.URI)
	must(t, err)
	q := uri.Query()
	want(t, "URI", fmt.Sprint(uri.Scheme, uri.Host, uri.Path, q.Get("secret") == second.Secret, q.Get("issuer"), q.Get("digits"), q.Get("period"), q.Get("algorithm")),
		fmt.Sprint("otpauth", "totp", "/certana (localhost):user@example.com", true, "certana (localhost)", "6", "30", "SHA1"))
	picture, err := base64.StdEncoding.DecodeString(second.PNG)
	must(t, err)
	image, err := png.Decode(bytes.NewReader(picture))
	must(t, err)
	want(t, "width", image.Bounds().Dx(), 256)

	_, err = f.ConfirmTOTP(t.Context(), p, code(t, first.Secret, f.clock.now()))
	wantCode(t, "a code of the replaced secret", err, asset.InvalidCredentials)
	codes, err := f.ConfirmTOTP(t.Context(), p, code(t, second.Secret, f.clock.now()))
	must(t, err)
	want(t, "recovery codes", len(codes), 10)
	_, err = f.BeginTOTP(t.Context(), p, password)
	wantCode(t, "beginning again", err, asset.Conflict)
	_, err = f.ConfirmTOTP(t.Context(), p, code(t, second.Secret, f.clock.now()))
	wantCode(t, "confirming again", err, asset.Conflict)
	me, err := f.Me(t.Context(), p)
	must(t, err)
	want(t, "enabled", me.TOTPEnabled, true)
	rows := f.dump()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(second.Secret)
	must(t, err)
	if strings.Contains(rows, second.Secret) || strings.Contains(rows, string(raw)) {
		t.Error("the secret is in the database as it is")
	}
	for _, c := range codes {
		if strings.Contains(rows, c) || strings.Contains(rows, strings.ReplaceAll(c, "-", "")) {
			t.Error("a recovery code is in the database as it is")
		}
	}
}

func TestLoginWithSecondFactor(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	secret, recovery := f.secondFactor(p)
	now := f.clock.now()
	at := func(steps int) string { return code(t, secret, now.Add(time.Duration(steps)*30*time.Second)) }

	wantCode(t, "no code", f.with(""), asset.SecondFactorRequired)
	for name, wrong := range map[string]string{"two steps early": at(2), "the step that confirmed it, a step late": at(-1),
		"two steps late": at(-2), "no code of any kind": "nonsense", "digits of another script": "１２３４５６", "seven digits": at(0) + "0",
		"a recovery code, cut": recovery[0][:18]} {
		wantCode(t, name, f.with(wrong), asset.InvalidCredentials)
	}
	for name, in := range map[string]account.SignIn{
		"a wrong password, no code": {Email: "user@example.com", Password: another},
		"a wrong password":          {Email: "user@example.com", Password: another, Code: at(0)},
		"an unknown address":        {Email: "nobody@example.com", Password: password, Code: at(0)},
	} {
		_, err := f.Login(t.Context(), in)
		wantCode(t, name, err, asset.InvalidCredentials)
	}
	must(t, f.with(at(0)))
	wantCode(t, "the same code again", f.with(at(0)), asset.InvalidCredentials)
	must(t, f.with(at(1))) // a clock that is ahead
	wantCode(t, "a step before one that was used", f.with(at(0)), asset.InvalidCredentials)
	wantCode(t, "a step that was used, by the next", f.with(at(1)), asset.InvalidCredentials)
	f.clock.advance(90 * time.Second)
	must(t, f.with(at(2))) // a clock that is behind

	must(t, f.with(recovery[3]))
	wantCode(t, "a recovery code again", f.with(recovery[3]), asset.InvalidCredentials)
	must(t, f.with(strings.ToUpper(strings.ReplaceAll(recovery[4], "-", " "))))
	_, other := f.secondFactor(f.session("other@example.com"))
	wantCode(t, "another's recovery code", f.with(other[0]), asset.InvalidCredentials)
}

// Who may try codes is asked after the password was right, and only then.
func TestBeforeCode(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	secret, _ := f.secondFactor(p)
	asked := 0
	enough := errors.New("enough")
	in := func(password, code string) account.SignIn {
		return account.SignIn{Email: "user@example.com", Password: password, Code: code, BeforeCode: func(_ context.Context, user asset.ID) error {
			want(t, "user", user, p.UserID)
			asked++
			return enough
		}}
	}
	_, err := f.Login(t.Context(), in(another, "123456"))
	wantCode(t, "a wrong password", err, asset.InvalidCredentials)
	_, err = f.Login(t.Context(), in(password, ""))
	wantCode(t, "no code", err, asset.SecondFactorRequired)
	want(t, "asked", asked, 0)
	right := code(t, secret, f.clock.now())
	_, err = f.Login(t.Context(), in(password, right))
	want(t, "error", err, enough)
	must(t, f.with(right)) // which was not used up
}

func TestCodesAtOnce(t *testing.T) {
	f := setup(t)
	secret, recovery := f.secondFactor(f.session("user@example.com"))
	right := code(t, secret, f.clock.now())
	want(t, "uses of a step", atOnce(t, 20, asset.InvalidCredentials, func(int) error { return f.with(right) }), 1)
	want(t, "uses of a recovery code", atOnce(t, 20, asset.InvalidCredentials, func(int) error { return f.with(recovery[0]) }), 1)
}

func TestDisableTOTP(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	wantCode(t, "what is not there", f.DisableTOTP(t.Context(), p, account.Proof{Password: password, Code: "123456"}), asset.Conflict)
	secret, recovery := f.secondFactor(p)
	right := code(t, secret, f.clock.now())
	wantCode(t, "a wrong password", f.DisableTOTP(t.Context(), p, account.Proof{Password: another, Code: right}), asset.InvalidCredentials)
	wantCode(t, "a wrong code", f.DisableTOTP(t.Context(), p, account.Proof{Password: password, Code: "nonsense"}), asset.InvalidCredentials)
	must(t, f.DisableTOTP(t.Context(), p, account.Proof{Password: password, Code: recovery[0]}))
	must(t, f.with(""))
	secret, _ = f.secondFactor(p)
	must(t, f.DisableTOTP(t.Context(), p, account.Proof{Password: password, Code: code(t, secret, f.clock.now())}))
	want(t, "audit log", fmt.Sprint(f.actions(p.UserID)), "[user.registered user.logged_in user.totp_enabled user.login_failed user.login_failed "+
		"user.totp_disabled user.logged_in user.totp_enabled user.totp_disabled]")
}

// A reset of the password is no way round the second factor.
func TestResetKeepsSecondFactor(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	secret, _ := f.secondFactor(p)
	must(t, f.ChangePassword(t.Context(), p, password, another))
	in := account.SignIn{Email: "user@example.com", Password: another}
	_, err := f.Login(t.Context(), in)
	wantCode(t, "without a code", err, asset.SecondFactorRequired)
	in.Code = code(t, secret, f.clock.now())
	_, err = f.Login(t.Context(), in)
	must(t, err)
}

func TestSuspendedUser(t *testing.T) {
	f := setup(t)
	u := f.register("user@example.com")
	tokens := f.login("user@example.com")
	f.suspend(u.ID)
	wantCode(t, "logging in", f.with(""), asset.Forbidden)
	_, err := f.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: another})
	wantCode(t, "with a wrong password", err, asset.InvalidCredentials)
	_, err = f.Refresh(t.Context(), tokens.RefreshToken)
	wantCode(t, "refreshing", err, asset.Forbidden)
	must(t, f.db.SuspendUser(t.Context(), u.ID, nil))
	_, err = f.Refresh(t.Context(), tokens.RefreshToken)
	must(t, err)
}

// Who has lost authenticator and recovery codes gets in again by the operator.
func TestResetTOTP(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	p := f.session("user@example.com")
	_, recovery := f.secondFactor(p)
	tokens, err := f.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: password, Code: recovery[0]})
	must(t, err)
	_, err = f.ResetTOTP(t.Context(), p, p.UserID, "")
	wantCode(t, "by oneself", err, asset.InsufficientScope)
	_, err = f.ResetTOTP(t.Context(), account.Platform(), asset.NewID(), "")
	wantCode(t, "of nobody", err, asset.NotFound)
	wantCode(t, "before", f.with(""), asset.SecondFactorRequired)
	for range 2 { // the second time changes nothing
		u, err := f.ResetTOTP(t.Context(), account.Platform(), p.UserID, "lost")
		must(t, err)
		want(t, "second factor", u.TOTPSealed == nil && u.TOTPConfirmedAt == nil, true)
	}
	_, err = f.bearer(tokens.AccessToken)
	wantCode(t, "a session", err, asset.Unauthorized)
	_, err = f.Refresh(t.Context(), tokens.RefreshToken)
	wantCode(t, "its refresh token", err, asset.Unauthorized)
	must(t, f.with(""))
	f.secondFactor(f.again("user@example.com"))
	wantCode(t, "a recovery code of the one before", f.with(recovery[1]), asset.InvalidCredentials)
	server.Wait(t, "user@example.com", "The second factor was switched off", 1)
	events, _, err := f.PlatformAudit(t.Context(), account.Platform(), db.AuditFilter{Action: account.ActionTOTPReset, Page: db.Page{Number: 1, Size: 10}})
	must(t, err)
	if len(events) != 1 || events[0].ActorKind != "operator" || !strings.Contains(string(events[0].Details), "lost") {
		t.Errorf("%+v", events)
	}
}

// again is a registered user's principal in another session.
func (f *fixture) again(email string) account.Principal {
	f.t.Helper()
	p, err := f.bearer(f.login(email).AccessToken)
	must(f.t, err)
	return p
}
