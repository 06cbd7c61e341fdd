package httpapi_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/quota"
)

const newPassword = "AnotherPassword456!"

// mailed is the token of the n-th message about something to an address.
func (w *world) mailed(t *testing.T, to, subject string, n int) string {
	t.Helper()
	token := w.Mail.Wait(t, to, subject, n).Token()
	if token == "" {
		t.Fatalf("no token was sent to %s", to)
	}
	return token
}

// From registration to a verified address, another one, and a forgotten password.
func TestOwnAccount(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	me := w.want(t, 200, call{method: "GET", path: "/v1/auth/me", token: token})
	if me["email"] != "user@example.com" || me["full_name"] != "John Doe" || me["tier"] != "free" || me["email_verified"] != false || me["totp_enabled"] != false {
		t.Errorf("me %v", me)
	}
	for _, c := range []struct{ patch, name string }{{`{}`, "John Doe"}, {`{"full_name":"Jane"}`, "Jane"}, {`{"full_name":null}`, ""}} {
		if me := w.want(t, 200, call{method: "PATCH", path: "/v1/auth/me", token: token, json: c.patch}); me["full_name"] != c.name {
			t.Errorf("%s: %v", c.patch, me)
		}
	}
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "PATCH", path: "/v1/auth/me", token: token, json: `{"tier":"enterprise"}`})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/auth/me"})

	first := w.mailed(t, "user@example.com", "Verify your e-mail address", 1)
	if me := w.want(t, 200, call{method: "POST", path: "/v1/auth/email/verify", json: map[string]any{"token": first}}); me["email_verified"] != true {
		t.Errorf("verified %v", me)
	}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "POST", path: "/v1/auth/email/verify", json: map[string]any{"token": first}})
	w.refused(t, 409, "CONFLICT", call{method: "POST", path: "/v1/auth/email/verification", token: token})

	w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "POST", path: "/v1/auth/email/change", token: token,
		json: map[string]any{"new_email": "new@example.com", "password": "wrong"}})
	w.want(t, 202, call{method: "POST", path: "/v1/auth/email/change", token: token,
		json: map[string]any{"new_email": "new@example.com", "password": "SecurePassword123!"}})
	change := w.mailed(t, "new@example.com", "Confirm your new e-mail address", 1)
	if me := w.want(t, 200, call{method: "POST", path: "/v1/auth/email/verify", json: map[string]any{"token": change}}); me["email"] != "new@example.com" {
		t.Errorf("changed %v", me)
	}
	w.Mail.Wait(t, "user@example.com", "Your e-mail address was changed", 1)
	w.want(t, 200, call{method: "GET", path: "/v1/auth/me", token: token})

	known := w.do(t, call{method: "POST", path: "/v1/auth/password/forgot", json: `{"email":"new@example.com"}`})
	unknown := w.do(t, call{method: "POST", path: "/v1/auth/password/forgot", json: `{"email":"nobody@example.com"}`})
	if known.status != 202 || unknown.status != 202 || string(known.body) != string(unknown.body) {
		t.Errorf("known %d %s, unknown %d %s", known.status, known.body, unknown.status, unknown.body)
	}
	reset := map[string]any{"token": w.mailed(t, "new@example.com", "Set a new password", 1), "new_password": newPassword}
	if a := w.do(t, call{method: "POST", path: "/v1/auth/password/reset", json: reset}); a.status != 204 {
		t.Errorf("reset: %d %s", a.status, a.body)
	}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "POST", path: "/v1/auth/password/reset", json: reset})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/auth/me", token: token})
	w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "POST", path: "/v1/auth/login", json: `{"email":"new@example.com","password":"SecurePassword123!"}`})
	again := w.want(t, 200, call{method: "POST", path: "/v1/auth/login", json: map[string]any{"email": "new@example.com", "password": newPassword}})

	token = again["access_token"].(string)
	w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "POST", path: "/v1/auth/password/change", token: token,
		json: map[string]any{"current_password": "SecurePassword123!", "new_password": "SecurePassword123!"}})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: "/v1/auth/password/change", token: token,
		json: map[string]any{"current_password": newPassword, "new_password": "password1"}})
	if a := w.do(t, call{method: "POST", path: "/v1/auth/password/change", token: token,
		json: map[string]any{"current_password": newPassword, "new_password": "SecurePassword123!"}}); a.status != 204 {
		t.Errorf("change: %d %s", a.status, a.body)
	}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/auth/me", token: token})
	w.login(t, "new@example.com")
}

func TestOwnSessions(t *testing.T) {
	w := newWorld(t)
	here := w.register(t, "user@example.com")
	there := w.want(t, 200, call{method: "POST", path: "/v1/auth/login", header: map[string]string{"User-Agent": "elsewhere/1"},
		json: `{"email":"user@example.com","password":"SecurePassword123!"}`})
	list := w.want(t, 200, call{method: "GET", path: "/v1/auth/sessions/?page_size=1", token: here})
	newest := list["items"].([]any)[0].(map[string]any)
	if fmt.Sprintf("%v %v", list["total"], list["pages"]) != "2 2" || newest["user_agent"] != "elsewhere/1" || newest["address"] != "127.0.0.1" || newest["current"] != false {
		t.Errorf("sessions %v", list)
	}
	other := w.register(t, "other@example.com")
	path := "/v1/auth/sessions/" + newest["id"].(string)
	w.refused(t, 404, "NOT_FOUND", call{method: "DELETE", path: path, token: other})
	w.want(t, 204, call{method: "DELETE", path: path, token: here})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/auth/me", token: there["access_token"].(string)})
	w.refused(t, 404, "NOT_FOUND", call{method: "DELETE", path: path, token: here})
	w.want(t, 204, call{method: "DELETE", path: "/v1/auth/sessions/", token: here})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/auth/me", token: here})
	w.want(t, 200, call{method: "GET", path: "/v1/auth/me", token: other})
}

// authenticator shows a code by RFC 6238 alone, some steps from now.
func authenticator(t *testing.T, secret string, steps int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, time.Now().Unix()/30+steps)
	sum := mac.Sum(nil)
	offset := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1000000)
}

func TestSecondFactorByTheAPI(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "POST", path: "/v1/auth/totp", token: token, json: `{"password":"wrong"}`})
	w.refused(t, 409, "CONFLICT", call{method: "POST", path: "/v1/auth/totp/confirm", token: token, json: `{"code":"123456"}`})
	begun := w.want(t, 200, call{method: "POST", path: "/v1/auth/totp", token: token, json: `{"password":"SecurePassword123!"}`})
	secret := begun["secret"].(string)
	on := w.want(t, 200, call{method: "POST", path: "/v1/auth/totp/confirm", token: token, json: map[string]any{"code": authenticator(t, secret, 0)}})
	codes := on["recovery_codes"].([]any)
	if len(codes) != 10 {
		t.Errorf("recovery codes %v", codes)
	}
	login := func(code any) call {
		body := map[string]any{"email": "user@example.com", "password": "SecurePassword123!"}
		if code != nil {
			body["totp_code"] = code
		}
		return call{method: "POST", path: "/v1/auth/login", json: body}
	}
	w.refused(t, 401, "SECOND_FACTOR_REQUIRED", login(nil))
	w.want(t, 200, login(authenticator(t, secret, 1)))
	w.want(t, 200, login(codes[0]))
	for range quota.DefaultConfig().TOTPTriesPerUser {
		w.refused(t, 401, "INVALID_CREDENTIALS", login(codes[0]))
	}
	w.refused(t, 429, "RATE_LIMITED", login(codes[1]))
	w.refused(t, 429, "RATE_LIMITED", call{method: "DELETE", path: "/v1/auth/totp", token: token,
		json: map[string]any{"password": "SecurePassword123!", "code": codes[1]}})
	// The password alone is not bounded by that, nor is anybody else.
	w.refused(t, 401, "SECOND_FACTOR_REQUIRED", login(nil))
}

func TestSecondFactorIsSwitchedOff(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	begun := w.want(t, 200, call{method: "POST", path: "/v1/auth/totp", token: token, json: `{"password":"SecurePassword123!"}`})
	on := w.want(t, 200, call{method: "POST", path: "/v1/auth/totp/confirm", token: token,
		json: map[string]any{"code": authenticator(t, begun["secret"].(string), 0)}})
	w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "DELETE", path: "/v1/auth/totp", token: token,
		json: map[string]any{"password": "SecurePassword123!", "code": "nonsense"}})
	w.want(t, 204, call{method: "DELETE", path: "/v1/auth/totp", token: token,
		json: map[string]any{"password": "SecurePassword123!", "code": on["recovery_codes"].([]any)[9]}})
	w.login(t, "user@example.com")
	w.Mail.Wait(t, "user@example.com", "The second factor was switched off", 1)
}

// What can be guessed, and what sends messages, is bounded.
func TestAccountLimits(t *testing.T) {
	few := quota.DefaultConfig()
	few.LoginsPerUser, few.PasswordResetsPerUser, few.EmailVerificationsPerUser = 3, 3, 3
	w := newWorld(t, limited(t, few))
	token := w.register(t, "user@example.com")
	for name, c := range map[string]struct {
		status int
		code   string
		call   call
	}{
		"a password, by a stolen token": {401, "INVALID_CREDENTIALS", call{method: "POST", path: "/v1/auth/password/change", token: token,
			json: map[string]any{"current_password": "guess", "new_password": newPassword}}},
		"messages to one address":          {202, "", call{method: "POST", path: "/v1/auth/password/forgot", json: `{"email":"user@example.com"}`}},
		"messages to an address of nobody": {202, "", call{method: "POST", path: "/v1/auth/password/forgot", json: `{"email":"nobody@example.com"}`}},
		"messages to oneself":              {202, "", call{method: "POST", path: "/v1/auth/email/verification", token: token}},
	} {
		for range 3 {
			if a := w.do(t, c.call); a.status != c.status || c.code != "" && a.object["error_code"] != c.code {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		if a := w.do(t, c.call); a.status != 429 || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// An account is closed with the password, by the person, and then nothing of it works.
func TestCloseAccount(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	other := w.register(t, "other@example.com")
	key := w.want(t, 201, call{method: "POST", path: "/v1/api-keys/", token: token, json: `{"name":"k","scopes":["read"]}`})["key"].(string)
	closing := call{method: "DELETE", path: "/v1/auth/me", token: token, json: map[string]any{"password": "SecurePassword123!"}}
	wrong := closing
	wrong.json = map[string]any{"password": "wrong"}
	w.refused(t, 401, "INVALID_CREDENTIALS", wrong)
	wrong.json = `{}`
	w.refused(t, 422, "VALIDATION_ERROR", wrong)
	byKey := closing
	byKey.token, byKey.key = "", key
	w.refused(t, 401, "UNAUTHORIZED", byKey)

	org := w.want(t, 201, call{method: "POST", path: "/v1/organizations/", token: token, json: `{"name":"Shared Things"}`})["id"].(string)
	w.want(t, 201, call{method: "POST", path: "/v1/organizations/" + org + "/invitations/", token: token,
		json: `{"email":"other@example.com","role":"viewer"}`})
	w.want(t, 200, call{method: "POST", path: "/v1/auth/email/verify",
		json: map[string]any{"token": w.mailed(t, "other@example.com", "Verify your e-mail address", 1)}})
	w.want(t, 200, call{method: "POST", path: "/v1/invitations/accept", token: other,
		json: map[string]any{"token": w.mailed(t, "other@example.com", "You are invited to an organization", 1)}})
	w.refused(t, 409, "CONFLICT", closing)
	w.want(t, 202, call{method: "DELETE", path: "/v1/organizations/" + org, token: token, json: `{"password":"SecurePassword123!"}`})

	closed := w.want(t, 202, closing)
	if at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(closed["erase_at"])); err != nil || time.Until(at).Round(time.Hour) != 30*24*time.Hour {
		t.Errorf("%v %v", closed, err)
	}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/auth/me", token: token})
	w.refused(t, 401, "INVALID_API_KEY", call{method: "GET", path: "/v1/assets/", key: key})
	w.refused(t, 403, "FORBIDDEN", call{method: "POST", path: "/v1/auth/login",
		json: map[string]any{"email": "user@example.com", "password": "SecurePassword123!"}})
	w.Mail.Wait(t, "user@example.com", "Your account was closed", 1)
	w.want(t, 200, call{method: "GET", path: "/v1/auth/me", token: other})
}

// Who has stolen an access token and guesses at the password does not lock the owner's
// second factor.
func TestStolenTokenLocksNothing(t *testing.T) {
	few := quota.DefaultConfig()
	few.LoginsPerUser = 100
	w := newWorld(t, limited(t, few))
	token := w.register(t, "user@example.com")
	begun := w.want(t, 200, call{method: "POST", path: "/v1/auth/totp", token: token, json: `{"password":"SecurePassword123!"}`})
	secret := begun["secret"].(string)
	confirm := func(code string) call {
		return call{method: "POST", path: "/v1/auth/totp/confirm", token: token, json: map[string]any{"code": code}}
	}
	for range few.TOTPTriesPerUser - 1 {
		w.refused(t, 401, "INVALID_CREDENTIALS", confirm(authenticator(t, secret, 5000)))
	}
	on := w.want(t, 200, confirm(authenticator(t, secret, -1)))
	for range 2 * few.TOTPTriesPerUser {
		w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "DELETE", path: "/v1/auth/totp", token: token,
			json: map[string]any{"password": "guess", "code": "123456"}})
		w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "DELETE", path: "/v1/auth/me", token: token,
			json: map[string]any{"password": "guess", "totp_code": "123456"}})
	}
	for range few.TOTPTriesPerUser - 1 { // none was taken, by confirming neither
		w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "DELETE", path: "/v1/auth/totp", token: token,
			json: map[string]any{"password": "SecurePassword123!", "code": "nonsense"}})
	}
	w.want(t, 200, call{method: "POST", path: "/v1/auth/login", json: map[string]any{
		"email": "user@example.com", "password": "SecurePassword123!", "totp_code": on["recovery_codes"].([]any)[0]}})
}

// Confirming has as many tries as a login has.
func TestConfirmingIsBounded(t *testing.T) {
	few := quota.DefaultConfig()
	w := newWorld(t, limited(t, few))
	token := w.register(t, "user@example.com")
	begun := w.want(t, 200, call{method: "POST", path: "/v1/auth/totp", token: token, json: `{"password":"SecurePassword123!"}`})
	confirm := call{method: "POST", path: "/v1/auth/totp/confirm", token: token,
		json: map[string]any{"code": authenticator(t, begun["secret"].(string), 5000)}}
	for range few.TOTPTriesPerUser {
		w.refused(t, 401, "INVALID_CREDENTIALS", confirm)
	}
	w.refused(t, 429, "RATE_LIMITED", confirm)
}

// Nobody keeps invitations from an address by asking for messages to it that are never
// sent; and those that are sent count for the mailbox, whatever its tag.
func TestMessagesToAnAddress(t *testing.T) {
	few := quota.DefaultConfig()
	few.EmailVerificationsPerUser, few.LoginsPerUser = 3, 100
	w := newWorld(t, limited(t, few))
	token := w.register(t, "user@example.com")
	change := func(address, password string) call {
		return call{method: "POST", path: "/v1/auth/email/change", token: token, json: map[string]any{"new_email": address, "password": password}}
	}
	for range 5 {
		w.refused(t, 401, "INVALID_CREDENTIALS", change("guest@example.com", "guess"))
	}
	w.register(t, "taken@example.com")
	for range 5 {
		w.refused(t, 409, "CONFLICT", change("taken@example.com", "SecurePassword123!"))
	}
	for _, address := range []string{"guest@example.com", "Guest+a@example.com", "guest+b@example.com"} {
		w.want(t, 202, change(address, "SecurePassword123!"))
	}
	w.refused(t, 429, "RATE_LIMITED", change("guest+c@example.com", "SecurePassword123!"))
	w.want(t, 202, change("other@example.com", "SecurePassword123!"))
	o := w.want(t, 201, call{method: "POST", path: "/v1/organizations/", token: token, json: `{"name":"Inviting"}`})["id"].(string)
	w.refused(t, 429, "RATE_LIMITED", call{method: "POST", path: "/v1/organizations/" + o + "/invitations/", token: token,
		json: `{"email":"guest+d@example.com","role":"viewer"}`})
	forgot := func(address string) call {
		return call{method: "POST", path: "/v1/auth/password/forgot", json: map[string]any{"email": address}}
	}
	for range few.PasswordResetsPerUser {
		w.want(t, 202, forgot("user+"+asset.NewID().String()[24:]+"@example.com"))
	}
	w.refused(t, 429, "RATE_LIMITED", forgot("user@example.com"))
}
