package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/webhook"
)

// TestDelivered follows one event through the queue to a receiver.
func TestDelivered(t *testing.T) {
	each(t, func(w *world) {
		r := receive(w.T, func(_ int, rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(rw, "thanks")
		})
		h, secret := w.create(r.URL + "/hook?team=a")
		w.start()
		id := asset.NewID()
		at := time.Date(2024, 1, 15, 11, 30, 0, 999, time.FixedZone("CET", 3600))
		w.must(w.rows.Tx(w.Context(), func(ctx context.Context, tx *db.Tx) error {
			return w.hooks.Announce(ctx, tx, asset.Event{Name: webhook.AssetProcessed, OrganizationID: w.org, At: at,
				Data: map[string]any{"asset_id": id, "status": asset.Completed}})
		}))
		w.until("delivered", func() bool { return w.deliveries(h)[0].Status == db.DeliveryDelivered })
		got := r.requests()[0]
		want(w, "body", string(got.body), `{"event":"asset.processed","timestamp":"2024-01-15T10:30:00Z","data":{"asset_id":"`+id.String()+`","status":"completed"}}`)
		want(w, "content type", got.Get("Content-Type"), "application/json")
		w.must(verified(w.T, secret, got))
		if err := verified(w.T, "whsec_"+strings.Repeat("A", 43)+"=", got); err == nil {
			w.Error("another secret verifies")
		}
		got.body = append([]byte(" "), got.body...)
		if err := verified(w.T, secret, got); err == nil {
			w.Error("another body verifies")
		}

		d := w.deliveries(h)[0]
		want(w, "webhook-id", got.Get("webhook-id"), d.ID.String())
		if len(d.Log) != 1 || d.Attempts != 1 || d.DeliveredAt == nil || d.NextAttemptAt != nil {
			w.Fatalf("delivery %+v", d)
		}
		a := d.Log[0]
		want(w, "attempt", words(a.Number, a.URL, *a.ResponseStatus, a.ResponseBody, a.Error), "1 "+r.URL+"/hook?team=a 202 thanks")
		var headers map[string]string
		w.must(json.Unmarshal(a.RequestHeaders, &headers))
		want(w, "headers kept", len(headers), 5)
		for name, value := range headers {
			want(w, "header "+name, value, got.Get(name))
		}
	})
}

// TestRolledBack: an event whose transaction fails is not told.
func TestRolledBack(t *testing.T) {
	each(t, func(w *world) {
		r := receive(w.T, always(http.StatusOK))
		h, _ := w.create(r.URL)
		w.start()
		refused := errors.New("rolled back")
		err := w.rows.Tx(w.Context(), func(ctx context.Context, tx *db.Tx) error {
			err := w.hooks.Announce(ctx, tx, asset.Event{Name: webhook.AssetProcessed, OrganizationID: w.org, Data: map[string]any{"asset_id": "lost"}})
			return errors.Join(err, refused)
		})
		if !errors.Is(err, refused) {
			w.Fatal(err)
		}
		want(w, "deliveries", len(w.deliveries(h)), 0)
		// Jobs run in the order of their ids: the lost one would have come first.
		w.announce(webhook.AssetProcessed, map[string]any{"asset_id": "kept"})
		w.until("delivered", func() bool { return w.deliveries(h)[0].Status == db.DeliveryDelivered })
		for _, q := range r.requests() {
			if strings.Contains(string(q.body), "lost") {
				w.Errorf("heard %s", q.body)
			}
		}
	})
}

// TestRetried: what failed is tried again, by the queue, until a 2xx.
func TestRetried(t *testing.T) {
	each(t, func(w *world) {
		r := receive(w.T, func(n int, rw http.ResponseWriter, _ *http.Request) {
			switch n {
			case 1:
				rw.WriteHeader(http.StatusInternalServerError)
			case 2:
				panic(http.ErrAbortHandler) // closes the connection
			default:
				rw.WriteHeader(http.StatusNoContent)
			}
		})
		w.hooks.SetDelays(0, 0, 0)
		h, secret := w.create(r.URL)
		w.start()
		d := w.pending(h)
		w.until("delivered", func() bool { return w.deliveries(h)[0].Status == db.DeliveryDelivered })
		d = w.delivery(h, d.ID)
		var story []string
		for _, a := range d.Log {
			story = append(story, a.Error)
		}
		want(w, "story", strings.Join(story, "; "), "the answer was 500; the connection was closed without an answer; ")
		want(w, "attempts", d.Attempts, 3)
		for _, q := range r.requests() {
			w.must(verified(w.T, secret, q))
			want(w, "webhook-id", q.Get("webhook-id"), d.ID.String())
			want(w, "body", string(q.body), string(d.Body))
		}
	})
}

// TestSchedule makes every attempt of a series by hand and holds the times
// between them to docs/webhooks.md.
func TestSchedule(t *testing.T) {
	w := sqlite(t, config())
	r := receive(t, always(http.StatusServiceUnavailable))
	h, _ := w.create(r.URL)
	d := w.pending(h)
	documented := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
	want(w, "delays", words(webhook.Delays()), words(documented))
	for i, delay := range documented {
		before := w.now()
		w.attempt(d)
		d = w.delivery(h, d.ID)
		if d.Status != db.DeliveryPending || d.NextAttemptAt == nil {
			t.Fatalf("after attempt %d: %+v", i+1, d)
		}
		got := d.NextAttemptAt.Sub(before)
		if slack := math.Abs(float64(got-delay)) - 0.1*float64(delay); slack > float64(30*time.Second) {
			t.Errorf("after attempt %d: %s, want %s ±10%%", i+1, got, delay)
		}
		var scheduled string
		w.must(w.rows.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return tx.SQL().QueryRowContext(ctx, "SELECT state FROM river_job WHERE kind = 'webhook_deliver' ORDER BY id DESC LIMIT 1").Scan(&scheduled)
		}))
		want(w, "next job", scheduled, "scheduled")
		w.wait(got)
	}
	w.attempt(d)
	d = w.delivery(h, d.ID)
	want(w, "after the last attempt", words(d.Status, d.Attempts, d.NextAttemptAt, len(d.Log)), "failed 10 <nil> 10")
	w.attempt(d)
	want(w, "heard", len(r.requests()), 10)
}

// TestRunTwice: a job that was done already, run again, neither sends nor counts.
func TestRunTwice(t *testing.T) {
	for name, status := range map[string]int{"delivered": 200, "failed": 500} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				r := receive(w.T, always(status))
				h, _ := w.create(r.URL)
				d := w.pending(h)
				w.attempt(d)
				after := w.delivery(h, d.ID)
				w.attempt(d)
				w.attempt(d)
				want(w, "heard", len(r.requests()), 1)
				got := w.delivery(h, d.ID)
				want(w, "attempts", words(got.Attempts, got.Tries, got.Generation, got.Status), words(1, 1, after.Generation, after.Status))
			})
		})
	}
}

// TestRunTwiceAtOnce: when a job runs twice at the same time both requests are
// in the log, and the delivery moves on once.
func TestRunTwiceAtOnce(t *testing.T) {
	each(t, func(w *world) {
		both := make(chan bool)
		r := receive(w.T, func(n int, rw http.ResponseWriter, _ *http.Request) {
			if n == 2 {
				close(both)
			}
			<-both
			rw.WriteHeader(http.StatusInternalServerError)
		})
		h, _ := w.create(r.URL)
		d := w.pending(h)
		done := make(chan error, 2)
		for range 2 {
			go func() {
				done <- w.hooks.Deliver(w.Context(), webhook.DeliverJob{DeliveryID: d.ID, Generation: d.Generation})
			}()
		}
		w.must(<-done)
		w.must(<-done)
		d = w.delivery(h, d.ID)
		want(w, "delivery", words(d.Attempts, d.Tries, d.Generation, d.Status, len(d.Log)), "2 1 2 pending 2")
	})
}

// TestStopped: an attempt that this side breaks off is none.
func TestStopped(t *testing.T) {
	w := sqlite(t, config())
	ctx, cancel := context.WithCancel(t.Context())
	r := receive(t, func(n int, _ http.ResponseWriter, req *http.Request) {
		if n == 1 {
			cancel()
			<-req.Context().Done()
		}
	})
	h, _ := w.create(r.URL)
	d := w.pending(h)
	if err := w.hooks.Deliver(ctx, webhook.DeliverJob{DeliveryID: d.ID, Generation: d.Generation}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	d = w.delivery(h, d.ID)
	want(w, "after the stop", words(d.Status, d.Attempts), "pending 0")
	w.attempt(d)
	d = w.delivery(h, d.ID)
	want(w, "after the next run", words(d.Status, d.Attempts), "delivered 1")
}

func TestRedirectIsAFailure(t *testing.T) {
	w := sqlite(t, config())
	target := receive(t, always(http.StatusOK))
	for _, status := range []int{300, 301, 302, 303, 304, 307, 308} {
		r := receive(t, func(_ int, rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Location", target.URL)
			rw.WriteHeader(status)
		})
		h, _ := w.create(r.URL)
		d := w.pending(h)
		w.attempt(d)
		d = w.delivery(h, d.ID)
		want(w, "after a redirect", d.Status+": "+d.Log[0].Error, fmt.Sprintf("pending: the answer was %d; redirects are not followed", status))
		w.must(w.hooks.Delete(t.Context(), w, w.org, h.ID))
	}
	want(w, "heard at the target", len(target.requests()), 0)
}

func TestGone(t *testing.T) {
	each(t, func(w *world) {
		r := receive(w.T, always(http.StatusGone))
		h, _ := w.create(r.URL)
		first, second := w.pending(h), w.pending(h)
		w.attempt(first)
		got, err := w.hooks.Get(w.Context(), w.org, h.ID)
		w.must(err)
		if got.Active || got.DisabledAt == nil || got.DisabledReason != "the receiver answered 410 Gone" {
			w.Errorf("webhook %+v", got)
		}
		a, b := w.delivery(h, first.ID), w.delivery(h, second.ID)
		want(w, "the one that was answered", a.Status+": "+a.Log[0].Error, "failed: the answer was 410")
		want(w, "the other", b.Status+": "+b.Error, "failed: the webhook is not active")
		w.attempt(second)
		w.announce(webhook.AssetProcessed, nil)
		want(w, "deliveries", len(w.deliveries(h)), 2)
		want(w, "heard", len(r.requests()), 1)
		on := true
		got, err = w.hooks.Update(w.Context(), w, w.org, h.ID, webhook.Patch{Active: &on})
		w.must(err)
		want(w, "on again", words(got.Active, got.DisabledAt, got.DisabledReason), "true <nil>")
	})
}

// TestGoneElsewhere: a 410 from an address that was replaced while it answered
// disables nothing.
func TestGoneElsewhere(t *testing.T) {
	w := sqlite(t, config())
	var h *webhook.Webhook
	r := receive(t, func(_ int, rw http.ResponseWriter, _ *http.Request) {
		url := "https://example.com/new"
		_, err := w.hooks.Update(context.Background(), w, w.org, h.ID, webhook.Patch{URL: &url})
		if err != nil {
			t.Error(err)
		}
		rw.WriteHeader(http.StatusGone)
	})
	h, _ = w.create(r.URL)
	w.attempt(w.pending(h))
	got, err := w.hooks.Get(t.Context(), w.org, h.ID)
	w.must(err)
	want(w, "active", got.Active, true)
}

func TestRedeliver(t *testing.T) {
	each(t, func(w *world) {
		w.hooks.SetDelays(time.Hour)
		answer := http.StatusInternalServerError
		r := receive(w.T, func(_ int, rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(answer) })
		h, _ := w.create(r.URL)
		stale := w.pending(h)
		w.attempt(stale)
		stale = w.delivery(h, stale.ID)
		d, err := w.hooks.Redeliver(w.Context(), w.org, h.ID, stale.ID) // while it waits
		w.must(err)
		w.attempt(stale)
		want(w, "heard of the old job", len(r.requests()), 1)
		w.attempt(d)
		d = w.delivery(h, d.ID)
		want(w, "a new series", words(d.Status, d.Attempts, d.Tries), "pending 2 1")
		w.attempt(d)
		d = w.delivery(h, d.ID)
		want(w, "given up", words(d.Status, d.Attempts, d.Tries), "failed 3 2")
		answer = http.StatusOK
		for i := range 2 { // failed, then delivered: either may be sent again
			d, err = w.hooks.Redeliver(w.Context(), w.org, h.ID, d.ID)
			w.must(err)
			w.attempt(d)
			d = w.delivery(h, d.ID)
			want(w, "sent again", words(d.Status, d.Attempts, len(d.Log)), words("delivered", 4+i, 4+i))
		}
		for _, q := range r.requests() {
			want(w, "webhook-id", q.Get("webhook-id"), d.ID.String())
		}
		_, err = w.hooks.Redeliver(w.Context(), w.org, h.ID, asset.NewID())
		w.code("unknown", err, asset.NotFound)
	})
}

func TestTestEvent(t *testing.T) {
	w := sqlite(t, config())
	r := receive(t, always(http.StatusOK))
	h, secret := w.create(r.URL)
	d, err := w.hooks.Test(t.Context(), w.org, h.ID)
	w.must(err)
	w.attempt(d)
	w.must(verified(t, secret, r.requests()[0]))
	var m struct {
		Event string
		Data  map[string]any
	}
	w.must(json.Unmarshal(r.requests()[0].body, &m))
	want(w, "message", words(m.Event, m.Data), "webhook.test map[webhook_id:"+h.ID.String()+"]")
}

// TestUnpleasantReceivers: what they do is bounded, and told in words.
func TestUnpleasantReceivers(t *testing.T) {
	c := config()
	c.Timeout = time.Second
	w := sqlite(t, c)
	hang := func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, x := range map[string]struct {
		answer func(int, http.ResponseWriter, *http.Request)
		err    string
		body   int
	}{
		"silent": {answer: hang, err: "no answer within 1s"},
		"endless": {body: 4096, answer: func(_ int, rw http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := rw.Write([]byte(strings.Repeat("x", 64<<10))); err != nil {
					return
				}
			}
		}},
		"slow body": {body: 5, answer: func(n int, rw http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(rw, "begun")
			rw.(http.Flusher).Flush()
			hang(n, rw, r)
		}},
		"huge header": {err: "the request failed", answer: func(_ int, rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("X", strings.Repeat("x", 1<<20))
		}},
		"not text": {body: 8, answer: func(_ int, rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte("nul\x00\xff\xfeok")) // NUL goes, what is no UTF-8 becomes U+FFFD
		}},
	} {
		r := receive(t, x.answer)
		h, _ := w.create(r.URL)
		d := w.pending(h)
		w.attempt(d)
		d = w.delivery(h, d.ID)
		want(w, name, words(d.Log[0].Error, len(d.Log[0].ResponseBody)), words(x.err, x.body))
		w.must(w.hooks.Delete(t.Context(), w, w.org, h.ID))
	}
	r := receive(t, always(http.StatusOK))
	h, _ := w.create(r.URL)
	d := w.pending(h)
	r.Close()
	w.attempt(d)
	want(w, "closed", w.delivery(h, d.ID).Log[0].Error, "the connection was refused")
}

func TestCertificates(t *testing.T) {
	w := sqlite(t, config())
	heard := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard++ }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	h, _ := w.create(server.URL)
	d := w.pending(h)
	w.attempt(d)
	d = w.delivery(h, d.ID)
	want(w, "unknown authority", d.Log[0].Error, "the certificate is not valid: certificate signed by unknown authority")
	want(w, "heard", heard, 0)
	w.hooks = w.service(config())
	w.hooks.Trust(server.Certificate())
	w.attempt(d)
	want(w, "trusted", w.delivery(h, d.ID).Status, db.DeliveryDelivered)
	plain := strings.Replace(receive(t, always(200)).URL, "http://", "https://", 1)
	h, _ = w.create(plain)
	d = w.pending(h)
	w.attempt(d)
	want(w, "no TLS", w.delivery(h, d.ID).Log[0].Error, "the server does not speak TLS")
}

// TestPrivateTargetIsRefusedWhenDialled: a webhook whose address was accepted
// once is refused when it is called, without a word of where it led.
func TestPrivateTargetIsRefusedWhenDialled(t *testing.T) {
	w := sqlite(t, config())
	r := receive(t, always(http.StatusOK))
	h, _ := w.create(r.URL)
	d := w.pending(h)
	w.hooks = w.service(webhook.DefaultConfig())
	w.attempt(d)
	d = w.delivery(h, d.ID)
	want(w, "refused", d.Log[0].Error, "the host has no public address")
	want(w, "heard", len(r.requests()), 0)
	url := r.URL
	_, err := w.hooks.Update(t.Context(), w, w.org, h.ID, webhook.Patch{URL: &url})
	w.code("kept by an update", err, asset.ValidationError)
}

// TestCrowdedOrganization: attempts beyond an organization's share wait.
func TestCrowdedOrganization(t *testing.T) {
	c := config()
	c.Workers = 4 // a share of one
	w := sqlite(t, c)
	inside, leave := make(chan bool), make(chan bool)
	r := receive(t, func(n int, _ http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			inside <- true
			<-leave
		}
	})
	h, _ := w.create(r.URL)
	first, second := w.pending(h), w.pending(h)
	done := make(chan error)
	go func() {
		done <- w.hooks.Deliver(t.Context(), webhook.DeliverJob{DeliveryID: first.ID, Generation: 1})
	}()
	<-inside
	err := w.hooks.Deliver(t.Context(), webhook.DeliverJob{DeliveryID: second.ID, Generation: 1})
	var snooze *river.JobSnoozeError
	if !errors.As(err, &snooze) {
		t.Errorf("got %v", err)
	}
	close(leave)
	w.must(<-done)
	w.attempt(second)
	want(w, "after the crowd", w.delivery(h, second.ID).Status, db.DeliveryDelivered)
}

func TestSweep(t *testing.T) {
	each(t, func(w *world) {
		r := receive(w.T, always(http.StatusOK))
		h, _ := w.create(r.URL)
		settled, open := w.pending(h), w.pending(h)
		w.attempt(settled)
		w.wait(20 * time.Minute)
		drop := func() { // the job of the open one is lost
			w.must(w.rows.Tx(w.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.SQL().ExecContext(ctx, "DELETE FROM river_job")
				return err
			}))
		}
		jobs := func() (n int) {
			w.must(w.rows.Tx(w.Context(), func(ctx context.Context, tx *db.Tx) error {
				return tx.SQL().QueryRowContext(ctx, "SELECT count(*) FROM river_job").Scan(&n)
			}))
			return n
		}
		w.must(w.hooks.Sweep(w.Context()))
		want(w, "jobs when none is lost", jobs(), 2)
		drop()
		w.must(w.hooks.Sweep(w.Context()))
		w.must(w.hooks.Sweep(w.Context()))
		want(w, "jobs taken up", jobs(), 1)
		w.wait(31 * 24 * time.Hour)
		w.must(w.hooks.Sweep(w.Context()))
		_, err := w.hooks.Delivery(w.Context(), w.org, h.ID, settled.ID)
		w.code("settled and old", err, asset.NotFound)
		want(w, "open", w.delivery(h, open.ID).Status, db.DeliveryPending)
	})
}

// TestLogIsBounded: a delivery that is sent again and again keeps its latest
// attempts.
func TestLogIsBounded(t *testing.T) {
	w := sqlite(t, config())
	r := receive(t, always(http.StatusOK))
	h, _ := w.create(r.URL)
	d := w.pending(h)
	w.attempt(d)
	for range db.MaxAttemptLog + 2 {
		var err error
		d, err = w.hooks.Redeliver(t.Context(), w.org, h.ID, d.ID)
		w.must(err)
		w.attempt(d)
	}
	d = w.delivery(h, d.ID)
	want(w, "log", words(len(d.Log), d.Log[0].Number, d.Attempts), words(db.MaxAttemptLog, 4, db.MaxAttemptLog+3))
}
