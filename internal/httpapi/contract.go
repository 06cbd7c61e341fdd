package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/certana/certana/api"
)

// contract is api/openapi.yaml as the middlewares use it: who may call what, and
// what a request must look like. It is read once, when the server is made.
type contract struct {
	text     []byte                // the document in JSON
	byRoute  map[string]*operation // by "METHOD /path/{name}", without trailing slash
	literals map[string]bool       // paths without a parameter
}

// operation is one method of one path.
type operation struct {
	id, method, path string // path without trailing slash
	printed          string // path as the document has it
	public           bool   // no credentials are looked at
	optional         bool   // credentials may be left out
	bearer, key      bool   // which credentials are taken
	bearerScope      string
	keyScope         string
	exceptions
	params    []parameter
	multipart bool
	json      *jsonschema.Schema // of the body; nil without a JSON body
	bodiless  bool               // the JSON body may be left out
	messages  map[int]string     // what the contract calls each answer
	secrets   secrets            // in its answers
	tagged    bool               // has an ETag: may be kept, and is asked about each time
}

// exceptions are what an operation says of roles besides the scope that it needs.
type exceptions struct {
	// Only these roles, where they are not all that have the scope.
	Only []string `json:"x-roles"`
	// These roles reach only what is their own.
	Own []string `json:"x-own"`
	// The operation concerns the caller's own account, whatever organization is in
	// force.
	Account bool `json:"x-account"`
	// The owner may call it of an organization that was deleted.
	Deleted bool `json:"x-deleted"`
}

// parameter is one value outside the body.
type parameter struct {
	name, in string
	kind     string // JSON type
	required bool
	schema   *jsonschema.Schema // nil: the handler checks it
}

// The parts of the document that are read here, in its own words.
type (
	specDocument struct {
		whole      map[string]any
		Paths      map[string]specPath
		Components struct {
			Parameters map[string]specParameter
		}
	}
	specPath struct {
		Parameters                    []specParameter
		Get, Put, Post, Patch, Delete *specOperation
	}
	specOperation struct {
		OperationID string
		Parameters  []specParameter
		Security    []map[string][]string
		exceptions
		RequestBody struct {
			Required bool
			Content  map[string]any
		}
		Responses map[string]struct {
			Description string
			Headers     map[string]any
			Content     map[string]struct{ Schema map[string]any }
		}
	}
	specParameter struct {
		Ref      string `json:"$ref"`
		Name, In string
		Required bool
		// Checked: its handler takes more than the document promises.
		Checked bool `json:"x-checked-by-handler"`
	}
)

func loadContract() (*contract, error) {
	text, err := api.JSON()
	if err != nil {
		return nil, err
	}
	var doc specDocument
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	if err := json.Unmarshal(text, &doc.whole); err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	schemas, err := newSchemas(text)
	if err != nil {
		return nil, err
	}
	c := &contract{text: text, byRoute: map[string]*operation{}, literals: map[string]bool{}}
	for path, item := range doc.Paths {
		short := trimSlash(path)
		if !strings.Contains(path, "{") {
			c.literals[short] = true
		}
		for method, spec := range item.operations() {
			op, err := schemas.operation(&doc, path, method, item, spec)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			c.byRoute[method+" "+short] = op
		}
	}
	return c, nil
}

func trimSlash(path string) string {
	if len(path) > 1 {
		return strings.TrimSuffix(path, "/")
	}
	return path
}

func (p specPath) operations() map[string]*specOperation {
	all := map[string]*specOperation{}
	for method, op := range map[string]*specOperation{
		http.MethodGet: p.Get, http.MethodPut: p.Put, http.MethodPost: p.Post,
		http.MethodPatch: p.Patch, http.MethodDelete: p.Delete,
	} {
		if op != nil {
			all[method] = op
		}
	}
	return all
}

// schemas compiles parts of the document as JSON Schema 2020-12, which OpenAPI
// 3.1 is made of. References stay within the document.
type schemas struct{ compiler *jsonschema.Compiler }

const documentURL = "certana:openapi.json"

func newSchemas(text []byte) (schemas, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return schemas{}, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	return schemas{c}, c.AddResource(documentURL, doc)
}

// at compiles the schema at a JSON pointer given by its tokens.
func (s schemas) at(tokens ...string) (*jsonschema.Schema, error) {
	var pointer strings.Builder
	for _, t := range tokens {
		pointer.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(t))
	}
	return s.compiler.Compile(documentURL + "#" + pointer.String())
}

func (s schemas) operation(doc *specDocument, path, method string, item specPath, spec *specOperation) (*operation, error) {
	op := &operation{id: spec.OperationID, method: method, path: trimSlash(path), printed: path,
		exceptions: spec.exceptions, messages: map[int]string{}}
	op.secrets.document = doc.whole
	op.readSecurity(spec.Security)
	for status, answer := range spec.Responses {
		if n, err := strconv.Atoi(status); err == nil {
			op.messages[n] = answer.Description
			op.secrets.note(n, answer.Content["application/json"].Schema)
			op.tagged = op.tagged || answer.Headers["ETag"] != nil && n == http.StatusOK && method == http.MethodGet
		}
	}
	lower := strings.ToLower(method)
	_, op.multipart = spec.RequestBody.Content["multipart/form-data"]
	if _, ok := spec.RequestBody.Content["application/json"]; ok {
		var err error
		op.bodiless = !spec.RequestBody.Required
		if op.json, err = s.at("paths", path, lower, "requestBody", "content", "application/json", "schema"); err != nil {
			return nil, err
		}
	}
	for i, p := range item.Parameters {
		if err := s.parameter(doc, op, p, "paths", path, "parameters", strconv.Itoa(i)); err != nil {
			return nil, err
		}
	}
	for i, p := range spec.Parameters {
		if err := s.parameter(doc, op, p, "paths", path, lower, "parameters", strconv.Itoa(i)); err != nil {
			return nil, err
		}
	}
	return op, nil
}

func (s schemas) parameter(doc *specDocument, op *operation, p specParameter, at ...string) error {
	if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
		p, at = doc.Components.Parameters[name], []string{"components", "parameters", name}
	}
	schema, err := s.at(append(at, "schema")...)
	if err != nil {
		return err
	}
	kind := "string"
	for target := schema; target != nil; target = target.Ref {
		if target.Types != nil {
			kind = target.Types.ToStrings()[0]
		}
	}
	if p.Checked {
		schema = nil
	}
	op.params = append(op.params, parameter{name: p.Name, in: p.In, kind: kind, required: p.Required, schema: schema})
	return nil
}

// readSecurity reads the requirement objects: an empty one makes credentials
// optional; with each scheme comes the scope that it needs, or none.
func (op *operation) readSecurity(all []map[string][]string) {
	op.public = len(all) == 0
	for _, one := range all {
		op.optional = op.optional || len(one) == 0
		if scopes, ok := one["bearerAuth"]; ok {
			op.bearer, op.bearerScope = true, strings.Join(scopes, " ")
		}
		if scopes, ok := one["apiKeyAuth"]; ok {
			op.key, op.keyScope = true, strings.Join(scopes, " ")
		}
	}
}
