package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// delays lie between the attempts of a series: 10 attempts in 75 h 35 min, each
// delay ±10%.
var delays = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// inactiveReason is why a delivery of a webhook that is switched off failed.
const inactiveReason = "the webhook is not active"

const userAgent = "Certana-Webhook/1"

// deliver makes the attempt that a job was made for. Nothing is written before
// the answer is there: killed in between, the job runs again and the receiver
// hears the same message twice, under the same webhook-id.
func (s *Service) deliver(ctx context.Context, job DeliverJob) error {
	d, err := s.rows.DeliveryByID(ctx, job.DeliveryID)
	if asset.Is(err, asset.NotFound) {
		return nil // its webhook was deleted
	}
	if err != nil || d.Generation != job.Generation || d.Status != db.DeliveryPending {
		return err
	}
	w, err := s.rows.WebhookByID(ctx, d.WebhookID)
	if asset.Is(err, asset.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !w.Active { // switched off while the event was being announced
		_, err := s.rows.FailDeliveries(ctx, w.ID, inactiveReason)
		return err
	}
	leave, ok := s.lanes.enter(w.OrganizationID)
	if !ok {
		return river.JobSnooze(time.Second + rand.N(9*time.Second))
	}
	defer leave()

	a, got, err := s.attempt(ctx, w, d)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil && got.status == 0 {
		return err // this side is stopping; the receiver is not to blame
	}
	// An answer that is here is written down even when this side is stopping.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return s.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.record(ctx, tx, job, a, got) })
}

// attempt sends a delivery and describes how it went.
func (s *Service) attempt(ctx context.Context, w *Webhook, d *Delivery) (*Attempt, answer, error) {
	rows, err := s.rows.WebhookSecrets(ctx, w.ID)
	if err != nil {
		return nil, answer{}, err
	}
	keys, err := s.openSecrets(rows)
	if err != nil {
		return nil, answer{}, err
	}
	at := s.now().UTC()
	headers := map[string]string{
		"content-type":      "application/json",
		"user-agent":        userAgent,
		"webhook-id":        d.ID.String(),
		"webhook-timestamp": strconv.FormatInt(at.Unix(), 10),
		"webhook-signature": sign(keys, d.ID.String(), at, d.Body),
	}
	kept, err := json.Marshal(headers)
	if err != nil {
		return nil, answer{}, err
	}
	start := time.Now()
	got := s.sender.send(ctx, w.URL, headers, d.Body)
	a := &Attempt{DeliveryID: d.ID, URL: w.URL, RequestHeaders: kept, ResponseBody: got.body, Error: got.failure(),
		DurationMS: time.Since(start).Milliseconds(), AttemptedAt: at}
	if got.status != 0 {
		status := int64(got.status)
		a.ResponseStatus = &status
	}
	s.logger.DebugContext(ctx, "a webhook was called", "webhook", w.ID, "delivery", d.ID, "status", got.status, "error", got.cause)
	return a, got, nil
}

// failure says why an answer is none that delivers, "" when it is.
func (a answer) failure() string {
	switch {
	case a.err != "":
		return a.err
	case a.status >= 200 && a.status <= 299:
		return ""
	case a.status >= 300 && a.status <= 399:
		return fmt.Sprintf("the answer was %d; redirects are not followed", a.status)
	}
	return fmt.Sprintf("the answer was %d", a.status)
}

// record logs an attempt and moves its delivery on. When the delivery has moved
// on already, because the job ran twice at once or a redelivery overtook it, the
// log is all that it adds to.
func (s *Service) record(ctx context.Context, tx *db.Tx, job DeliverJob, a *Attempt, got answer) error {
	d, err := tx.DeliveryByID(ctx, job.DeliveryID)
	if asset.Is(err, asset.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	d.Attempts++
	a.Number = d.Attempts
	if err := tx.InsertAttempt(ctx, a); err != nil {
		return err
	}
	if d.Generation != job.Generation || d.Status != db.DeliveryPending {
		return tx.UpdateDelivery(ctx, d)
	}
	now := s.now().UTC()
	d.Tries++
	d.NextAttemptAt = nil
	switch {
	case a.Error == "":
		d.Status, d.DeliveredAt = db.DeliveryDelivered, &now
	case got.status == http.StatusGone:
		d.Status = db.DeliveryFailed
		if err := s.gone(ctx, tx, d.WebhookID, a.URL); err != nil {
			return err
		}
	case int(d.Tries) > len(s.delays):
		d.Status = db.DeliveryFailed
	default:
		next := now.Add(jittered(s.delays[d.Tries-1]))
		d.NextAttemptAt = &next
		d.Generation++
		if err := s.queue.Enqueue(ctx, tx, DeliverJob{d.ID, d.Generation}, &river.InsertOpts{ScheduledAt: next}); err != nil {
			return err
		}
	}
	return tx.UpdateDelivery(ctx, d)
}

// gone switches a webhook off whose receiver answered 410: it wants no more.
func (s *Service) gone(ctx context.Context, tx *db.Tx, webhook asset.ID, url string) error {
	disabled, err := tx.DisableWebhook(ctx, webhook, url, "the receiver answered 410 Gone")
	if err != nil || !disabled {
		return err
	}
	_, err = tx.FailDeliveries(ctx, webhook, inactiveReason)
	return err
}

func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}
