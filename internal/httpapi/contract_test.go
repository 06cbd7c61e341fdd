package httpapi

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/certana/certana/api"
	"github.com/certana/certana/internal/asset"
)

// The generated code is what the generator makes of the contract as it is now.
func TestGeneratedCodeIsUpToDate(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the generator")
	}
	out := filepath.Join(t.TempDir(), "api.gen.go")
	cmd := exec.Command("go", "tool", "oapi-codegen", "-config", "config.yaml", "-o", out, "../../../api/openapi.yaml")
	cmd.Dir = "gen"
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	fresh, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("gen/api.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(fresh) != string(kept) {
		t.Error("gen/api.gen.go is not what api/openapi.yaml makes: run go generate ./internal/httpapi/gen")
	}
}

// Who may call what, written down a second time and by hand: a slip in the
// contract's security must not open a door.
func TestWhoMayCall(t *testing.T) {
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"POST /v1/auth/register":                                            "anybody",
		"POST /v1/auth/login":                                               "anybody",
		"POST /v1/auth/refresh":                                             "anybody",
		"POST /v1/auth/logout":                                              "token()",
		"GET /v1/auth/me":                                                   "token()",
		"PATCH /v1/auth/me":                                                 "token()",
		"DELETE /v1/auth/me":                                                "token()",
		"POST /v1/auth/password/change":                                     "token()",
		"POST /v1/auth/password/forgot":                                     "anybody",
		"POST /v1/auth/password/reset":                                      "anybody",
		"POST /v1/auth/email/change":                                        "token()",
		"POST /v1/auth/email/verification":                                  "token()",
		"POST /v1/auth/email/verify":                                        "anybody",
		"GET /v1/auth/sessions":                                             "token()",
		"DELETE /v1/auth/sessions":                                          "token()",
		"DELETE /v1/auth/sessions/{session_id}":                             "token()",
		"GET /v1/auth/grants":                                               "token()",
		"DELETE /v1/auth/grants/{grant_id}":                                 "token()",
		"POST /v1/auth/totp":                                                "token()",
		"DELETE /v1/auth/totp":                                              "token()",
		"POST /v1/auth/totp/confirm":                                        "token()",
		"POST /v1/api-keys":                                                 "token() key(admin)",
		"GET /v1/api-keys":                                                  "token() key(admin)",
		"POST /v1/api-keys/validate":                                        "key()",
		"DELETE /v1/api-keys/{key_id}":                                      "token() key(admin)",
		"POST /v1/api-keys/{key_id}/rotate":                                 "token() key(admin)",
		"POST /v1/organizations":                                            "token() key(admin)",
		"GET /v1/organizations":                                             "token(read) key(read)",
		"GET /v1/organizations/{org_id}":                                    "token(read) key(read)",
		"PATCH /v1/organizations/{org_id}":                                  "token(admin) key(admin)",
		"DELETE /v1/organizations/{org_id}":                                 "token()",
		"POST /v1/organizations/{org_id}/restore":                           "token()",
		"POST /v1/organizations/{org_id}/transfer":                          "token()",
		"GET /v1/organizations/{org_id}/members":                            "token(read) key(read)",
		"PATCH /v1/organizations/{org_id}/members/{user_id}":                "token(admin) key(admin)",
		"DELETE /v1/organizations/{org_id}/members/{user_id}":               "token() key(admin)",
		"POST /v1/organizations/{org_id}/invitations":                       "token(admin) key(admin)",
		"GET /v1/organizations/{org_id}/invitations":                        "token(admin) key(admin)",
		"DELETE /v1/organizations/{org_id}/invitations/{invitation_id}":     "token(admin) key(admin)",
		"POST /v1/invitations/accept":                                       "token()",
		"GET /v1/organizations/{org_id}/audit":                              "token(admin) key(admin)",
		"GET /v1/platform/users":                                            "key(platform)",
		"GET /v1/platform/users/{user_id}":                                  "key(platform)",
		"PATCH /v1/platform/users/{user_id}":                                "key(platform)",
		"GET /v1/platform/organizations":                                    "key(platform)",
		"GET /v1/platform/organizations/{org_id}":                           "key(platform)",
		"PATCH /v1/platform/organizations/{org_id}":                         "key(platform)",
		"GET /v1/platform/api-keys":                                         "key(platform)",
		"DELETE /v1/platform/api-keys/{key_id}":                             "key(platform)",
		"GET /v1/platform/audit":                                            "key(platform)",
		"POST /v1/assets":                                                   "token(write) key(write)",
		"GET /v1/assets":                                                    "token(read) key(read)",
		"GET /v1/assets/search":                                             "token(read) key(read)",
		"GET /v1/assets/{asset_id}":                                         "token(read) key(read)",
		"PATCH /v1/assets/{asset_id}":                                       "token(write) key(write)",
		"DELETE /v1/assets/{asset_id}":                                      "token(write) key(write)",
		"GET /v1/assets/{asset_id}/content":                                 "token(read) key(read)",
		"GET /v1/assets/{asset_id}/car":                                     "token(read) key(read)",
		"POST /v1/verify":                                                   "anonymous token(verify) key(verify)",
		"POST /v1/verify/batch":                                             "anonymous token(verify) key(verify)",
		"GET /v1/verify/history":                                            "token(read) key(read)",
		"POST /v1/blockchain/commit":                                        "token(commit) key(commit)",
		"GET /v1/blockchain/commitment/{commitment_id}":                     "anybody",
		"POST /v1/webhooks":                                                 "token(webhooks) key(webhooks)",
		"GET /v1/webhooks":                                                  "token(webhooks) key(webhooks)",
		"GET /v1/webhooks/{webhook_id}":                                     "token(webhooks) key(webhooks)",
		"PATCH /v1/webhooks/{webhook_id}":                                   "token(webhooks) key(webhooks)",
		"DELETE /v1/webhooks/{webhook_id}":                                  "token(webhooks) key(webhooks)",
		"POST /v1/webhooks/{webhook_id}/rotate-secret":                      "token(webhooks) key(webhooks)",
		"POST /v1/webhooks/{webhook_id}/test":                               "token(webhooks) key(webhooks)",
		"GET /v1/webhooks/{webhook_id}/deliveries":                          "token(webhooks) key(webhooks)",
		"GET /v1/webhooks/{webhook_id}/deliveries/{delivery_id}":            "token(webhooks) key(webhooks)",
		"POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": "token(webhooks) key(webhooks)",
		"POST /v1/oauth/clients":                                            "token(admin) key(admin)",
		"GET /v1/oauth/clients":                                             "token(admin) key(admin)",
		"GET /v1/oauth/clients/{client_id}":                                 "token(admin) key(admin)",
		"PATCH /v1/oauth/clients/{client_id}":                               "token(admin) key(admin)",
		"DELETE /v1/oauth/clients/{client_id}":                              "token(admin) key(admin)",
		"POST /v1/oauth/clients/{client_id}/rotate-secret":                  "token(admin) key(admin)",
		"GET /v1/usage":                                                     "token(read) key(read)",
		"GET /v1/openapi.json":                                              "anybody",
		"GET /.well-known/jwks.json":                                        "anybody",
		"GET /healthz":                                                      "anybody",
	}
	got := map[string]string{}
	for route, op := range c.byRoute {
		got[route] = describe(op)
	}
	for route, who := range want {
		if got[route] != who {
			t.Errorf("%s: %q, want %q", route, got[route], who)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[route]; !ok {
			t.Errorf("%s is not in this table", route)
		}
	}
}

func describe(op *operation) (who string) {
	if op.public {
		return "anybody"
	}
	if op.optional {
		who = "anonymous "
	}
	if op.bearer {
		who += "token(" + op.bearerScope + ") "
	}
	if op.key {
		who += "key(" + op.keyScope + ") "
	}
	return who[:len(who)-1]
}

// The ten codes of the reference page and those added, with their statuses.
func TestStatusOfEveryCode(t *testing.T) {
	want := map[asset.Code]int{
		"INVALID_CREDENTIALS": 401, "TOKEN_EXPIRED": 401, "INVALID_API_KEY": 401, "QUOTA_EXCEEDED": 403,
		"ASSET_NOT_FOUND": 404, "FILE_TOO_LARGE": 400, "INVALID_FILE_TYPE": 400, "PROCESSING_FAILED": 500,
		"BLOCKCHAIN_ERROR": 500, "RATE_LIMITED": 429,
		"VALIDATION_ERROR": 422, "UNAUTHORIZED": 401, "FORBIDDEN": 403, "INSUFFICIENT_SCOPE": 403, "NOT_FOUND": 404,
		"METHOD_NOT_ALLOWED": 405, "CONFLICT": 409, "SECOND_FACTOR_REQUIRED": 401, "PAYLOAD_MALFORMED": 400, "SERVICE_UNAVAILABLE": 503,
		"INTERNAL_ERROR": 500, "RANGE_NOT_SATISFIABLE": 416,
	}
	if !maps.Equal(want, statusOf) {
		t.Errorf("got %v", statusOf)
	}
}

// Every text that a JSON body may bring is bounded, and cannot hold NUL, which
// databases refuse.
func TestTextsAreBounded(t *testing.T) {
	text, err := api.JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
				continue
			}
			body := op.RequestBody.Value.Content["application/json"].Schema.Value
			if body.AdditionalProperties.Has == nil || *body.AdditionalProperties.Has {
				t.Errorf("%s %s takes unknown fields", method, path)
			}
			for name, field := range body.Properties {
				if items := field.Value.Items; items != nil {
					if field.Value.MaxItems == nil {
						t.Errorf("%s %s: %s has no most items", method, path, name)
					}
					field = items
				}
				v := field.Value
				if !v.Type.Includes("string") || len(v.Enum) > 0 || v.Format == "uuid" {
					continue
				}
				if v.MaxLength == nil || v.Pattern == "" {
					t.Errorf("%s %s: %s has no longest length or no pattern", method, path, name)
				}
			}
		}
	}
}
