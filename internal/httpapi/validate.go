package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/certana/certana/internal/asset"
)

// maxJSON bounds a JSON body, in bytes, and jsonTime how long it may take to
// arrive: 1 MiB at 35 KiB/s.
const (
	maxJSON  = 1 << 20
	jsonTime = 30 * time.Second
)

// withValidation holds a request's parameters and JSON body against the
// contract. Multipart bodies are only bounded here: they are read as a stream,
// part by part, by their handlers.
func (s *server) withValidation(op *operation, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := op.checkParameters(r)
		var body any
		switch {
		case err != nil:
		case op.json != nil:
			body, err = op.checkJSON(w, r)
		case op.multipart:
			err = checkMultipart(w, r, s.maxBody(op))
		}
		if err == nil && !op.multipart { // a form claims its key when it was read
			err = s.first(r.Context(), digestOf(body))
		}
		if err != nil {
			s.finish(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// checkParameters checks path, query and header; all that is wrong is told at
// once.
func (op *operation) checkParameters(r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return invalidFields([]asset.FieldError{{Loc: []string{"query"}, Msg: "the query string cannot be parsed"}})
	}
	var wrong []asset.FieldError
	for _, p := range op.params {
		var values []string
		switch p.in {
		case "path":
			values = []string{r.PathValue(p.name)}
		case "query":
			values = query[p.name]
		case "header":
			if values = r.Header.Values(p.name); len(values) > 1 { // RFC 9110 section 5.3
				values = []string{strings.Join(values, ", ")}
				r.Header.Set(p.name, values[0])
			}
		}
		for _, msg := range p.check(values) {
			wrong = append(wrong, asset.FieldError{Loc: []string{p.in, p.name}, Msg: msg})
		}
	}
	return invalidFields(append(wrong, op.orderless(query)...))
}

// orderless refuses to order a list that comes in one order alone: whoever asks
// for another must not take it for granted.
func (op *operation) orderless(query url.Values) (wrong []asset.FieldError) {
	if !op.takes("page") {
		return nil
	}
	for _, name := range []string{"order", "sort"} {
		if query.Has(name) && !op.takes(name) {
			wrong = append(wrong, asset.FieldError{Loc: []string{"query", name}, Msg: "this list has one order"})
		}
	}
	return wrong
}

// takes reports whether the operation has a query parameter.
func (op *operation) takes(name string) bool {
	return slices.ContainsFunc(op.params, func(p parameter) bool { return p.in == "query" && p.name == name })
}

func (p parameter) check(values []string) []string {
	switch {
	case len(values) == 0 && p.required:
		return []string{"is required"}
	case len(values) == 0:
		return nil
	case len(values) > 1:
		return []string{"is given more than once"}
	}
	var value any = values[0]
	if !plainText(values[0]) {
		return []string{"must be UTF-8 text without NUL"}
	}
	switch p.kind {
	case "integer":
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil {
			return []string{"must be an integer"}
		}
		value = n
	case "boolean":
		if values[0] != "true" && values[0] != "false" {
			return []string{"must be true or false"}
		}
		value = values[0] == "true"
	}
	if p.schema == nil {
		return nil
	}
	var msgs []string
	for _, f := range violations(p.schema.Validate(value)) {
		msgs = append(msgs, f.Msg)
	}
	return msgs
}

// checkJSON reads the body, holds it against its schema, and puts it back for
// the handler. It answers the body's value; nil where there is none and need be none.
func (op *operation) checkJSON(w http.ResponseWriter, r *http.Request) (any, error) {
	if t := r.Header.Get("Content-Type"); t != "" {
		kind, _, err := mime.ParseMediaType(t)
		if err != nil || (kind != "application/json" && !strings.HasSuffix(kind, "+json")) {
			return nil, asset.Errorf(asset.PayloadMalformed, err, "the body must be application/json")
		}
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if r.ContentLength > maxJSON {
		return nil, asset.Errorf(asset.PayloadMalformed, nil, "the body is longer than %d bytes", maxJSON)
	}
	ctl := http.NewResponseController(w)
	bounded := ctl.SetReadDeadline(time.Now().Add(jsonTime)) == nil
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if bounded && err == nil { // else net/http, which reads on before it answers, would wait without end
		_ = ctl.SetReadDeadline(time.Time{})
	}
	if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) {
		return nil, asset.Errorf(asset.PayloadMalformed, err, "the body is longer than %d bytes", tooLong.Limit)
	}
	if err != nil {
		return nil, asset.Errorf(asset.PayloadMalformed, err, "the body did not arrive whole")
	}
	if !utf8.Valid(text) {
		return nil, asset.Errorf(asset.PayloadMalformed, nil, "the body is not UTF-8")
	}
	if len(text) == 0 && op.bodiless {
		return nil, nil
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, asset.Errorf(asset.PayloadMalformed, nil, "the body is empty; JSON was expected")
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, asset.Errorf(asset.PayloadMalformed, err, "the body is not valid JSON")
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	return value, invalidFields(violations(op.json.Validate(value)))
}

func checkMultipart(w http.ResponseWriter, r *http.Request, limit int64) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return asset.Errorf(asset.PayloadMalformed, err, "the body must be multipart/form-data with a boundary")
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.Body = newWholeForm(http.MaxBytesReader(w, r.Body, limit), params["boundary"])
	return nil
}

// plainText reports whether a text can be stored anywhere: UTF-8 without NUL.
func plainText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// invalidFields makes one VALIDATION_ERROR of what is wrong; nil of nothing.
func invalidFields(wrong []asset.FieldError) error {
	if len(wrong) == 0 {
		return nil
	}
	first := wrong[0]
	detail := first.Msg
	if len(first.Loc) > 0 {
		detail = strings.Join(first.Loc, ".") + " " + first.Msg
	}
	return &asset.Error{Code: asset.ValidationError, Detail: detail, Fields: wrong}
}
