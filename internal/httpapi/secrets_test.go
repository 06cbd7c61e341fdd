package httpapi

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"
)

// secretName is what fields are called that hold a secret; those in notSecret are
// called so and hold none.
var (
	secretName = regexp.MustCompile(`(?i)secret|token|password|credential|^key$|code|otp`)
	notSecret  = []string{"token_type", "error_code", "previous_secret_expires_at", "response_status_code", "status_code"}
)

// Every field of an answer that is named like a secret is marked as one, or is
// known not to be: what shows a key once more, masked by its handler, says so.
func TestSecretsAreMarked(t *testing.T) {
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	marked := map[string]bool{}
	for route, op := range c.byRoute {
		if len(op.secrets.schemas) > 0 {
			marked[op.id] = true
		}
		var doc map[string]any
		if err := json.Unmarshal(c.text, &doc); err != nil {
			t.Fatal(err)
		}
		answers := doc["paths"].(map[string]any)[op.printed].(map[string]any)
		for _, answer := range methodOf(answers, op.method)["responses"].(map[string]any) {
			content, _ := answer.(map[string]any)["content"].(map[string]any)
			body, _ := content["application/json"].(map[string]any)
			schema, _ := body["schema"].(map[string]any)
			unmarked(t, route, &op.secrets, schema, map[string]bool{})
		}
	}
	for _, id := range []string{"createAPIKey", "rotateAPIKey", "createWebhook", "rotateWebhookSecret", "createClient",
		"rotateClientSecret", "beginTOTP", "confirmTOTP", "login", "refresh"} {
		if !marked[id] {
			t.Errorf("%s has no secret", id)
		}
	}
	for _, id := range []string{"listAPIKeys", "listWebhooks", "getWebhook", "listClients", "getMe"} {
		if marked[id] {
			t.Errorf("%s shows a secret", id)
		}
	}
}

func methodOf(item map[string]any, method string) map[string]any {
	return item[map[string]string{"GET": "get", "POST": "post", "PUT": "put", "PATCH": "patch", "DELETE": "delete"}[method]].(map[string]any)
}

func unmarked(t *testing.T, route string, s *secrets, schema map[string]any, seen map[string]bool) {
	if ref, ok := schema["$ref"].(string); ok {
		if seen[ref] || ref == "#/components/schemas/APIKey" { // masked by the handler
			return
		}
		seen[ref] = true
	}
	for _, part := range s.parts(schema) {
		if part.field != "" && secretName.MatchString(part.field) && !slices.Contains(notSecret, part.field) &&
			!s.within(part.schema, map[string]bool{}) && part.schema["type"] != "boolean" {
			t.Errorf("%s: %s is not marked x-secret", route, part.field)
		}
		unmarked(t, route, s, part.schema, seen)
	}
}

func TestMask(t *testing.T) {
	doc := map[string]any{"components": map[string]any{"schemas": map[string]any{
		"Secret": map[string]any{"type": "string", "x-secret": true},
		"Loop": map[string]any{"properties": map[string]any{
			"loop": map[string]any{"$ref": "#/components/schemas/Loop"}, "secret": map[string]any{"$ref": "#/components/schemas/Secret"}}},
	}}}
	ref := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	for _, c := range []struct {
		schema      map[string]any
		value, want string
	}{
		{ref("Secret"), `"cert_pk_0123456789abcdefghij"`, `"cert_pk_...ghij"`},
		{ref("Secret"), `"whsec_0123456789abcdefghij"`, `"whsec_...ghij"`},
		{ref("Secret"), `"0123456789abcdefg_hij"`, `"..._hij"`},
		{ref("Secret"), `"1234-5678"`, `"..."`},
		{ref("Secret"), `null`, `null`},
		{ref("Secret"), `12345`, `"..."`},
		{ref("Loop"), `{"a":1,"loop":{"loop":{"secret":"x"},"secret":"y"}}`, `{"a":1,"loop":{"loop":{"secret":"..."},"secret":"..."}}`},
		{map[string]any{"items": ref("Secret")}, `["x","y"]`, `["...","..."]`},
		{map[string]any{"allOf": []any{ref("Loop"), map[string]any{}}}, `{"secret":"x"}`, `{"secret":"..."}`},
		{map[string]any{"oneOf": []any{map[string]any{"type": "null"}, ref("Loop")}}, `null`, `null`},
		{ref("Secret"), `not JSON`, ``},
	} {
		s := &secrets{document: doc}
		s.note(200, c.schema)
		if got := string(s.masked(200, []byte(c.value))); got != c.want {
			t.Errorf("%s: %s, want %s", c.value, got, c.want)
		}
	}
	s := &secrets{document: doc}
	s.note(200, map[string]any{"properties": map[string]any{"loop": map[string]any{"type": "string"}}})
	if body := []byte(` {"secret": "x"} `); string(s.masked(200, body)) != string(body) || string(s.masked(201, body)) != string(body) {
		t.Error("an answer without secrets is changed")
	}
}
