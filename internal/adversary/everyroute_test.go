package adversary

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestEveryOperation holds what the contract promises of all operations against
// each of them: fields that are not known are refused, ?envelope=true puts the
// body into the envelope, and a POST with an Idempotency-Key is done once.
func TestEveryOperation(t *testing.T) {
	v := newVictim(t)
	all := actors(t, v)
	columns, rows := readMatrix(t)
	for _, op := range operations(t) {
		cells := rows[op.route()]
		first := slices.IndexFunc(cells, func(status int) bool { return status < 400 })
		if first < 0 {
			t.Errorf("nobody may call %s", op.route())
			continue
		}
		a := all[slices.IndexFunc(all, func(a actor) bool { return a.name == columns[first] })]
		t.Run(op.route(), func(t *testing.T) {
			refusesUnknownFields(t, v, op, a)
			if scenarios[op.id].uses == "" {
				takesTheEnvelope(t, v, op, a)
				knowsItsOrders(t, v, op, a)
				isDoneOnce(t, v, op, a, cells[first])
			}
		})
	}
}

func refusesUnknownFields(t *testing.T, v *victim, op operation, a actor) {
	c := v.prepare(t, op, a)
	body, ok := c.json.(map[string]any)
	if !ok {
		return
	}
	c.json = with(body, "surprise", true)
	got := v.do(t, c)
	if got.status != 422 || got.code() != "VALIDATION_ERROR" || !strings.Contains(string(got.body), `["body","surprise"]`) {
		t.Errorf("with a field that nobody knows: %v", got)
	}
}

func takesTheEnvelope(t *testing.T, v *victim, op operation, a actor) {
	c := v.prepare(t, op, a)
	sign := "?"
	if strings.Contains(c.path, "?") {
		sign = "&"
	}
	c.path += sign + "envelope=true"
	got := v.do(t, c)
	switch isJSON := strings.HasPrefix(got.header.Get("Content-Type"), "application/json"); {
	case got.status >= 300:
		t.Errorf("in an envelope: %v", got)
	case !isJSON:
		return
	}
	var envelope map[string]json.RawMessage
	if err := json.Unmarshal(got.body, &envelope); err != nil {
		t.Fatalf("%v: %v", got, err)
	}
	names := slices.Sorted(maps.Keys(envelope))
	if !slices.Equal(names, []string{"data", "message", "request_id", "timestamp"}) {
		t.Errorf("the envelope has %q", names)
	}
	if id := strings.Trim(string(envelope["request_id"]), `"`); id != got.header.Get("X-Request-Id") {
		t.Errorf("request_id is %s, X-Request-Id %s", id, got.header.Get("X-Request-Id"))
	}
	if data := string(envelope["data"]); data == "null" || data == "" {
		t.Errorf("data is %q", data)
	}
}

// knowsItsOrders asks lists for an order that none has.
func knowsItsOrders(t *testing.T, v *victim, op operation, a actor) {
	c := v.prepare(t, op, a)
	bare := v.do(t, c)
	if _, list := bare.object()["page_size"]; op.method != http.MethodGet || !list {
		return
	}
	for _, query := range []string{"order=nonsense", "sort=sideways", "page_size=0", "page_size=101", "page=0"} {
		sign := "?"
		if strings.Contains(c.path, "?") {
			sign = "&"
		}
		asked := c
		asked.path += sign + query
		if got := v.do(t, asked); got.status != 422 || got.code() != "VALIDATION_ERROR" {
			t.Errorf("%s: %v", query, got)
		}
	}
}

// isDoneOnce repeats a POST under one Idempotency-Key: the second answer is the
// first again, and the key cannot be used for another request.
func isDoneOnce(t *testing.T, v *victim, op operation, a actor, want int) {
	if op.method != http.MethodPost || strings.HasPrefix(op.path, "/v1/auth/") || len(a.header) == 0 {
		return
	}
	c := v.prepare(t, op, a)
	c.header = c.header.Clone()
	c.header.Set("Idempotency-Key", "once-"+mark())
	first, second := v.do(t, c), v.do(t, c)
	if first.status != want || second.status != want || first.header.Get("Idempotent-Replayed") != "" {
		t.Fatalf("%v, then %v; want %d", first, second, want)
	}
	if second.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the second time: %v", second)
	}
	if body, ok := c.json.(map[string]any); ok && len(body) > 0 {
		for name, value := range body {
			if text, ok := value.(string); ok && name != "plan" {
				c.json = with(body, name, text+" ")
			}
		}
		if other := v.do(t, c); other.status != 409 && other.status != 422 {
			t.Errorf("another request under the same key: %v", other)
		}
	}
}

// with is an object with one field more, or another value in it.
func with(object map[string]any, name string, value any) map[string]any {
	object = maps.Clone(object)
	object[name] = value
	return object
}
