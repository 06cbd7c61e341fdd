package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/vault"
	"github.com/certana/certana/internal/webhook"
)

var _ pipeline.Announcer = (*webhook.Service)(nil)

// world is a service over a real database, whose clock a test may move.
type world struct {
	*testing.T
	rows  *db.DB
	queue db.Queue
	hooks *webhook.Service
	vault *vault.Vault
	org   asset.ID
	gone  error // what StillThere answers

	mu    sync.Mutex
	ahead time.Duration
}

// each runs a test over every database at hand.
func each(t *testing.T, f func(w *world)) {
	dbtest.Each(t, func(t *testing.T, c db.Config) { f(open(t, c, config())) })
}

// sqlite is for tests of what no database has a say in.
func sqlite(t *testing.T, c webhook.Config) *world {
	return open(t, db.DefaultConfig(t.TempDir()), c)
}

func config() webhook.Config {
	c := webhook.DefaultConfig()
	c.AllowPrivate = true
	return c
}

func open(t *testing.T, c db.Config, wc webhook.Config) *world {
	t.Helper()
	w := join(t, c, wc)
	w.org = w.organization("acme")
	return w
}

// join opens a database that may have its rows already.
func join(t *testing.T, c db.Config, wc webhook.Config) *world {
	t.Helper()
	w := &world{T: t}
	c.Now, c.Logger = w.now, slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	w.rows, err = db.Open(t.Context(), c)
	w.must(err)
	t.Cleanup(func() { w.rows.Close() })
	w.vault, err = vault.New(make([]byte, vault.KeySize))
	w.must(err)
	w.hooks = w.service(wc)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

// service makes a service of these rows, and the queue that it enqueues on.
func (w *world) service(c webhook.Config) *webhook.Service {
	w.Helper()
	var err error
	w.queue, err = db.NewQueue(w.rows, db.QueueConfig{Queues: map[string]db.QueueSpec{
		river.QueueDefault: {}, webhook.QueueName: {Workers: 4}}})
	w.must(err)
	s, err := webhook.New(webhook.Parts{Config: c, Rows: w.rows, Queue: w.queue, Sealer: w.vault, Now: w.now})
	w.must(err)
	return s
}

// start works the queue until the test ends.
func (w *world) start() {
	w.Helper()
	workers := river.NewWorkers()
	w.hooks.Workers(workers)
	w.must(w.queue.Start(w.Context(), workers, w.hooks.Periodic()...))
	w.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		w.must(w.queue.Stop(ctx))
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) code(what string, err error, code asset.Code) {
	w.Helper()
	if !asset.Is(err, code) {
		w.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func want[T comparable](w *world, what string, got, want T) {
	w.Helper()
	if got != want {
		w.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// StillThere implements webhook.Author: who tests is allowed until they are gone.
func (w *world) StillThere(context.Context, *db.Tx) error { return w.gone }

// Record implements webhook.Author.
func (w *world) Record(ctx context.Context, tx *db.Tx, action string, target asset.ID, details map[string]any) error {
	text, err := json.Marshal(details)
	if err != nil {
		return err
	}
	return tx.InsertAuditEvent(ctx, &db.AuditEvent{OrganizationID: &w.org, ActorKind: "user", Action: action, Target: target.String(), Details: text})
}

func (w *world) organization(name string) asset.ID {
	w.Helper()
	user, org := asset.NewID(), asset.NewID()
	w.must(w.rows.InsertUser(w.Context(), &db.User{ID: user, Email: name + "@example.com"}))
	w.must(w.rows.InsertOrganization(w.Context(), &db.Organization{ID: org, Name: name, Slug: name, OwnerID: user, Plan: "free", Personal: true}))
	return org
}

// create adds an active webhook for asset.processed.
func (w *world) create(url string) (*webhook.Webhook, string) {
	w.Helper()
	h, secret, err := w.hooks.Create(w.Context(), w, w.org, webhook.Fields{URL: url, Events: []string{webhook.AssetProcessed}, Active: true})
	w.must(err)
	return h, secret
}

// announce commits an event of the organization.
func (w *world) announce(name string, data map[string]any) {
	w.Helper()
	w.must(w.rows.Tx(w.Context(), func(ctx context.Context, tx *db.Tx) error {
		return w.hooks.Announce(ctx, tx, asset.Event{Name: name, OrganizationID: w.org, At: w.now(), Data: data})
	}))
}

// pending announces an event and finds its delivery.
func (w *world) pending(h *webhook.Webhook) *webhook.Delivery {
	w.Helper()
	w.announce(webhook.AssetProcessed, map[string]any{"asset_id": asset.NewID(), "status": "completed"})
	all := w.deliveries(h)
	return &all[0]
}

func (w *world) deliveries(h *webhook.Webhook) []webhook.Delivery {
	w.Helper()
	all, total, err := w.hooks.Deliveries(w.Context(), w.org, h.ID, webhook.Filter{Page: db.Page{Number: 1, Size: 100}})
	w.must(err)
	want(w, "total of deliveries", total, len(all))
	return all
}

func (w *world) delivery(h *webhook.Webhook, id asset.ID) *webhook.Delivery {
	w.Helper()
	d, err := w.hooks.Delivery(w.Context(), w.org, h.ID, id)
	w.must(err)
	return d
}

// attempt makes the attempt that a delivery waits for.
func (w *world) attempt(d *webhook.Delivery) {
	w.Helper()
	w.must(w.hooks.Deliver(w.Context(), webhook.DeliverJob{DeliveryID: d.ID, Generation: d.Generation}))
}

// until waits for a state that must come; the limit only ends a hung test.
func (w *world) until(what string, f func() bool) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatal("never: " + what)
		}
	}
}

// request is what a receiver heard.
type request struct {
	http.Header
	body []byte
}

// receiver is a server that answers as it is told and keeps what it hears.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	heard []request
}

// receive makes a receiver; answer is called with the number of the request, 1
// for the first.
func receive(t *testing.T, answer func(n int, rw http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.heard = append(r.heard, request{req.Header, body})
		n := len(r.heard)
		r.mu.Unlock()
		if req.Method != http.MethodPost {
			t.Errorf("heard a %s", req.Method)
		}
		answer(n, rw, req)
	}))
	t.Cleanup(r.Close)
	return r
}

// always answers with one status.
func always(status int) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) }
}

func (r *receiver) requests() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]request(nil), r.heard...)
}

// verified checks a request as a receiver does, by the specification's own
// library.
func verified(t *testing.T, secret string, r request) error {
	t.Helper()
	v, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return v.Verify(r.body, r.Header)
}

// verifiedAnyTime is verified for a test whose clock is not the library's.
func verifiedAnyTime(t *testing.T, secret string, r request) error {
	t.Helper()
	v, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return v.VerifyIgnoringTimestamp(r.body, r.Header)
}

// words puts values into one line, to be compared as a text.
func words(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }
