package httpapi_test

import (
	"testing"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

func TestClients(t *testing.T) {
	w := newWorld(t)
	john, mary := w.register(t, "john@example.com"), w.register(t, "mary@example.com")
	const path = "/v1/oauth/clients/"
	made := w.want(t, 201, call{method: "POST", path: path, token: john, json: map[string]any{
		"name": "Newsroom", "redirect_uris": []string{"https://client.example/done"}, "scopes": []string{"read", "write"}}})
	id, _ := made["client_id"].(string)
	if secret, _ := made["client_secret"].(string); len(secret) != 51 || made["kind"] != "confidential" {
		t.Errorf("%v", made)
	}
	public := w.want(t, 201, call{method: "POST", path: path, token: john, json: map[string]any{
		"name": "App", "kind": "public", "redirect_uris": []string{"http://127.0.0.1/done"}}})
	if public["client_secret"] != nil || len(public["scopes"].([]any)) != 2 {
		t.Errorf("%v", public)
	}
	if list := w.want(t, 200, call{method: "GET", path: path, token: john}); len(list["items"].([]any)) != 2 {
		t.Errorf("%v", list)
	}
	if list := w.want(t, 200, call{method: "GET", path: path, token: mary}); len(list["items"].([]any)) != 0 {
		t.Errorf("%v", list)
	}
	if got := w.want(t, 200, call{method: "GET", path: path + id, token: john}); got["client_secret"] != nil || got["name"] != "Newsroom" {
		t.Errorf("%v", got)
	}
	changed := w.want(t, 200, call{method: "PATCH", path: path + id, token: john, json: map[string]any{"name": "Desk"}})
	if changed["name"] != "Desk" || len(changed["scopes"].([]any)) != 2 || len(changed["redirect_uris"].([]any)) != 1 {
		t.Errorf("%v", changed)
	}
	if changed = w.want(t, 200, call{method: "PATCH", path: path + id, token: john, json: `{"redirect_uris":[]}`}); len(changed["redirect_uris"].([]any)) != 0 {
		t.Errorf("%v", changed)
	}
	next := w.want(t, 200, call{method: "POST", path: path + id + "/rotate-secret", token: john, json: map[string]any{"overlap_hours": 1}})
	if next["client_secret"] == made["client_secret"] || next["client_secret"] == nil {
		t.Errorf("%v", next)
	}
	w.want(t, 200, call{method: "POST", path: path + id + "/rotate-secret", token: john})
	w.refused(t, 409, "CONFLICT", call{method: "POST", path: path + public["client_id"].(string) + "/rotate-secret", token: john})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: path + id + "/rotate-secret", token: john, json: `{"overlap_hours":721}`})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: path, token: john, json: `{"name":"x","redirect_uris":["http://client.example/"]}`})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: path, token: john, json: `{"name":"x","scopes":["platform"]}`})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: path, token: john, json: `{"name":"x","grant_types":["implicit"]}`})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: "PATCH", path: path + id, token: john, json: `{"scopes":[]}`})
	for _, c := range []call{{method: "GET"}, {method: "PATCH", json: `{"name":"x"}`}, {method: "DELETE"}} {
		c.path, c.token = path+id, mary
		w.refused(t, 404, "NOT_FOUND", c)
	}
	w.refused(t, 404, "NOT_FOUND", call{method: "POST", path: path + id + "/rotate-secret", token: mary})
	reader := w.newKey(t, john, "read")
	w.refused(t, 403, "INSUFFICIENT_SCOPE", call{method: "GET", path: path, key: reader})
	w.want(t, 204, call{method: "DELETE", path: path + id, token: john})
	w.refused(t, 404, "NOT_FOUND", call{method: "GET", path: path + id, token: john})
}

// A program that was let in does what its scopes allow, in its organization, and
// nothing that takes the user's own login; for itself it is nobody.
func TestClientTokens(t *testing.T) {
	w := newWorld(t)
	john := w.register(t, "john@example.com")
	p, err := w.Accounts.Authenticate(t.Context(), account.Credentials{Bearer: john})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := w.Accounts.CreateClient(t.Context(), p, account.NewClient{Name: "x", RedirectURIs: []string{"https://client.example/"},
		Scopes: account.Scopes()})
	if err != nil {
		t.Fatal(err)
	}
	itself, err := w.Accounts.ClientToken(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := w.Accounts.ClientToken(t.Context(), c, []string{"read"})
	if err != nil {
		t.Fatal(err)
	}
	_, l, err := w.Accounts.LogInBrowser(t.Context(), "john@example.com", "SecurePassword123!")
	if err != nil {
		t.Fatal(err)
	}
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636, appendix B
	code, err := w.Accounts.Agree(t.Context(), l, account.Authorization{Client: c, RedirectURI: "https://client.example/",
		Challenge: challenge, Scopes: account.Scopes(), Organization: p.OrganizationID})
	if err != nil {
		t.Fatal(err)
	}
	letIn, err := w.Accounts.ExchangeCode(t.Context(), c, code, "https://client.example/", verifier)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"itself": itself.AccessToken, "let in": letIn.AccessToken} {
		t.Run(name, func(t *testing.T) {
			w.want(t, 200, call{method: "GET", path: "/v1/assets/", token: token})
			w.want(t, 200, call{method: "GET", path: "/v1/usage", token: token})
			w.want(t, 200, call{method: "GET", path: "/v1/api-keys/", token: token})
			for _, own := range []call{
				{method: "POST", path: "/v1/auth/logout"},
				{method: "GET", path: "/v1/auth/me"},
				{method: "GET", path: "/v1/auth/sessions/"},
				{method: "DELETE", path: "/v1/auth/sessions/"},
				{method: "POST", path: "/v1/auth/password/change", json: `{"current_password":"SecurePassword123!","new_password":"AnotherPassword456!"}`},
				{method: "POST", path: "/v1/auth/totp", json: `{"password":"SecurePassword123!"}`},
			} {
				own.token = token
				w.refused(t, 403, "FORBIDDEN", own)
			}
			w.refused(t, 403, "FORBIDDEN", call{method: "GET", path: "/v1/assets/", token: token,
				header: map[string]string{"X-Organization-Id": asset.NewID().String()}})
			w.refused(t, 401, "UNAUTHORIZED", call{method: "POST", path: "/v1/api-keys/validate", token: token})
		})
	}
	w.refused(t, 403, "INSUFFICIENT_SCOPE", call{method: "GET", path: "/v1/api-keys/", token: narrow.AccessToken})
	w.refused(t, 403, "INSUFFICIENT_SCOPE", call{method: "GET", path: "/v1/oauth/clients/", token: narrow.AccessToken})
	newKey := call{method: "POST", path: "/v1/api-keys/", json: map[string]any{"name": "x", "scopes": []string{"read"}}}
	newKey.token = itself.AccessToken
	w.refused(t, 403, "FORBIDDEN", newKey)
	newKey.token = letIn.AccessToken
	w.want(t, 201, newKey)
	w.refused(t, 403, "FORBIDDEN", call{method: "POST", path: "/v1/organizations/", token: itself.AccessToken, json: `{"name":"x"}`})
	upload := call{method: "POST", path: "/v1/assets/", token: itself.AccessToken, form: []part{file("file", "a.jpg", picture(t, 1))},
		header: map[string]string{"Idempotency-Key": "one"}}
	first := w.want(t, 201, upload)
	if again := w.want(t, 201, upload); again["id"] != first["id"] {
		t.Errorf("%v and then %v", first["id"], again["id"])
	}
	w.want(t, 200, call{method: "POST", path: "/v1/verify/", token: itself.AccessToken, form: []part{file("file", "a.jpg", picture(t, 1))}})
	w.want(t, 200, call{method: "GET", path: "/v1/verify/history", token: itself.AccessToken})
	if err := w.Accounts.DeleteClient(t.Context(), p, c.ID); err != nil {
		t.Fatal(err)
	}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/assets/", token: itself.AccessToken})
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/assets/", token: letIn.AccessToken})
}
