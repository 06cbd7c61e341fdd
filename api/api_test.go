package api

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestDocumentIsValidOpenAPI(t *testing.T) {
	text, err := JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("version %s", doc.OpenAPI)
	}
}

// Every operation has an id, a summary, a security requirement of its own (an
// empty one where anybody may call) and says what a success is.
func TestEveryOperationIsDescribed(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(YAML())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			name := method + " " + path
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s: operationId %q is empty or used twice", name, op.OperationID)
			}
			ids[op.OperationID] = true
			if op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s: no summary or not one tag", name)
			}
			if op.Security == nil {
				t.Errorf("%s: no security requirement", name)
			}
			good := false
			for status := range op.Responses.Map() {
				good = good || status[0] == '2'
			}
			if !good {
				t.Errorf("%s: no success", name)
			}
		}
	}
	if len(ids) < 27 {
		t.Errorf("only %d operations", len(ids))
	}
}

func TestJSONIsTheYAML(t *testing.T) {
	text, err := JSON()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q", doc.OpenAPI)
	}
	for _, path := range []string{"/v1/assets/", "/v1/verify/", "/v1/api-keys/", "/v1/organizations/", "/v1/assets/search/"} {
		if doc.Paths[path] == nil {
			t.Errorf("%s is not written as the reference page prints it", path)
		}
	}
}

// Every success of an operation that limits govern tells of them, and so does the
// refusal; what no limit governs does not.
func TestLimitsAreDescribed(t *testing.T) {
	text, err := JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	governed := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			limited := op.Responses.Value("429") != nil
			for status, answer := range op.Responses.Map() {
				if status[0] != '2' && status != "429" {
					continue
				}
				for _, name := range limitHeaders {
					h := answer.Value.Headers[name]
					if (h != nil) != limited || (h != nil && h.Value.Description == "") {
						t.Errorf("%s %s: %s has %s: %v", method, path, status, name, h)
					}
				}
				if status == "429" {
					governed++
					if answer.Value.Headers["Retry-After"] == nil {
						t.Errorf("%s %s: 429 without Retry-After", method, path)
					}
				}
			}
		}
	}
	if governed < 20 {
		t.Errorf("only %d operations are governed", governed)
	}
}
