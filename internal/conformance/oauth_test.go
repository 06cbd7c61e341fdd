package conformance

// oauthRows are how a program of a client's own gets the token that the page
// prints, by the names that discovery gives.
var oauthRows = []row{
	{part: "Authentication: OAuth2, the authorization server", ask: `
GET /.well-known/openid-configuration`, want: `
200 OK
Content-Type: application/json

{"issuer": "<server>", "token_endpoint": "<server>/oauth2/token", "jwks_uri": "(text)", "authorization_endpoint": "(text)"}`},
	{part: "Authentication: OAuth2, a client", ask: `
POST /oauth/clients/
Authorization: Bearer <token>
Content-Type: application/json

{"name": "Newsroom", "scopes": ["read", "verify"]}`, want: `
201 Created

{"client_id": "uuid", "client_secret": "(text)", "scopes": ["read", "verify"]}`, keep: "client_id=client_id client_secret=client_secret"},
	{part: "Authentication: OAuth2, its token", ask: `
POST /oauth2/token
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials&client_id=<client_id>&client_secret=<client_secret>&scope=read+verify`, want: `
200 OK
Cache-Control: no-store

{"access_token": "eyJhbGc...", "token_type": "Bearer", "expires_in": 3600}`, keep: "oauth_token=access_token"},
	{part: "Authentication: OAuth2", ask: `
GET /assets/{asset_id}
Authorization: Bearer <oauth_token>`, want: `
200 OK

{"id": "<asset_id>", "organization_id": "<personal_org>", "title": "Updated Title"}`},
	{part: "Authentication: OAuth2, beyond its scopes", ask: `
DELETE /assets/{asset_id}
Authorization: Bearer <oauth_token>`, want: `
403 Forbidden

{"detail": "Error message", "error_code": "INSUFFICIENT_SCOPE", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Authentication: OAuth2, the wrong secret", ask: `
POST /oauth2/token
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials&client_id=<client_id>&client_secret=cert_cs_wrong`, want: `
401 Unauthorized

{"error": "invalid_client"}`},
}
