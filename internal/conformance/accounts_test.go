package conformance

import (
	"testing"
	"time"
)

// accountRows are the pages on authentication, organizations and API keys.
var accountRows = []row{
	{part: "Register User", ask: `
POST /auth/register
Content-Type: application/json

{
  "email": "user@example.com",
  "password": "SecurePassword123!",
  "full_name": "John Doe"
}`, want: `
201 Created
Content-Type: application/json

{
  "id": "uuid",
  "email": "user@example.com",
  "full_name": "John Doe",
  "tier": "free",
  "created_at": "2024-01-15T10:30:00Z"
}`, keep: "user_id=id"},
	{part: "Register User: the same address again", ask: `
POST /auth/register
Content-Type: application/json

{"email": "USER@example.com", "password": "SecurePassword123!", "full_name": "John Doe"}`, want: `
409 Conflict

{"detail": "Error message", "error_code": "CONFLICT", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Login", ask: login, want: `
200 OK

{
  "access_token": "eyJhbGc...",
  "refresh_token": "eyJhbGc...",
  "token_type": "bearer",
  "expires_in": 3600
}`, keep: "token=access_token refresh_token=refresh_token"},
	{part: "Error Codes: INVALID_CREDENTIALS", ask: `
POST /auth/login
Content-Type: application/json

{"email": "user@example.com", "password": "AnotherPassword123!"}`, want: `
401 Unauthorized
Content-Type: application/json

{"detail": "Error message", "error_code": "INVALID_CREDENTIALS", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Error Codes: INVALID_CREDENTIALS, nobody's address", ask: `
POST /auth/login
Content-Type: application/json

{"email": "nobody@example.com", "password": "SecurePassword123!"}`, want: `
401 Unauthorized

{"detail": "Error message", "error_code": "INVALID_CREDENTIALS", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Refresh Token", ask: `
POST /auth/refresh
Content-Type: application/json

{
  "refresh_token": "<refresh_token>"
}`, want: `
200 OK

{
  "access_token": "eyJhbGc...",
  "token_type": "bearer",
  "expires_in": 3600
}`, keep: "refreshed=access_token"},
	{part: "Refresh Token: the new access token works", ask: `
GET /assets/
Authorization: Bearer <refreshed>`, want: `
200 OK`},
	{part: "Logout: a session to end", ask: login, want: `200 OK`, keep: "leaving=access_token leaving_refresh=refresh_token"},
	{part: "Logout", ask: `
POST /auth/logout
Authorization: Bearer <leaving>`, want: `204 No Content`},
	{part: "Logout: its access token is dead at once", ask: `
GET /assets/
Authorization: Bearer <leaving>`, want: `
401 Unauthorized

{"detail": "Error message", "error_code": "UNAUTHORIZED", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Logout: and its refresh token", ask: `
POST /auth/refresh
Content-Type: application/json

{"refresh_token": "<leaving_refresh>"}`, want: `
401 Unauthorized

{"detail": "Error message", "error_code": "UNAUTHORIZED", "timestamp": "2024-01-15T10:30:00Z"}`},

	{part: "Create Organization", ask: `
POST /organizations/
Authorization: Bearer <token>
Content-Type: application/json

{
  "name": "Acme Corp",
  "slug": "acme-corp",
  "plan": "pro"
}`, want: `
201 Created

{
  "id": "uuid",
  "name": "Acme Corp",
  "slug": "acme-corp",
  "owner_id": "<user_id>",
  "plan": "pro",
  "created_at": "2024-01-15T10:30:00Z"
}`, keep: "org_id=id"},
	{part: "List Organizations", ask: `
GET /organizations/
Authorization: Bearer <token>`, want: `
200 OK

{
  "items": [ {"id": "uuid", "name": "(text)", "slug": "(text)", "owner_id": "<user_id>", "plan": "(text)", "created_at": "2024-01-15T10:30:00Z"} ],
  "total": 2, "page": 1, "page_size": 20, "pages": 1
}`},
	{part: "Get Organization Details", ask: `
GET /organizations/{org_id}
Authorization: Bearer <token>`, want: `
200 OK

{
  "id": "<org_id>",
  "name": "Acme Corp",
  "plan": "pro",
  "members_count": 1,
  "assets_count": 0,
  "created_at": "2024-01-15T10:30:00Z"
}`},

	{part: "Create API Key", ask: `
POST /api-keys/
Authorization: Bearer <token>
Content-Type: application/json

{
  "name": "Production API Key",
  "scopes": ["read", "verify"],
  "expires_in_days": 90
}`, want: `
201 Created

{
  "id": "uuid",
  "key": "cert_pk_...",
  "name": "Production API Key",
  "scopes": ["read", "verify"],
  "expires_at": "2024-04-15T10:30:00Z",
  "created_at": "2024-01-15T10:30:00Z",
  "last_used_at": null
}`, keep: "key_id=id api_key=key", after: func(t *testing.T, _ *world, a *answer) {
		body := a.json.(map[string]any)
		created, expires := instant(t, body["created_at"]), instant(t, body["expires_at"])
		if days := expires.Sub(created) / (24 * time.Hour); days != 90 {
			t.Errorf("it expires after %d days", days)
		}
	}},
	{part: "Validate API Key", ask: `
POST /api-keys/validate
X-API-Key: <api_key>`, want: `
200 OK
X-RateLimit-Limit: 5000
X-RateLimit-Remaining: (any)
X-RateLimit-Reset: 1705334400

{
  "valid": true,
  "scopes": ["read", "verify"],
  "key_id": "<key_id>",
  "name": "Production API Key",
  "is_active": true,
  "expires_at": "2024-04-15T10:30:00Z",
  "rate_limit": {
    "per_hour": 5000,
    "per_day": 50000
  }
}`},
	{part: "List API Keys", ask: `
GET /api-keys/
Authorization: Bearer <token>`, want: `
200 OK

{
  "items": [
    {
      "id": "<key_id>",
      "key": "cert_pk_...",
      "name": "Production API Key",
      "scopes": ["read", "verify"],
      "expires_at": "2024-04-15T10:30:00Z",
      "last_used_at": "2024-01-14T15:22:00Z",
      "is_active": true
    }
  ],
  "total": 1, "page": 1, "page_size": 20, "pages": 1
}`, after: func(t *testing.T, w *world, a *answer) {
		if key := a.json.(map[string]any)["items"].([]any)[0].(map[string]any)["key"]; key == w.names["api_key"] {
			t.Error("a list shows a whole key")
		}
	}},
	{part: "Authentication: API Key", ask: `
GET /assets/
X-API-Key: <api_key>`, want: `
200 OK`},
	{part: "Authentication: Bearer Token", ask: `
GET /assets/
Authorization: Bearer <token>`, want: `
200 OK`},
	{part: "Authentication: none where it is needed", ask: `
GET /assets/`, want: `
401 Unauthorized
WWW-Authenticate: (any)

{"detail": "Error message", "error_code": "UNAUTHORIZED", "timestamp": "2024-01-15T10:30:00Z"}`},
}

// lastAccountRows end what the rows before them use.
var lastAccountRows = []row{
	{part: "Get Organization Details: of a busy one", ask: `
GET /organizations/<personal_org>
Authorization: Bearer <token>`, want: `
200 OK

{"id": "<personal_org>", "name": "(text)", "plan": "free", "members_count": 1, "assets_count": 5, "created_at": "2024-01-15T10:30:00Z"}`},
	{part: "Revoke API Key", ask: `
DELETE /api-keys/{key_id}
Authorization: Bearer <token>`, want: `204 No Content`},
	{part: "Error Codes: INVALID_API_KEY, revoked", ask: `
POST /api-keys/validate
X-API-Key: <api_key>`, want: `
401 Unauthorized

{"detail": "Error message", "error_code": "INVALID_API_KEY", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Error Codes: INVALID_API_KEY, invalid", ask: `
GET /assets/
X-API-Key: cert_pk_nonsense`, want: `
401 Unauthorized

{"detail": "Error message", "error_code": "INVALID_API_KEY", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "List API Keys: a revoked one", ask: `
GET /api-keys/?page=1&page_size=20
Authorization: Bearer <token>`, want: `
200 OK

{"items": [{"id": "uuid", "is_active": false}, {"id": "<key_id>", "is_active": false}], "total": 2, "page": 1, "page_size": 20, "pages": 1}`,
		before: func(t *testing.T, w *world) {
			a := w.send(t, w.servers[""], "DELETE /api-keys/<sealing_key_id>\nAuthorization: Bearer <token>")
			if a.status != 204 {
				t.Fatalf("%d: %s", a.status, a.body)
			}
		}},
}

const login = `
POST /auth/login
Content-Type: application/json

{
  "email": "user@example.com",
  "password": "SecurePassword123!"
}`

func instant(t *testing.T, v any) time.Time {
	t.Helper()
	s, _ := v.(string)
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
