package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

// message is what a receiver heard.
type message struct {
	http.Header
	body []byte
}

// receiver answers 204 to everything and hands on what it hears.
func receiver(t *testing.T) (url string, heard <-chan message) {
	t.Helper()
	ch := make(chan message, 64)
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		ch <- message{r.Header, body}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(ts.Close)
	return ts.URL + "/webhook", ch
}

// next waits for a message; the limit only ends a hung test.
func next(t *testing.T, heard <-chan message) message {
	t.Helper()
	select {
	case m := <-heard:
		return m
	case <-time.After(time.Minute):
		t.Fatal("no message came")
		return message{}
	}
}

// verified holds a message against a secret by the specification's own library.
func verified(t *testing.T, secret any, m message) error {
	t.Helper()
	v, err := standardwebhooks.NewWebhook(secret.(string))
	if err != nil {
		t.Fatal(err)
	}
	return v.Verify(m.body, m.Header)
}

// until asks again until an answer is as it must become.
func (w *world) until(t *testing.T, c call, good func(map[string]any) bool) map[string]any {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if a := w.want(t, 200, c); good(a) {
			return a
		} else if time.Now().After(deadline) {
			t.Fatalf("%s stays %v", c.path, a)
		}
	}
}

// The example of the reference page: what is created, what arrives, and who sent
// it.
func TestWebhooksAsPrinted(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	url, heard := receiver(t)

	made := w.want(t, 201, call{method: "POST", path: "/v1/webhooks/", token: token, json: `{
  "url": "` + url + `",
  "events": ["asset.processed", "verification.completed"],
  "active": true
}`})
	if made["url"] != url || made["active"] != true || len(made["events"].([]any)) != 2 || !strings.HasPrefix(made["secret"].(string), "whsec_") {
		t.Errorf("made %v", made)
	}

	photo := picture(t, 60)
	a := w.upload(t, token, asPrinted(photo)...)
	m := next(t, heard)
	if err := verified(t, made["secret"], m); err != nil {
		t.Error(err)
	}
	var body struct {
		Event, Timestamp string
		Data             map[string]any
	}
	if err := json.Unmarshal(m.body, &body); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse("2006-01-02T15:04:05Z", body.Timestamp); err != nil {
		t.Error(err)
	}
	if body.Event != "asset.processed" || body.Data["asset_id"] != a["id"] || body.Data["status"] != "completed" || len(m.Values("Webhook-Id")) != 1 {
		t.Errorf("heard %s", m.body)
	}

	w.want(t, 200, call{method: "POST", path: "/v1/verify/", token: token, form: []part{file("file", "photo.jpg", photo)}})
	if m = next(t, heard); verified(t, made["secret"], m) != nil || !strings.Contains(string(m.body), `"event":"verification.completed"`) {
		t.Errorf("heard %s", m.body)
	}
}

// A webhook from its creation to its end, by the routes.
func TestWebhookLife(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	url, heard := receiver(t)
	create := call{method: "POST", path: "/v1/webhooks", token: token, header: map[string]string{"Idempotency-Key": "once"},
		json: map[string]any{"url": url, "events": []string{"asset.deleted"}, "description": "ours"}}
	first := w.do(t, create)
	made := first.object
	path := "/v1/webhooks/" + made["id"].(string)
	if first.status != 201 || first.header.Get("Location") != path || made["active"] != true {
		t.Fatalf("%d %s", first.status, first.body)
	}
	if again := w.want(t, 201, create); again["id"] != made["id"] || again["secret"] == made["secret"] || !strings.Contains(again["secret"].(string), "...") {
		t.Errorf("replayed as %v", again)
	}
	list := w.want(t, 200, call{method: "GET", path: "/v1/webhooks/", token: token})
	got := w.want(t, 200, call{method: "GET", path: path, token: token})
	if number(list["total"]) != "1" || list["items"].([]any)[0].(map[string]any)["id"] != made["id"] || got["description"] != "ours" {
		t.Errorf("listed %v, got %v", list, got)
	}
	for _, secretive := range []map[string]any{list["items"].([]any)[0].(map[string]any), got} {
		if _, shown := secretive["secret"]; shown {
			t.Error("the secret is shown again")
		}
	}

	// A rotation: both secrets sign.
	rotated := w.want(t, 200, call{method: "POST", path: path + "/rotate-secret", token: token})
	begun := w.want(t, 202, call{method: "POST", path: path + "/test", token: token})
	m := next(t, heard)
	for _, secret := range []any{made["secret"], rotated["secret"]} {
		if err := verified(t, secret, m); err != nil {
			t.Errorf("after the rotation: %v", err)
		}
	}
	if begun["event"] != "webhook.test" || begun["id"] != m.Get("Webhook-Id") {
		t.Errorf("%v was heard as %s", begun, m.Get("Webhook-Id"))
	}

	// The delivery tells what was sent and answered, and may be repeated.
	delivery := call{method: "GET", path: path + "/deliveries/" + begun["id"].(string), token: token}
	d := w.until(t, delivery, func(d map[string]any) bool { return d["status"] == "delivered" })
	attempt := d["attempts"].([]any)[0].(map[string]any)
	request, response := attempt["request"].(map[string]any), attempt["response"].(map[string]any)
	if request["url"] != url || request["headers"].(map[string]any)["webhook-signature"] != m.Get("Webhook-Signature") ||
		number(response["status"]) != "204" || attempt["error"] != nil || d["payload"].(map[string]any)["event"] != "webhook.test" {
		t.Errorf("delivery %v", d)
	}
	w.want(t, 202, call{method: "POST", path: delivery.path + "/redeliver", token: token})
	if again := next(t, heard); again.Get("Webhook-Id") != m.Get("Webhook-Id") || string(again.body) != string(m.body) {
		t.Error("it is another message")
	}
	w.until(t, delivery, func(d map[string]any) bool {
		return number(d["attempt_count"]) == "2" && len(d["attempts"].([]any)) == 2
	})
	for query, total := range map[string]string{"": "1", "?status=failed": "0", "?event=webhook.test&status=delivered": "1", "?event=asset.failed": "0"} {
		if l := w.want(t, 200, call{method: "GET", path: path + "/deliveries" + query, token: token}); number(l["total"]) != total {
			t.Errorf("deliveries%s: %v", query, l)
		}
	}

	// A patch keeps what it does not name.
	patched := w.want(t, 200, call{method: "PATCH", path: path, token: token, json: `{"active":false,"description":null}`})
	if patched["active"] != false || patched["description"] != nil || patched["url"] != url || len(patched["events"].([]any)) != 1 {
		t.Errorf("patched to %v", patched)
	}
	w.refused(t, 409, "CONFLICT", call{method: "POST", path: path + "/test", token: token})
	w.want(t, 200, call{method: "PATCH", path: path, token: token, json: `{"events":["asset.failed","asset.deleted"]}`})

	w.want(t, 204, call{method: "DELETE", path: path, token: token})
	w.refused(t, 404, "NOT_FOUND", call{method: "GET", path: path, token: token})
	w.refused(t, 404, "NOT_FOUND", delivery)
}

// What may not be asked, and by whom.
func TestWebhookRefusals(t *testing.T) {
	w := newWorld(t)
	token, stranger := w.register(t, "user@example.com"), w.register(t, "other@example.com")
	const events = `"events":["asset.processed"]`
	for _, body := range []string{
		`{}`, `{"url":"https://example.com/x"}`, `{` + events + `}`,
		`{"url":"https://example.com/x","events":[]}`,
		`{"url":"https://example.com/x","events":["asset.exploded"]}`,
		`{"url":"https://example.com/x","events":["webhook.test"]}`,
		`{"url":"https://example.com/x","events":["asset.failed","asset.failed"]}`,
		`{"url":"ftp://example.com/x",` + events + `}`,
		`{"url":"not a url",` + events + `}`,
		`{"url":"https://user:pass@example.com/",` + events + `}`,
		`{"url":"https://example.com/` + strings.Repeat("x", 2048) + `",` + events + `}`,
		`{"url":"https://example.com/x",` + events + `,"secret":"whsec_mine"}`,
		`{"url":"https://example.com/x",` + events + `,"active":"yes"}`,
	} {
		w.refused(t, 422, "VALIDATION_ERROR", call{method: "POST", path: "/v1/webhooks/", token: token, json: body})
	}
	made := w.want(t, 201, call{method: "POST", path: "/v1/webhooks/", token: token, json: `{"url":"https://example.com/x",` + events + `,"active":false}`})
	path := "/v1/webhooks/" + made["id"].(string)
	for _, body := range []string{`{"url":null}`, `{"events":null}`, `{"active":null}`, `{"events":[]}`, `{"id":"x"}`} {
		w.refused(t, 422, "VALIDATION_ERROR", call{method: "PATCH", path: path, token: token, json: body})
	}

	// To another organization it is not there.
	const id = "/0193c1f2-8e1b-7a3c-9d4e-000000000000"
	for _, c := range []call{
		{method: "GET", path: path}, {method: "PATCH", path: path, json: `{}`}, {method: "DELETE", path: path},
		{method: "POST", path: path + "/test"}, {method: "POST", path: path + "/rotate-secret"},
		{method: "GET", path: path + "/deliveries"}, {method: "GET", path: path + "/deliveries" + id},
		{method: "POST", path: path + "/deliveries" + id + "/redeliver"},
	} {
		c.token = stranger
		w.refused(t, 404, "NOT_FOUND", c)
		c.token = ""
		w.refused(t, 401, "UNAUTHORIZED", c)
	}

	// Members have webhooks, viewers have not.
	who, err := w.Accounts.Authenticate(t.Context(), account.Credentials{Bearer: token})
	if err != nil {
		t.Fatal(err)
	}
	guest, err := w.Accounts.Authenticate(t.Context(), account.Credentials{Bearer: stranger})
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]string{"X-Organization-Id": who.OrganizationID.String()}
	for role, status := range map[string]int{account.RoleAdmin: 200, account.RoleMember: 200, account.RoleViewer: 403} {
		if err := w.Rows.PutMembership(t.Context(), who.OrganizationID, guest.UserID, role); err != nil {
			t.Fatal(err)
		}
		if a := w.do(t, call{method: "GET", path: path, token: stranger, header: in}); a.status != status ||
			(status == 403 && a.object["error_code"] != string(asset.InsufficientScope)) {
			t.Errorf("a %s: %d %s", role, a.status, a.body)
		}
	}
}
