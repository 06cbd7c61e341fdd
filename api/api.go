// Package api holds certana's HTTP contract, openapi.yaml, and serves it as it
// is written. Server code is generated from it into internal/httpapi/gen.
package api

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

//go:embed openapi.yaml
var source []byte

// YAML is the document as it is written. The caller must not change it.
func YAML() []byte { return source }

// Document is the document as decoded JSON: map[string]any, []any, string, bool,
// nil, and int or float64 for numbers. It says more than the YAML in one point:
// which answers have the headers of limits.
func Document() (map[string]any, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(source, &doc); err != nil {
		return nil, fmt.Errorf("read the embedded OpenAPI document: %w", err)
	}
	describeLimits(doc)
	return doc, nil
}

// JSON is the document in JSON, indented, keys in alphabetical order.
func JSON() ([]byte, error) {
	doc, err := Document()
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(doc, "", "  ")
}
