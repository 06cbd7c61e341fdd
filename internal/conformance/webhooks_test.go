package conformance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// webhookRows create a webhook and wait for what it brings.
var webhookRows = []row{
	{part: "Webhooks", ask: `
POST /webhooks/
Authorization: Bearer <token>
Content-Type: application/json

{
  "url": "<receiver>/webhook",
  "events": ["asset.processed", "verification.completed"],
  "active": true
}`, want: `
201 Created

{
  "id": "uuid",
  "url": "<receiver>/webhook",
  "events": ["asset.processed", "verification.completed"],
  "active": true,
  "secret": "whsec_..."
}`, keep: "webhook_id=id webhook_secret=secret"},
	{part: "Webhooks: the printed address", ask: `
POST /webhooks/
Authorization: Bearer <token>
Content-Type: application/json

{
  "url": "https://your-domain.com/webhook",
  "events": ["commitment.finalized"],
  "active": false
}`, want: `
201 Created

{"url": "https://your-domain.com/webhook", "events": ["commitment.finalized"], "active": false}`},
	{part: "Webhook Payload: something to tell of", ask: `
POST /assets/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<small>`, want: `
201 Created

{"processing_status": "completed"}`, keep: "told_id=id"},
	{part: "Webhook Payload", ask: `
GET /webhooks/<webhook_id>
Authorization: Bearer <token>`, want: `
200 OK

{"id": "<webhook_id>", "active": true}`, after: func(t *testing.T, w *world, _ *answer) {
		w.arrives(t, "asset.processed", `
{
  "event": "asset.processed",
  "timestamp": "2024-01-15T10:30:00Z",
  "data": {
    "asset_id": "<told_id>",
    "status": "completed"
  }
}`)
	}},
	{part: "Webhook Payload: something else to tell of", ask: `
POST /verify/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<small>`, want: `
200 OK

{"verdict": "authentic"}`, after: func(t *testing.T, w *world, _ *answer) {
		w.arrives(t, "verification.completed", `
{
  "event": "verification.completed",
  "timestamp": "2024-01-15T10:30:00Z",
  "data": {"asset_id": "<told_id>", "verdict": "authentic"}
}`)
	}},
}

// receiver is a client's own server.
type receiver struct {
	*httptest.Server
	messages chan message
}

type message struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{messages: make(chan message, 16)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err == nil && req.Method == http.MethodPost && req.URL.Path == "/webhook" {
			r.messages <- message{req.Header, body}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(r.Close)
	return r
}

// arrives waits for an event and holds its body and its signature against what
// the page and Standard Webhooks say.
func (w *world) arrives(t *testing.T, event, body string) {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(w.names["webhook_secret"])
	if err != nil {
		t.Fatal(err)
	}
	for late := time.After(30 * time.Second); ; {
		select {
		case <-late:
			t.Fatalf("%s did not arrive", event)
		case m := <-w.hooks.messages:
			var got, want any
			if err := json.Unmarshal(m.body, &got); err != nil {
				t.Fatal(err)
			}
			if got.(map[string]any)["event"] != event {
				continue
			}
			if err := verifier.Verify(m.body, m.header); err != nil {
				t.Errorf("the signature: %v", err)
			}
			if err := json.Unmarshal([]byte(w.fillAngles(t, body)), &want); err != nil {
				t.Fatal(err)
			}
			for _, d := range differences(want, got, "payload") {
				t.Error(d)
			}
			return
		}
	}
}
