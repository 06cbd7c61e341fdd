package api

import "strings"

// limitHeaders are on every answer that a limit governs.
var limitHeaders = []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit"}

// describeLimits says at every success of an operation that can answer 429 that
// it has the headers of limits. They are the same everywhere, and come from a
// middleware and not from the operations' code: written out in the YAML they would
// be in each one's generated type.
func describeLimits(doc map[string]any) {
	paths, _ := doc["paths"].(map[string]any)
	for _, item := range paths {
		methods, _ := item.(map[string]any)
		for _, op := range methods {
			op, _ := op.(map[string]any)
			answers, _ := op["responses"].(map[string]any)
			if answers["429"] == nil {
				continue
			}
			for status, answer := range answers {
				if answer, ok := answer.(map[string]any); ok && strings.HasPrefix(status, "2") {
					addHeaders(answer)
				}
			}
		}
	}
}

func addHeaders(answer map[string]any) {
	headers, _ := answer["headers"].(map[string]any)
	if headers == nil {
		headers = map[string]any{}
		answer["headers"] = headers
	}
	for _, name := range limitHeaders {
		headers[name] = map[string]any{"$ref": "#/components/headers/" + name}
	}
}
