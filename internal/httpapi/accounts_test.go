package httpapi_test

import (
	"strings"
	"testing"
	"time"
)

// The examples of the reference page for accounts, keys and organizations, as
// they are printed.
func TestAccountsAsPrinted(t *testing.T) {
	w := newWorld(t)

	user := w.want(t, 201, call{method: "POST", path: "/v1/auth/register", json: `{
  "email": "user@example.com",
  "password": "SecurePassword123!",
  "full_name": "John Doe"
}`})
	if user["email"] != "user@example.com" || user["full_name"] != "John Doe" || user["tier"] != "free" {
		t.Errorf("user %v", user)
	}
	if at, err := time.Parse(time.RFC3339, user["created_at"].(string)); err != nil || !strings.HasSuffix(user["created_at"].(string), "Z") || time.Since(at) > time.Hour {
		t.Errorf("created_at %v", user["created_at"])
	}
	w.refused(t, 409, "CONFLICT", call{method: "POST", path: "/v1/auth/register", json: map[string]any{
		"email": "User@Example.com", "password": "SecurePassword123!", "full_name": "John Doe"}})

	login := w.want(t, 200, call{method: "POST", path: "/v1/auth/login", json: `{
  "email": "user@example.com",
  "password": "SecurePassword123!"
}`})
	if login["token_type"] != "bearer" || login["expires_in"].(interface{ String() string }).String() != "3600" {
		t.Errorf("login %v", login)
	}
	for _, wrong := range []string{`{"email":"user@example.com","password":"wrong"}`, `{"email":"nobody@example.com","password":"SecurePassword123!"}`} {
		w.refused(t, 401, "INVALID_CREDENTIALS", call{method: "POST", path: "/v1/auth/login", json: wrong})
	}

	again := w.want(t, 200, call{method: "POST", path: "/v1/auth/refresh", json: map[string]any{"refresh_token": login["refresh_token"]}})
	token := again["access_token"].(string)
	w.want(t, 200, call{method: "GET", path: "/v1/organizations/", token: token})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "POST", path: "/v1/auth/refresh", json: `{"refresh_token":"eyJhbGc..."}`})

	if a := w.do(t, call{method: "POST", path: "/v1/auth/logout", token: token}); a.status != 204 || len(a.body) != 0 {
		t.Errorf("logout: %d %s", a.status, a.body)
	}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/organizations/", token: token})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "POST", path: "/v1/auth/refresh", json: map[string]any{"refresh_token": again["refresh_token"]}})
}

func TestKeysAsPrinted(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")

	made := w.want(t, 201, call{method: "POST", path: "/v1/api-keys/", token: token, json: `{
  "name": "Production API Key",
  "scopes": ["read", "verify"],
  "expires_in_days": 90
}`})
	key := made["key"].(string)
	if !strings.HasPrefix(key, "cert_pk_") || len(key) < len("cert_pk_")+32 || made["last_used_at"] != nil || made["expires_at"] == nil {
		t.Errorf("key %v", made)
	}

	list := w.want(t, 200, call{method: "GET", path: "/v1/api-keys/", token: token})
	item := list["items"].([]any)[0].(map[string]any)
	if masked := item["key"].(string); masked == key || !strings.HasPrefix(masked, "cert_pk_") || item["is_active"] != true {
		t.Errorf("listed as %v", item)
	}

	w.want(t, 201, call{method: "POST", path: "/v1/api-keys", token: token, json: `{"name":"x","scopes":["read"],"expires_in_days":90.0}`})

	valid := w.want(t, 200, call{method: "POST", path: "/v1/api-keys/validate", key: key})
	limit := valid["rate_limit"].(map[string]any)
	if valid["valid"] != true || valid["key_id"] != made["id"] || valid["name"] != "Production API Key" || valid["is_active"] != true ||
		limit["per_hour"].(interface{ String() string }).String() != "5000" || limit["per_day"].(interface{ String() string }).String() != "50000" {
		t.Errorf("validated as %v", valid)
	}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "POST", path: "/v1/api-keys/validate"})
	w.refused(t, 401, "INVALID_API_KEY", call{method: "POST", path: "/v1/api-keys/validate", key: "cert_pk_nonsense"})
	// The key that is asked about counts, not the token beside it.
	w.refused(t, 401, "INVALID_API_KEY", call{method: "POST", path: "/v1/api-keys/validate", key: "cert_pk_nonsense", token: token})

	w.refused(t, 403, "INSUFFICIENT_SCOPE", call{method: "GET", path: "/v1/api-keys/", key: key})
	w.want(t, 204, call{method: "DELETE", path: "/v1/api-keys/" + made["id"].(string), token: token})
	w.refused(t, 401, "INVALID_API_KEY", call{method: "POST", path: "/v1/api-keys/validate", key: key})
	w.refused(t, 401, "INVALID_API_KEY", call{method: "GET", path: "/v1/assets/", key: key})
	w.refused(t, 404, "NOT_FOUND", call{method: "DELETE", path: "/v1/api-keys/0193c1f2-8e1b-7a3c-9d4e-000000000000", token: token})

	// Another organization's keys are not there.
	other := w.register(t, "other@example.com")
	w.refused(t, 404, "NOT_FOUND", call{method: "DELETE", path: "/v1/api-keys/" + made["id"].(string), token: other})
	if n := len(w.want(t, 200, call{method: "GET", path: "/v1/api-keys/", token: other})["items"].([]any)); n != 0 {
		t.Errorf("%d keys of another organization are listed", n)
	}
}

func TestOrganizationsAsPrinted(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")

	made := w.want(t, 201, call{method: "POST", path: "/v1/organizations/", token: token, json: `{
  "name": "Acme Corp",
  "slug": "acme-corp",
  "plan": "pro"
}`})
	if made["name"] != "Acme Corp" || made["slug"] != "acme-corp" || made["plan"] != "pro" {
		t.Errorf("made %v", made)
	}
	w.refused(t, 409, "CONFLICT", call{method: "POST", path: "/v1/organizations/", token: token, json: `{"name":"Other","slug":"acme-corp"}`})

	list := w.want(t, 200, call{method: "GET", path: "/v1/organizations/", token: token})
	if len(list["items"].([]any)) != 2 { // the personal one too
		t.Errorf("listed %v", list)
	}
	id := made["id"].(string)
	details := w.want(t, 200, call{method: "GET", path: "/v1/organizations/" + id, token: token})
	if details["members_count"].(interface{ String() string }).String() != "1" || details["assets_count"].(interface{ String() string }).String() != "0" {
		t.Errorf("details %v", details)
	}

	other := w.register(t, "other@example.com")
	w.refused(t, 404, "NOT_FOUND", call{method: "GET", path: "/v1/organizations/" + id, token: other})
	w.refused(t, 403, "FORBIDDEN", call{method: "GET", path: "/v1/assets/", token: other, header: map[string]string{"X-Organization-Id": id}})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "GET", path: "/v1/assets/", token: token, header: map[string]string{"X-Organization-Id": "acme"}})
	w.want(t, 200, call{method: "GET", path: "/v1/assets/", token: token, header: map[string]string{"X-Organization-Id": id}})
}

// What a key may not do is refused, what it may is done.
func TestScopes(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	const id = "0193c1f2-8e1b-7a3c-9d4e-000000000000"
	calls := map[string][]call{
		"read":   {{method: "GET", path: "/v1/assets/"}, {method: "GET", path: "/v1/assets/" + id}, {method: "GET", path: "/v1/verify/history"}},
		"write":  {{method: "DELETE", path: "/v1/assets/" + id}, {method: "PATCH", path: "/v1/assets/" + id, json: "{}"}, {method: "POST", path: "/v1/assets/", form: []part{}}},
		"verify": {{method: "POST", path: "/v1/verify/", form: []part{}}, {method: "POST", path: "/v1/verify/batch", form: []part{}}},
		"commit": {{method: "POST", path: "/v1/blockchain/commit", json: map[string]any{"asset_id": id}}},
		"webhooks": {{method: "GET", path: "/v1/webhooks/"}, {method: "PATCH", path: "/v1/webhooks/" + id, json: "{}"},
			{method: "GET", path: "/v1/webhooks/" + id + "/deliveries"}, {method: "POST", path: "/v1/webhooks/" + id + "/rotate-secret"}},
		"admin": {{method: "GET", path: "/v1/api-keys/"}, {method: "POST", path: "/v1/organizations/", json: `{"name":"X"}`}},
	}
	for held := range calls {
		key := w.newKey(t, token, held)
		for needed, all := range calls {
			for _, c := range all {
				c.key = key
				a := w.do(t, c)
				if refused := a.object["error_code"] == "INSUFFICIENT_SCOPE"; refused == (held == needed) {
					t.Errorf("%s %s with the scope %s: %d %s", c.method, c.path, held, a.status, a.body)
				}
			}
		}
	}
}
