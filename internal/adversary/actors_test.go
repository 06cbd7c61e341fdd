package adversary

import (
	"net/http"
	"testing"
	"time"
)

// actor is a column of the matrix: who calls.
type actor struct {
	name string
	// insider: sees what the organization's members see, when the call is allowed.
	insider bool
	header  http.Header
	// role, where the actor is a user of the victim's organization, or "outside".
	// Calls that change the caller are made by another such user each time.
	role string
}

// actors makes one of each column beside the victim.
func actors(t *testing.T, v *victim) []actor {
	t.Helper()
	outsider := v.newPerson(t, "outsider")
	theirs := v.newOrganization(t, outsider, "Outsiders")
	_, theirKey := v.newKey(t, within(bearer(outsider.token), theirs), "their key", everyScope...)
	all := []actor{
		{name: "owner", insider: true, header: v.as(), role: "owner"},
		{name: "admin", insider: true, header: within(bearer(v.admin.token), v.org), role: "admin"},
		{name: "member", insider: true, header: within(bearer(v.member.token), v.org), role: "member"},
		{name: "viewer", insider: true, header: within(bearer(v.viewer.token), v.org), role: "viewer"},
		{name: "outsider", header: bearer(outsider.token), role: "outside"},
		{name: "intruder", header: within(bearer(outsider.token), v.org), role: "outside"}, // names the victim's organization
		{name: "anonymous", header: http.Header{}},
	}
	for _, scope := range everyScope {
		_, key := v.newKey(t, v.as(), "canary key of scope "+scope, scope)
		all = append(all, actor{name: "key:" + scope, insider: true, header: apiKey(key)})
	}
	v.hide("key's name", "canary key of scope")
	platform := v.Certana(t, "admin", "keys", "create", "--name", "platform")
	all = append(all,
		actor{name: "key:platform", insider: true, header: apiKey(platform)},
		actor{name: "key:demoted", insider: true, header: apiKey(v.demotedKey(t))},
		actor{name: "key:other", header: apiKey(theirKey)},
		actor{name: "key:intruder", header: within(apiKey(theirKey), v.org)},
		actor{name: "key:expired", header: apiKey(v.expiredKey(t))},
		actor{name: "key:revoked", header: apiKey(v.revokedKey(t))},
		actor{name: "key:mistyped", header: apiKey(theirKey[:len(theirKey)-1] + "~")},
		actor{name: "session:ended", header: within(bearer(v.endedSession(t)), v.org)})
	all = append(all, v.suspended(t)...)
	return append(all, v.clients(t)...)
}

// clients are OAuth2 clients with tokens of their own: one of the victim's for
// each scope, one of somebody else's, one that was deleted, and one of an organization
// that was suspended.
func (v *victim) clients(t *testing.T) (all []actor) {
	for _, scope := range everyScope {
		id, secret := v.newClient(t, "canary client of scope "+scope, everyScope...)
		all = append(all, actor{name: "oauth:" + scope, insider: true, header: bearer(v.clientToken(t, id, secret, scope))})
	}
	v.hide("client's name", "canary client of scope")
	stranger := v.newPerson(t, "stranger")
	a := v.want(t, 201, call{method: "POST", path: "/v1/oauth/clients/", header: bearer(stranger.token),
		json: map[string]any{"name": "theirs", "scopes": everyScope}})
	all = append(all, actor{name: "oauth:other", header: bearer(v.clientToken(t, a.text(t, "client_id"), a.text(t, "client_secret"), everyScope...))})
	id, secret := v.newClient(t, "canary client that is gone", everyScope...)
	gone := v.clientToken(t, id, secret, everyScope...)
	v.want(t, 204, call{method: "DELETE", path: "/v1/oauth/clients/" + id, header: v.as()})
	all = append(all, actor{name: "oauth:deleted", header: bearer(gone)})
	return append(all, actor{name: "oauth:org-suspended", header: bearer(v.stoppedToken(t))})
}

// stoppedToken is a client's of another organization that the operator suspended.
func (v *victim) stoppedToken(t *testing.T) string {
	p := v.newPerson(t, "stopped")
	org := v.newOrganization(t, p, "Stopped")
	a := v.want(t, 201, call{method: "POST", path: "/v1/oauth/clients/", header: within(bearer(p.token), org),
		json: map[string]any{"name": "stopped", "scopes": everyScope}})
	token := v.clientToken(t, a.text(t, "client_id"), a.text(t, "client_secret"), everyScope...)
	v.sql(t, "UPDATE organizations SET suspended_at = ? WHERE id = ?", time.Now().UTC(), org)
	return token
}

// demotedKey has every scope that a member may give; its maker is a viewer now.
func (v *victim) demotedKey(t *testing.T) string {
	p := v.someone(t, "demoted")
	v.join(t, p, v.org, "member")
	_, key := v.newKey(t, within(bearer(p.token), v.org), "canary key of a demoted member", "read", "write", "verify", "commit", "webhooks", "sealing")
	v.sql(t, "UPDATE memberships SET role = 'viewer' WHERE user_id = ? AND organization_id = ?", p.id, v.org)
	return key
}

func (v *victim) expiredKey(t *testing.T) string {
	id, key := v.newKey(t, v.as(), "canary expired key", everyScope...)
	v.sql(t, "UPDATE api_keys SET expires_at = ? WHERE id = ?", time.Now().UTC().Add(-time.Second), id)
	return key
}

func (v *victim) revokedKey(t *testing.T) string {
	id, key := v.newKey(t, v.as(), "canary revoked key", everyScope...)
	v.want(t, 204, call{method: "DELETE", path: "/v1/api-keys/" + id, header: v.as()})
	return key
}

func (v *victim) endedSession(t *testing.T) string {
	p := v.someone(t, "leaver")
	v.join(t, p, v.org, "admin")
	v.want(t, 204, call{method: "POST", path: "/v1/auth/logout", header: bearer(p.token)})
	return p.token
}

// suspended are an admin of the victim's and a key that they made, and a token
// and a key of another organization, all stopped by the operator.
func (v *victim) suspended(t *testing.T) []actor {
	p := v.someone(t, "suspended")
	v.join(t, p, v.org, "admin")
	_, key := v.newKey(t, within(bearer(p.token), v.org), "canary key of a suspended user", everyScope...)
	v.sql(t, "UPDATE users SET suspended_at = ? WHERE id = ?", time.Now().UTC(), p.id)
	q := v.newPerson(t, "organized")
	org := v.newOrganization(t, q, "Suspended")
	_, orgKey := v.newKey(t, within(bearer(q.token), org), "key", everyScope...)
	v.sql(t, "UPDATE organizations SET suspended_at = ? WHERE id = ?", time.Now().UTC(), org)
	return []actor{
		{name: "user:suspended", header: within(bearer(p.token), v.org)},
		{name: "key:user-suspended", header: apiKey(key)},
		{name: "org:suspended", header: within(bearer(q.token), org), role: "outside"},
		{name: "key:org-suspended", header: apiKey(orgKey)},
	}
}
