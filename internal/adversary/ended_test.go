package adversary

import (
	"net/http"
	"testing"
	"time"
)

// TestEndedByAnotherProcess: whatever another process ends, on the same database,
// is over here within a second, although it was used here a moment before.
func TestEndedByAnotherProcess(t *testing.T) {
	v := newVictim(t)
	within := func(p *person) http.Header { return within(bearer(p.token), v.org) }
	newMember := func(name string) *person {
		p := v.someone(t, name)
		v.join(t, p, v.org, "admin")
		return p
	}
	loggedOut, removed, suspended, lowered := newMember("logged-out"), newMember("removed"), newMember("suspended"), newMember("lowered")
	revokedID, revoked := v.newKey(t, v.as(), "revoked elsewhere", everyScope...)
	expiredID, expired := v.newKey(t, v.as(), "expired elsewhere", everyScope...)
	_, removedKey := v.newKey(t, within(removed), "a member's", "read", "write")
	clientID, secret := v.newClient(t, "deleted elsewhere", "read")
	clientToken := v.clientToken(t, clientID, secret, "read")
	stranger := v.newPerson(t, "stranger")
	strange := v.newOrganization(t, stranger, "Closed "+mark())

	read, write := call{method: "GET", path: "/v1/assets/"}, call{method: "PATCH", path: "/v1/assets/" + v.ids["asset_id"], json: map[string]any{}}
	cases := []struct {
		name   string
		call   call
		header http.Header
		status int // afterwards
	}{
		{"session", read, within(loggedOut), 401},
		{"membership", read, within(removed), 403},
		{"a former member's key", read, apiKey(removedKey), 401},
		{"user", read, within(suspended), 401},
		{"role", write, within(lowered), 403},
		{"key", read, apiKey(revoked), 401},
		{"key that expired", read, apiKey(expired), 401},
		{"client", read, bearer(clientToken), 401},
		{"organization", read, withinOrg(stranger, strange), 403},
	}
	for _, c := range cases {
		for range 3 { // what is remembered of it is remembered now
			c.call.header = c.header
			v.want(t, 200, c.call)
		}
	}
	now := time.Now().UTC()
	v.sql(t, "UPDATE sessions SET revoked_at = ? WHERE user_id = ?", now, loggedOut.id)
	v.sql(t, "DELETE FROM memberships WHERE user_id = ? AND organization_id = ?", removed.id, v.org)
	v.sql(t, "UPDATE users SET suspended_at = ? WHERE id = ?", now, suspended.id)
	v.sql(t, "UPDATE memberships SET role = 'viewer' WHERE user_id = ? AND organization_id = ?", lowered.id, v.org)
	v.sql(t, "UPDATE api_keys SET revoked_at = ? WHERE id = ?", now, revokedID)
	v.sql(t, "UPDATE api_keys SET expires_at = ? WHERE id = ?", now, expiredID)
	v.sql(t, "UPDATE organizations SET suspended_at = ? WHERE id = ?", now, strange)
	v.Certana(t, "clients", "delete", clientID)
	time.Sleep(1100 * time.Millisecond) // what docs/security.md promises, and a little
	for _, c := range cases {
		c.call.header = c.header
		if a := v.do(t, c.call); a.status != c.status {
			t.Errorf("%s: %v, want %d", c.name, a, c.status)
		}
	}
}

func withinOrg(p *person, org string) http.Header { return within(bearer(p.token), org) }

// TestEndedHere: what is ended by this process is over with the answer.
func TestEndedHere(t *testing.T) {
	v := newVictim(t)
	id, key := v.newKey(t, v.as(), "ended here", "read")
	p := v.someone(t, "leaver")
	v.join(t, p, v.org, "member")
	usage := func(h http.Header) call { return call{method: "GET", path: "/v1/usage", header: h} }
	for range 3 {
		v.want(t, 200, usage(apiKey(key)))
		v.want(t, 200, usage(withinOrg(p, v.org)))
	}
	v.want(t, 204, call{method: "DELETE", path: "/v1/api-keys/" + id, header: v.as()})
	v.want(t, 401, usage(apiKey(key)))
	v.want(t, 204, call{method: "DELETE", path: "/v1/organizations/" + v.org + "/members/" + p.id, header: v.as()})
	v.want(t, 403, usage(withinOrg(p, v.org)))
	v.want(t, 204, call{method: "POST", path: "/v1/auth/logout", header: bearer(p.token)})
	v.want(t, 401, usage(bearer(p.token)))
	v.want(t, 401, call{method: "POST", path: "/v1/auth/refresh", json: map[string]any{"refresh_token": p.refresh}})
	// Others' sessions are nobody's business.
	sessions := v.want(t, 200, call{method: "GET", path: "/v1/auth/sessions/", header: bearer(v.owner.token)})
	session := sessions.object()["items"].([]any)[0].(map[string]any)["id"].(string)
	v.want(t, 404, call{method: "DELETE", path: "/v1/auth/sessions/" + session, header: bearer(v.admin.token)})
	v.want(t, 200, usage(bearer(v.owner.token)))
}

// TestSigningKeyReplaced: tokens of the old key work on, those of the new one at
// once, and both keys are published.
func TestSigningKeyReplaced(t *testing.T) {
	s := start(t)
	p := s.newPerson(t, "user")
	header, claims := parse(t, p.token)
	use := func(token string) call { return call{method: "GET", path: "/v1/usage", header: bearer(token)} }
	s.want(t, 200, use(p.token))
	s.Certana(t, "keys", "rotate-signing")
	key := s.signingKey(t)
	if key.kid == header["kid"] {
		t.Fatal("the key was not replaced")
	}
	s.want(t, 200, use(p.token))
	fresh := sign(header.with(fields{"kid": key.kid}), claims, es256(key.private))
	until(t, "the new key", func() bool { return s.do(t, use(fresh)).status == 200 })
	s.want(t, 200, use(p.token))
	published := s.want(t, 200, call{method: "GET", path: "/.well-known/jwks.json"}).object()["keys"].([]any)
	if len(published) != 2 {
		t.Errorf("%d keys are published", len(published))
	}
	for _, k := range published {
		if k.(map[string]any)["d"] != nil {
			t.Error("a private key is published")
		}
	}
	s.login(t, p)
	if again, _ := parse(t, p.token); again["kid"] != key.kid {
		t.Errorf("a login is signed by %v", again["kid"])
	}
	// A key that is gone signs nothing any more.
	forged := sign(header, claims, es256(key.private))
	s.want(t, 401, use(forged))
}
