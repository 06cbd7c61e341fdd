package conformance

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// printed is one section of a page and everything that it prints by name: each of
// these must stand in a row of the section.
type printed struct {
	heading string
	request string // method and path
	params  string // fields of the form, parameters of the query, fields of the body
	headers string // of request and answer
	status  string // statuses, comma-separated
	fields  string // of the answer, at any depth
}

const assetFields = "id organization_id cid content_hash title mime_type file_size_bytes width height ipfs_cid watermarked_cid processing_status created_at"

// both are the two pages, section by section.
var both = []printed{
	{heading: "Authentication", headers: "Authorization X-API-Key"},
	{heading: "Response Format", fields: "data message timestamp request_id detail error_code"},
	{heading: "Register User", request: "POST /auth/register", params: "email password full_name", headers: "Content-Type", status: "201", fields: "id email full_name tier created_at"},
	{heading: "Login", request: "POST /auth/login", params: "email password", status: "200", fields: "access_token refresh_token token_type expires_in"},
	{heading: "Refresh Token", request: "POST /auth/refresh", params: "refresh_token", status: "200", fields: "access_token token_type expires_in"},
	{heading: "Logout", request: "POST /auth/logout", headers: "Authorization", status: "204"},
	{heading: "Upload Asset", request: "POST /assets/", headers: "Authorization Content-Type", status: "201", fields: assetFields,
		params: "file title description tags track_a_enabled track_b_enabled track_c_enabled metadata_tracking_enabled blockchain_commit"},
	{heading: "List Assets", request: "GET /assets/", params: "page page_size order sort tags status", status: "200", fields: "items total page page_size pages"},
	{heading: "Get Asset Details", request: "GET /assets/{asset_id}", headers: "Authorization", status: "200", fields: assetFields},
	{heading: "Update Asset", request: "PATCH /assets/{asset_id}", params: "title description tags", status: "200", fields: assetFields},
	{heading: "Delete Asset", request: "DELETE /assets/{asset_id}", status: "204"},
	{heading: "Verify Image", request: "POST /verify/", params: "file include_tamper_map", headers: "Authorization X-API-Key", status: "200",
		fields: "is_authentic confidence watermark track_a_detected track_b_detected track_c_detected payload fingerprint similarity_score match_count " +
			"top_matches asset_id similarity distance blockchain commitment_found tx_hash signature_valid on_chain metadata exif_intact modifications tamper_map verdict details"},
	{heading: "Batch Verification", request: "POST /verify/batch", params: "files include_tamper_map", status: "200", fields: "results total successful failed processing_time_ms"},
	{heading: "Get Verification History", request: "GET /verify/history", params: "page page_size verdict start_date end_date", status: "200",
		fields: "items id verified_at verdict confidence asset_id matched_asset total page"},
	{heading: "Create Organization", request: "POST /organizations/", params: "name slug plan", status: "201", fields: "id name slug owner_id plan created_at"},
	{heading: "List Organizations", request: "GET /organizations/", status: "200", fields: "items total"},
	{heading: "Get Organization Details", request: "GET /organizations/{org_id}", status: "200", fields: "id name plan members_count assets_count created_at"},
	{heading: "Create API Key", request: "POST /api-keys/", params: "name scopes expires_in_days", status: "201", fields: "id key name scopes expires_at created_at last_used_at"},
	{heading: "List API Keys", request: "GET /api-keys/", status: "200", fields: "items id key name scopes expires_at last_used_at is_active total"},
	{heading: "Validate API Key", request: "POST /api-keys/validate", headers: "X-API-Key", status: "200",
		fields: "valid scopes key_id name is_active expires_at rate_limit per_hour per_day"},
	{heading: "Revoke API Key", request: "DELETE /api-keys/{key_id}", status: "204"},
	{heading: "Create Commitment", request: "POST /blockchain/commit", params: "asset_id watermark_hash metadata", status: "201",
		fields: "commitment_id tx_hash signature commitment_hash on_chain_at confirmation_status"},
	{heading: "Get Commitment Details", request: "GET /blockchain/commitment/{commitment_id}", status: "200",
		fields: "commitment_id asset_id tx_hash commitment_hash on_chain_at confirmation_status verified"},
	{heading: "Rate Limits", headers: "X-RateLimit-Limit X-RateLimit-Remaining X-RateLimit-Reset", status: "200"},
	{heading: "Pagination", request: "GET /assets/", params: "page page_size", status: "200", fields: "items total page page_size pages"},
	{heading: "Pagination Examples", request: "GET /assets/search/", params: "q page page_size", status: "200"},
	{heading: "Webhooks", request: "POST /webhooks/", params: "url events active", status: "201"},
	{heading: "Webhook Payload"},
	{heading: "GET /api/image", request: "GET /api/image", params: "serial_number api_key", status: "200,400,401,404", fields: "image date_of_sealing"},
	{heading: "GET /api/image-random", request: "GET /api/image-random", params: "api_key", headers: "Content-Type", status: "200,401,404"},
}

// errorCodes are the page's table of them.
var errorCodes = map[string]string{
	"INVALID_CREDENTIALS": "401", "TOKEN_EXPIRED": "401", "INVALID_API_KEY": "401", "QUOTA_EXCEEDED": "403", "ASSET_NOT_FOUND": "404",
	"FILE_TOO_LARGE": "400", "INVALID_FILE_TYPE": "400", "PROCESSING_FAILED": "500", "BLOCKCHAIN_ERROR": "500", "RATE_LIMITED": "429",
}

// imageErrors are the other page's, under both of its endpoints but for the first,
// which only a parameter can bring about.
var imageErrors = []string{
	`{"error": "Serial number is required"}`,
	`{"error": "401 Unauthorized. Access Not Allowed"}`,
	`{"error": "Serial number not found"}`,
	`{"error": "Serial Number Image File not found"}`,
	`{"error": "Could not Retrieve the image. Please retry again"}`,
}

// TestEveryPartHasARow holds the table against the pages: a part without a row
// would be a part that nothing tests.
func TestEveryPartHasARow(t *testing.T) {
	for _, p := range both {
		rows := slices.DeleteFunc(slices.Clone(everyRow), func(r row) bool { return r.heading() != p.heading })
		if len(rows) == 0 {
			t.Errorf("%s has no row", p.heading)
			continue
		}
		some := func(what string, in func(r row) bool) {
			if !slices.ContainsFunc(rows, in) {
				t.Errorf("%s: no row has %s", p.heading, what)
			}
		}
		if p.request != "" {
			some(p.request, func(r row) bool { return asks(r, p.request) })
		}
		for _, name := range strings.Fields(p.params) {
			some("the parameter "+name, func(r row) bool { return gives(r, name) })
		}
		for _, name := range strings.Fields(p.headers) {
			some("the header "+name, func(r row) bool { return strings.Contains(r.ask+r.want, "\n"+name+": ") })
		}
		for _, status := range strings.FieldsFunc(p.status, func(r rune) bool { return r == ',' }) {
			some("status "+status, func(r row) bool { return strings.HasPrefix(strings.TrimSpace(r.want), status) })
		}
		for _, name := range strings.Fields(p.fields) {
			some("the field "+name, func(r row) bool { return strings.Contains(r.want, `"`+name+`":`) })
		}
	}
	for code, status := range errorCodes {
		if !slices.ContainsFunc(everyRow, func(r row) bool {
			return strings.HasPrefix(strings.TrimSpace(r.want), status+" ") && strings.Contains(r.want, `"error_code": "`+code+`"`)
		}) {
			t.Errorf("no row has %s with %s", code, status)
		}
	}
	for i, text := range imageErrors {
		for _, heading := range []string{"GET /api/image", "GET /api/image-random"} {
			if i == 0 && heading != "GET /api/image" {
				continue
			}
			if !slices.ContainsFunc(everyRow, func(r row) bool {
				return r.heading() == heading && r.exact && strings.HasSuffix(r.want, text)
			}) {
				t.Errorf("%s: no row has %s", heading, text)
			}
		}
	}
}

var inBraces = regexp.MustCompile(`\{[a-z_]+\}|<[a-z_]+>`)

// asks tells whether a row's request is of a method and path.
func asks(r row, request string) bool {
	line, _, _ := strings.Cut(strings.TrimSpace(r.ask), "\n")
	line, _, _ = strings.Cut(line, "?")
	return inBraces.ReplaceAllString(line, "{}") == inBraces.ReplaceAllString(request, "{}")
}

// gives tells whether a row's request has a parameter, wherever it belongs.
func gives(r row, name string) bool {
	return strings.Contains(r.ask, `"`+name+`":`) || regexp.MustCompile(`[?&\n]`+name+`=`).MatchString(r.ask)
}
