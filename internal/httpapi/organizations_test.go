package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/certana/certana/internal/account"
)

// team is an organization with somebody of each role, by access token.
type team struct {
	*world
	id, path string
	token    map[string]string
	user     map[string]string
}

func newTeam(t *testing.T, roles ...string) *team {
	t.Helper()
	w := &team{world: newWorld(t), token: map[string]string{}, user: map[string]string{}}
	for _, role := range append([]string{"owner"}, roles...) {
		w.token[role] = w.register(t, role+"@example.com")
		w.user[role] = w.want(t, 200, call{method: "GET", path: "/v1/auth/me", token: w.token[role]})["id"].(string)
		w.want(t, 200, call{method: "POST", path: "/v1/auth/email/verify",
			json: map[string]any{"token": w.mailed(t, role+"@example.com", "Verify your e-mail address", 1)}})
	}
	w.id = w.want(t, 201, call{method: "POST", path: "/v1/organizations/", token: w.token["owner"],
		json: map[string]any{"name": "Acme Corp", "slug": "acme-corp", "plan": "pro"}})["id"].(string)
	w.path = "/v1/organizations/" + w.id
	for _, role := range roles {
		if role != "stranger" {
			w.join(t, role, role, 1)
		}
	}
	return w
}

// join invites somebody and accepts in their name.
func (w *team) join(t *testing.T, who, role string, n int) {
	t.Helper()
	w.want(t, 201, call{method: "POST", path: w.path + "/invitations/", token: w.token["owner"],
		json: map[string]any{"email": who + "@example.com", "role": role}})
	token := w.mailed(t, who+"@example.com", "You are invited to an organization", n)
	w.want(t, 200, call{method: "POST", path: "/v1/invitations/accept", token: w.token[who], json: map[string]any{"token": token}})
}

// From an invitation to the end of the membership.
func TestMembersByAPI(t *testing.T) {
	w := newTeam(t, "member", "stranger")
	owner, member := w.token["owner"], w.token["member"]
	members := w.want(t, 200, call{method: "GET", path: w.path + "/members/", token: member})
	if got := fmt.Sprint(members["total"], field1(members, "role"), field1(members, "email")); got != "2[owner member] [owner@example.com member@example.com]" {
		t.Errorf("members: %s", got)
	}
	if details := w.want(t, 200, call{method: "GET", path: w.path, token: member}); fmt.Sprint(details["members_count"]) != "2" || details["erase_at"] != nil {
		t.Errorf("details: %v", details)
	}
	w.refused(t, 403, "INSUFFICIENT_SCOPE", call{method: "POST", path: w.path + "/invitations/", token: member, json: map[string]any{"email": "x@example.com"}})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: w.path + "/invitations/", token: owner, json: map[string]any{"email": "x@example.com", "role": "owner"}})
	w.refused(t, 409, "CONFLICT", call{method: "POST", path: w.path + "/invitations/", token: owner, json: map[string]any{"email": "member@example.com"}})

	promoted := w.want(t, 200, call{method: "PATCH", path: w.path + "/members/" + w.user["member"], token: owner, json: map[string]any{"role": "admin"}})
	if promoted["role"] != "admin" {
		t.Errorf("promoted: %v", promoted)
	}
	key := w.want(t, 201, call{method: "POST", path: "/v1/api-keys/", token: member, header: map[string]string{"X-Organization-Id": w.id},
		json: map[string]any{"name": "k", "scopes": []string{"read", "admin"}}})["key"].(string)
	waiting := w.want(t, 201, call{method: "POST", path: w.path + "/invitations/", key: key, json: map[string]any{"email": "x@example.com"}})
	list := w.want(t, 200, call{method: "GET", path: w.path + "/invitations/", token: member})
	if fmt.Sprint(list["total"]) != "1" {
		t.Errorf("invitations: %v", list)
	}
	w.want(t, 204, call{method: "DELETE", path: w.path + "/invitations/" + waiting["id"].(string), key: key})
	w.refused(t, 404, "NOT_FOUND", call{method: "DELETE", path: w.path + "/invitations/" + waiting["id"].(string), key: key})
	w.refused(t, 403, "FORBIDDEN", call{method: "PATCH", path: w.path + "/members/" + w.user["owner"], token: member, json: map[string]any{"role": "viewer"}})
	w.refused(t, 409, "CONFLICT", call{method: "DELETE", path: w.path + "/members/" + w.user["owner"], token: owner})
	w.refused(t, 404, "NOT_FOUND", call{method: "DELETE", path: w.path + "/members/" + w.user["stranger"], token: owner})

	w.want(t, 204, call{method: "DELETE", path: w.path + "/members/" + w.user["member"], token: owner})
	w.refused(t, 401, "INVALID_API_KEY", call{method: "GET", path: w.path, key: key})
	w.refused(t, 404, "NOT_FOUND", call{method: "GET", path: w.path, token: member})
	w.refused(t, 403, "FORBIDDEN", call{method: "GET", path: "/v1/assets/", token: member, header: map[string]string{"X-Organization-Id": w.id}})
}

// The organization of the path is in force, whatever the header says, and to
// outsiders it does not exist.
func TestOrganizationOfThePath(t *testing.T) {
	w := newTeam(t, "viewer", "stranger")
	elsewhere := map[string]string{"X-Organization-Id": w.want(t, 201, call{method: "POST", path: "/v1/organizations/",
		token: w.token["viewer"], json: map[string]any{"name": "Mine"}})["id"].(string)}
	// A viewer here, who owns the organization in the header.
	w.refused(t, 403, "INSUFFICIENT_SCOPE", call{method: "PATCH", path: w.path, token: w.token["viewer"], header: elsewhere, json: map[string]any{"name": "x"}})
	w.want(t, 200, call{method: "GET", path: w.path, token: w.token["viewer"], header: elsewhere})
	outside := w.newKey(t, w.token["stranger"], account.Scopes()...)
	for _, c := range []call{
		{method: "GET", path: w.path}, {method: "PATCH", path: w.path, json: map[string]any{"name": "x"}},
		{method: "DELETE", path: w.path}, {method: "POST", path: w.path + "/restore"},
		{method: "GET", path: w.path + "/members/"}, {method: "GET", path: w.path + "/invitations/"}, {method: "GET", path: w.path + "/audit"},
		{method: "POST", path: w.path + "/invitations/", json: map[string]any{"email": "x@example.com"}},
		{method: "PATCH", path: w.path + "/members/" + w.user["viewer"], json: map[string]any{"role": "admin"}},
		{method: "DELETE", path: w.path + "/members/" + w.user["viewer"]},
	} {
		c.token = w.token["stranger"]
		w.refused(t, 404, "NOT_FOUND", c)
		c.header = map[string]string{"X-Organization-Id": w.id}
		w.refused(t, 404, "NOT_FOUND", c)
		if (c.method != "DELETE" || strings.Contains(c.path, "members")) && !strings.Contains(c.path, "restore") {
			c.token, c.header, c.key = "", nil, outside
			w.refused(t, 404, "NOT_FOUND", c)
		}
	}
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "GET", path: "/v1/organizations/nonsense", token: w.token["owner"]})
}

// Deleted, shut out, restored; transferred; and all of it in the audit log.
func TestOrganizationLife(t *testing.T) {
	w := newTeam(t, "admin")
	owner, admin := w.token["owner"], w.token["admin"]
	key := w.want(t, 201, call{method: "POST", path: "/v1/api-keys/", token: owner, header: map[string]string{"X-Organization-Id": w.id},
		json: map[string]any{"name": "k", "scopes": []string{"read", "admin"}}})["key"].(string)
	renamed := w.want(t, 200, call{method: "PATCH", path: w.path, token: admin, json: map[string]any{"name": "Acme, Inc.", "slug": "acme"}})
	if renamed["name"] != "Acme, Inc." || renamed["slug"] != "acme" || renamed["plan"] != "pro" {
		t.Errorf("renamed: %v", renamed)
	}
	w.refused(t, 403, "FORBIDDEN", call{method: "PATCH", path: w.path, token: admin, json: map[string]any{"plan": "enterprise"}})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "PATCH", path: w.path, token: owner, json: `{"name":null}`})
	w.refused(t, 403, "FORBIDDEN", call{method: "DELETE", path: w.path, token: admin})
	w.refused(t, 403, "FORBIDDEN", call{method: "GET", path: w.path + "/audit", token: admin})

	member := w.path + "/members/" + w.user["admin"]
	refused := w.refused(t, 403, "FORBIDDEN", call{method: "PATCH", path: member, token: owner, json: `{"role":"owner"}`})
	if said := fmt.Sprint(refused["detail"]); !strings.Contains(said, "password") {
		t.Errorf("an owner made without a password: %s", said)
	}
	w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "PATCH", path: member, token: owner, json: `{"role":"owner","password":"guess"}`})
	w.refused(t, 403, "FORBIDDEN", call{method: "PATCH", path: member, key: key, json: `{"role":"owner","password":"SecurePassword123!"}`})
	w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "DELETE", path: w.path, token: owner, json: `{"password":"guess"}`})
	deleted := w.want(t, 202, call{method: "DELETE", path: w.path, token: owner, json: `{"password":"SecurePassword123!"}`})
	if deleted["erase_at"] == nil {
		t.Errorf("deleted: %v", deleted)
	}
	w.refused(t, 404, "NOT_FOUND", call{method: "GET", path: w.path, token: admin})
	w.refused(t, 403, "FORBIDDEN", call{method: "GET", path: w.path, key: key})
	w.refused(t, 403, "FORBIDDEN", call{method: "GET", path: "/v1/assets/", key: key})
	w.refused(t, 403, "FORBIDDEN", call{method: "POST", path: "/v1/api-keys/validate", key: key})
	w.want(t, 200, call{method: "GET", path: w.path, token: owner})
	w.refused(t, 404, "NOT_FOUND", call{method: "GET", path: w.path + "/members/", token: owner})
	w.refused(t, 404, "NOT_FOUND", call{method: "POST", path: w.path + "/restore", token: admin})
	w.want(t, 200, call{method: "POST", path: w.path + "/restore", token: owner})
	w.refused(t, 409, "CONFLICT", call{method: "POST", path: w.path + "/restore", token: owner})
	w.want(t, 200, call{method: "GET", path: w.path, key: key})

	transfer := func(token, password string) call {
		return call{method: "POST", path: w.path + "/transfer", token: token, json: map[string]any{"user_id": w.user["admin"], "password": password}}
	}
	w.refused(t, 401, "INVALID_CREDENTIALS", transfer(owner, "wrong"))
	w.refused(t, 403, "FORBIDDEN", transfer(admin, "SecurePassword123!"))
	if to := w.want(t, 200, transfer(owner, "SecurePassword123!")); to["owner_id"] != w.user["admin"] {
		t.Errorf("transferred: %v", to)
	}
	w.refused(t, 403, "FORBIDDEN", call{method: "GET", path: w.path + "/audit", token: owner})
	events := w.want(t, 200, call{method: "GET", path: w.path + "/audit?page_size=100", token: admin})
	if got := fmt.Sprint(field1(events, "action")); got != "[organization.transferred organization.restored organization.deleted organization.updated api_key.created member.joined member.invited organization.created]" {
		t.Errorf("events: %s", got)
	}
	first := events["items"].([]any)[0].(map[string]any)
	if first["actor_kind"] != "user" || first["actor_id"] != w.user["owner"] || first["address"] != "127.0.0.1" || first["details"].(map[string]any)["request_id"] == nil {
		t.Errorf("the event: %v", first)
	}
	if some := w.want(t, 200, call{method: "GET", path: w.path + "/audit?action=organization.deleted", token: admin}); fmt.Sprint(some["total"]) != "1" {
		t.Errorf("one action: %v", some)
	}
	if none := w.want(t, 200, call{method: "GET", path: w.path + "/audit?start_date=2999-01-01T00:00:00Z", token: admin}); fmt.Sprint(none["total"]) != "0" {
		t.Errorf("in the future: %v", none)
	}
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "GET", path: w.path + "/audit?start_date=yesterday", token: admin})
}

// A suspended organization refuses everything, and what it published stays.
func TestSuspendedByAPI(t *testing.T) {
	w := newTeam(t, "viewer", "stranger")
	owner := w.token["owner"]
	_, platform, err := w.Accounts.CreatePlatformKey(t.Context(), "ops", nil)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]string{"X-Organization-Id": w.id}
	a := w.want(t, 201, call{method: "POST", path: "/v1/assets/", token: owner, header: in, form: []part{file("file", "a.jpg", picture(t, 3))}})
	c := w.want(t, 201, call{method: "POST", path: "/v1/blockchain/commit", token: owner, header: in, json: map[string]any{"asset_id": a["id"]}})
	key := w.want(t, 201, call{method: "POST", path: "/v1/api-keys/", token: owner, header: in,
		json: map[string]any{"name": "k", "scopes": []string{"read"}}})["key"].(string)

	govern := "/v1/platform/organizations/" + w.id
	for _, c := range []call{{token: owner}, {key: key}} {
		c.method, c.path, c.json = "PATCH", govern, map[string]any{"suspended": true}
		want, code := 401, "UNAUTHORIZED"
		if c.key != "" {
			want, code = 403, "INSUFFICIENT_SCOPE"
		}
		w.refused(t, want, code, c)
	}
	got := w.want(t, 200, call{method: "PATCH", path: govern, key: platform, json: map[string]any{"suspended": true, "reason": "unpaid"}})
	if got["suspended_at"] == nil || fmt.Sprint(got["assets_count"]) != "1" {
		t.Errorf("suspended: %v", got)
	}
	for _, c := range []call{
		{method: "GET", path: w.path, token: owner}, {method: "GET", path: "/v1/assets/", token: w.token["viewer"], header: in},
		{method: "GET", path: "/v1/assets/" + a["id"].(string), key: key}, {method: "POST", path: "/v1/api-keys/validate", key: key},
	} {
		if e := w.refused(t, 403, "FORBIDDEN", c); !strings.Contains(fmt.Sprint(e["detail"]), "suspended") {
			t.Errorf("the detail is %v", e["detail"])
		}
	}
	w.refused(t, 404, "NOT_FOUND", call{method: "GET", path: w.path, token: w.token["stranger"]})
	w.want(t, 200, call{method: "GET", path: "/v1/auth/me", token: owner})
	if public := w.want(t, 200, call{method: "GET", path: "/v1/blockchain/commitment/" + c["commitment_id"].(string)}); public["verified"] != true {
		t.Errorf("the commitment: %v", public)
	}
	w.want(t, 200, call{method: "PATCH", path: govern, key: platform, json: map[string]any{"suspended": false}})
	w.want(t, 200, call{method: "GET", path: w.path, token: owner})

	user := "/v1/platform/users/" + w.user["viewer"]
	w.want(t, 200, call{method: "PATCH", path: user, key: platform, json: map[string]any{"suspended": true}})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/auth/me", token: w.token["viewer"]})
	w.refused(t, 404, "NOT_FOUND", call{method: "GET", path: "/v1/platform/users/" + w.id, key: platform})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "PATCH", path: user, key: platform, json: `{}`})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "PATCH", path: user, key: platform, json: `{"totp_enabled":true}`})
	w.refused(t, 404, "NOT_FOUND", call{method: "PATCH", path: "/v1/platform/users/" + w.id, key: platform, json: `{"totp_enabled":false}`})
	if u := w.want(t, 200, call{method: "PATCH", path: user, key: platform, json: `{"totp_enabled":false}`}); u["totp_enabled"] != false || u["suspended_at"] == nil {
		t.Errorf("the user: %v", u)
	}
	if u := w.want(t, 200, call{method: "GET", path: user, key: platform}); u["suspended_at"] == nil || u["email_verified"] != true {
		t.Errorf("the user: %v", u)
	}
	keys := w.want(t, 200, call{method: "GET", path: "/v1/platform/api-keys/", key: platform})
	if fmt.Sprint(keys["total"]) != "2" || strings.Contains(fmt.Sprint(keys), key) {
		t.Errorf("keys: %v", keys)
	}
	id := keys["items"].([]any)[0].(map[string]any)["id"].(string)
	w.want(t, 204, call{method: "DELETE", path: "/v1/platform/api-keys/" + id, key: platform})
	w.refused(t, 401, "INVALID_API_KEY", call{method: "GET", path: w.path, key: key})
	w.refused(t, 404, "NOT_FOUND", call{method: "DELETE", path: "/v1/platform/api-keys/" + w.id, key: platform})
	if all := w.want(t, 200, call{method: "GET", path: "/v1/platform/organizations/?q=acme", key: platform}); fmt.Sprint(all["total"]) != "1" {
		t.Errorf("organizations: %v", all)
	}
	if events := w.want(t, 200, call{method: "GET", path: "/v1/platform/audit?action=organization.suspended", key: platform}); fmt.Sprint(events["total"]) != "1" {
		t.Errorf("events: %v", events)
	}
}

// field1 is one field of each item of a list.
func field1(list map[string]any, name string) (all []any) {
	for _, item := range list["items"].([]any) {
		all = append(all, item.(map[string]any)[name])
	}
	return all
}
