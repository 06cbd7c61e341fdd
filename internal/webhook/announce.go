package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Announce enqueues a delivery of the event for every active webhook of its
// organization that asked for it, in the transaction of what it announces. It
// implements pipeline.Announcer.
func (s *Service) Announce(ctx context.Context, tx *db.Tx, e asset.Event) error {
	webhooks, err := tx.ActiveWebhooks(ctx, e.OrganizationID)
	if err != nil {
		return err
	}
	webhooks = slices.DeleteFunc(webhooks, func(w Webhook) bool { return !slices.Contains(w.Events, e.Name) })
	if len(webhooks) == 0 {
		return nil
	}
	if e.At.IsZero() {
		e.At = s.now()
	}
	body, err := message(e)
	if err != nil {
		return err
	}
	for _, w := range webhooks {
		if _, err := s.begin(ctx, tx, w.ID, e.Name, body); err != nil {
			return err
		}
	}
	return nil
}

// message is the body of a delivery, byte for byte as it is signed and sent.
func message(e asset.Event) ([]byte, error) {
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Event     string         `json:"event"`
		Timestamp string         `json:"timestamp"`
		Data      map[string]any `json:"data"`
	}{e.Name, e.At.UTC().Format(time.RFC3339), e.Data})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// begin adds a delivery and the job that makes its first attempt.
func (s *Service) begin(ctx context.Context, tx *db.Tx, webhook asset.ID, event string, body []byte) (*Delivery, error) {
	now := s.now().UTC()
	d := &Delivery{ID: asset.NewID(), WebhookID: webhook, Event: event, Body: body, Status: db.DeliveryPending,
		Generation: 1, NextAttemptAt: &now, CreatedAt: now}
	if err := tx.InsertDelivery(ctx, d); err != nil {
		return nil, err
	}
	return d, s.queue.Enqueue(ctx, tx, DeliverJob{d.ID, d.Generation}, nil)
}
