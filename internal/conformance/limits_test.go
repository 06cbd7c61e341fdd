package conformance

import (
	"testing"
	"time"
)

// limitRows are the page on rate limits, and the error codes that only other
// settings bring about quickly.
var limitRows = []row{
	{part: "Rate Limits: rate limit headers", ask: `
POST /verify/
Authorization: Bearer <token>
X-Organization-Id: <org_id>
Content-Type: multipart/form-data

file=<small>`, want: `
200 OK
X-RateLimit-Limit: 1000
X-RateLimit-Remaining: 999
X-RateLimit-Reset: 1705334400`},
	{part: "Rate Limits: Pro tier", ask: `
GET /usage
Authorization: Bearer <token>
X-Organization-Id: <org_id>`, want: `
200 OK

{"plan": "pro", "verifications": {"limit": 1000, "period": "day", "used": 1}, "uploads": {"limit": 10000, "period": "month", "used": 0}}`},
	{part: "Rate Limits: Free tier, register", ask: `
POST /auth/register
Content-Type: application/json

{"email": "free@example.com", "password": "SecurePassword123!", "full_name": "Free"}`, want: `201 Created`},
	{part: "Rate Limits: Free tier, log in", ask: `
POST /auth/login
Content-Type: application/json

{"email": "free@example.com", "password": "SecurePassword123!"}`, want: `200 OK`, keep: "free_token=access_token"},
	{part: "Rate Limits: Free tier", ask: `
GET /usage
Authorization: Bearer <free_token>`, want: `
200 OK

{"plan": "free", "verifications": {"limit": 10, "period": "day", "used": 0}, "uploads": {"limit": 100, "period": "month", "used": 0}}`},
	{part: "Rate Limits: Free tier, 10 verifications a day", times: 10, ask: `
POST /verify/
Authorization: Bearer <free_token>
Content-Type: multipart/form-data

file=<small>`, want: `
200 OK
X-RateLimit-Limit: 10
X-RateLimit-Remaining: (any)
X-RateLimit-Reset: 1705334400`},
	{part: "Error Codes: QUOTA_EXCEEDED, verifications", ask: `
POST /verify/
Authorization: Bearer <free_token>
Content-Type: multipart/form-data

file=<small>`, want: `
403 Forbidden
X-RateLimit-Limit: 10
X-RateLimit-Remaining: 0
X-RateLimit-Reset: 1705334400

{"detail": "Error message", "error_code": "QUOTA_EXCEEDED", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Rate Limits: Enterprise, create", ask: `
POST /organizations/
Authorization: Bearer <free_token>
Content-Type: application/json

{"name": "Large", "slug": "large", "plan": "enterprise"}`, want: `
201 Created

{"plan": "enterprise"}`, keep: "large_org=id"},
	{part: "Rate Limits: Enterprise", ask: `
GET /usage
Authorization: Bearer <free_token>
X-Organization-Id: <large_org>`, want: `
200 OK

{"plan": "enterprise", "verifications": {"limit": null}, "uploads": {"limit": null}}`},

	{part: "Error Codes: a user where little is allowed", on: "small", ask: `
POST /auth/register
Content-Type: application/json

{"email": "user@example.com", "password": "SecurePassword123!", "full_name": "John Doe"}`, want: `201 Created`},
	{part: "Error Codes: their session", on: "small", ask: login, want: `200 OK`, keep: "small_token=access_token"},
	{part: "Error Codes: FILE_TOO_LARGE", on: "small", ask: `
POST /assets/
Authorization: Bearer <small_token>
Content-Type: multipart/form-data

file=<binary>`, want: `
400 Bad Request

{"detail": "Error message", "error_code": "FILE_TOO_LARGE", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Error Codes: the one upload of the month", on: "small", ask: `
POST /assets/
Authorization: Bearer <small_token>
Content-Type: multipart/form-data

file=<webp>`, want: `
201 Created
X-RateLimit-Limit: 1
X-RateLimit-Remaining: 0
X-RateLimit-Reset: 1705334400`},
	{part: "Error Codes: QUOTA_EXCEEDED, uploads", on: "small", ask: `
POST /assets/
Authorization: Bearer <small_token>
Content-Type: multipart/form-data

file=<small>`, want: `
403 Forbidden
X-RateLimit-Limit: 1
X-RateLimit-Remaining: 0
X-RateLimit-Reset: 1705334400

{"detail": "Error message", "error_code": "QUOTA_EXCEEDED", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Error Codes: a key for two requests an hour", on: "small", ask: `
POST /api-keys/
Authorization: Bearer <small_token>
Content-Type: application/json

{"name": "Seldom", "scopes": ["read"]}`, want: `
201 Created

{"expires_at": null}`, keep: "seldom=key"},
	{part: "Error Codes: its two requests", on: "small", times: 2, ask: `
GET /assets/
X-API-Key: <seldom>`, want: `
200 OK
X-RateLimit-Remaining: (any)`},
	{part: "Error Codes: RATE_LIMITED", on: "small", ask: `
GET /assets/
X-API-Key: <seldom>`, want: `
429 Too Many Requests
Retry-After: (seconds)
X-RateLimit-Remaining: 0

{"detail": "Error message", "error_code": "RATE_LIMITED", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Error Codes: a third wrong password", on: "small", times: 2, ask: `
POST /auth/login
Content-Type: application/json

{"email": "user@example.com", "password": "AnotherPassword123!"}`, want: `401 Unauthorized`},
	{part: "Error Codes: RATE_LIMITED, guessing passwords", on: "small", ask: `
POST /auth/login
Content-Type: application/json

{"email": "user@example.com", "password": "AnotherPassword123!"}`, want: `
429 Too Many Requests
Retry-After: (seconds)

{"detail": "Error message", "error_code": "RATE_LIMITED", "timestamp": "2024-01-15T10:30:00Z"}`},

	{part: "Error Codes: a user of short sessions", on: "short", ask: `
POST /auth/register
Content-Type: application/json

{"email": "user@example.com", "password": "SecurePassword123!", "full_name": "John Doe"}`, want: `201 Created`},
	{part: "Error Codes: their token", on: "short", ask: login, want: `
200 OK

{"expires_in": 1}`, keep: "short_token=access_token"},
	{part: "Error Codes: TOKEN_EXPIRED", on: "short", ask: `
GET /assets/
Authorization: Bearer <short_token>`, want: `
401 Unauthorized

{"detail": "Error message", "error_code": "TOKEN_EXPIRED", "timestamp": "2024-01-15T10:30:00Z"}`,
		before: func(*testing.T, *world) { time.Sleep(2 * time.Second) }}, // a token's time is written in whole seconds
}
