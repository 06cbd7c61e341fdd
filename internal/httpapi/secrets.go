package httpapi

import (
	"encoding/json"
	"strings"
)

// Secrets in an answer are shown once. Which fields are secrets the contract says:
// x-secret in their schema.

// secrets masks the secrets in the answers of one operation.
type secrets struct {
	document map[string]any
	schemas  map[int]map[string]any // of the JSON answers that hold any, by status
}

// note remembers an answer's schema if there are secrets in it.
func (s *secrets) note(status int, schema map[string]any) {
	if s.within(schema, map[string]bool{}) {
		if s.schemas == nil {
			s.schemas = map[int]map[string]any{}
		}
		s.schemas[status] = schema
	}
}

// masked is an answer without its secrets: of each, the prefix that tells its
// kind and the last four characters are left.
func (s *secrets) masked(status int, body []byte) []byte {
	schema := s.schemas[status]
	if schema == nil {
		return body
	}
	var value any
	if json.Unmarshal(body, &value) != nil {
		return nil
	}
	text, _ := json.Marshal(s.mask(schema, value)) // it was JSON before
	return text
}

// within reports whether a schema, or one that it is made of, is a secret's.
func (s *secrets) within(schema map[string]any, seen map[string]bool) bool {
	if schema["x-secret"] == true {
		return true
	}
	if name, ok := schema["$ref"].(string); ok {
		if seen[name] {
			return false
		}
		seen[name] = true
	}
	for _, part := range s.parts(schema) {
		if s.within(part.schema, seen) {
			return true
		}
	}
	return false
}

// mask answers a value with its secrets masked. It goes as deep as the value.
func (s *secrets) mask(schema map[string]any, value any) any {
	if schema["x-secret"] == true {
		return hide(value)
	}
	for _, part := range s.parts(schema) {
		if part.whole {
			value = s.mask(part.schema, value)
			continue
		}
		switch in := value.(type) {
		case map[string]any:
			if inner, ok := in[part.field]; ok && !part.items {
				in[part.field] = s.mask(part.schema, inner)
			}
		case []any:
			for i := range in {
				if part.items {
					in[i] = s.mask(part.schema, in[i])
				}
			}
		}
	}
	return value
}

// schemaPart is a schema within another: of a field, of the items, or of the
// whole value.
type schemaPart struct {
	field        string
	items, whole bool
	schema       map[string]any
}

func (s *secrets) parts(schema map[string]any) (all []schemaPart) {
	if name, ok := schema["$ref"].(string); ok {
		if target := s.find(name); target != nil {
			all = append(all, schemaPart{whole: true, schema: target})
		}
	}
	for _, word := range []string{"allOf", "oneOf", "anyOf"} {
		list, _ := schema[word].([]any)
		for _, one := range list {
			if one, ok := one.(map[string]any); ok {
				all = append(all, schemaPart{whole: true, schema: one})
			}
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		all = append(all, schemaPart{items: true, schema: items})
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		if property, ok := property.(map[string]any); ok {
			all = append(all, schemaPart{field: name, schema: property})
		}
	}
	return all
}

// find follows a reference within the document, #/components/schemas/Name.
func (s *secrets) find(ref string) map[string]any {
	var at any = s.document
	for _, token := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		object, _ := at.(map[string]any)
		at = object[token]
	}
	found, _ := at.(map[string]any)
	return found
}

// hide leaves of a text what stands before its first random character, as far as
// that can be told by the last _ of its beginning, and its last four characters.
func hide(value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		if len(v) < 20 { // too little would be left to guess
			return "..."
		}
		return v[:strings.LastIndex(v[:8], "_")+1] + "..." + v[len(v)-4:]
	}
	return "..."
}
