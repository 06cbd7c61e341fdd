package webhook

import (
	"context"
	"slices"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Filter narrows a list of deliveries.
type Filter struct {
	Page   db.Page
	Status string // pending, delivered, failed; "" is any
	Event  string // "" is any
}

// Deliveries answers a page of a webhook's deliveries, newest first, each with
// its latest attempt in Log, and how many there are in all.
func (s *Service) Deliveries(ctx context.Context, org, webhook asset.ID, f Filter) ([]Delivery, int, error) {
	if f.Status != "" && !slices.Contains([]string{db.DeliveryPending, db.DeliveryDelivered, db.DeliveryFailed}, f.Status) {
		return nil, 0, asset.Invalid("status is one of pending, delivered, failed", "status")
	}
	if f.Event != "" && f.Event != TestEvent && !slices.Contains(Events(), f.Event) {
		return nil, 0, asset.Invalid("event is not one that webhooks know", "event")
	}
	if _, err := s.Get(ctx, org, webhook); err != nil {
		return nil, 0, err
	}
	return s.rows.ListDeliveries(ctx, db.DeliveryFilter{WebhookID: webhook, Page: f.Page, Status: f.Status, Event: f.Event})
}

// Delivery finds a webhook's delivery with its whole Log, or answers NOT_FOUND.
func (s *Service) Delivery(ctx context.Context, org, webhook, id asset.ID) (*Delivery, error) {
	if _, err := s.Get(ctx, org, webhook); err != nil {
		return nil, err
	}
	return s.rows.WebhookDelivery(ctx, webhook, id)
}

// Redeliver begins a new series of attempts of a delivery, however it stands,
// now and under the same webhook-id. A webhook that is not active is CONFLICT.
func (s *Service) Redeliver(ctx context.Context, org, webhook, id asset.ID) (d *Delivery, err error) {
	err = s.active(ctx, org, webhook, func(ctx context.Context, tx *db.Tx) error {
		if d, err = tx.WebhookDelivery(ctx, webhook, id); err != nil {
			return err
		}
		now := s.now().UTC()
		d.Status, d.Error, d.Tries, d.NextAttemptAt, d.DeliveredAt = db.DeliveryPending, "", 0, &now, nil
		d.Generation++
		if err := tx.UpdateDelivery(ctx, d); err != nil {
			return err
		}
		return s.queue.Enqueue(ctx, tx, DeliverJob{d.ID, d.Generation}, nil)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Test begins the delivery of a webhook.test event, whatever the webhook asked
// for. A webhook that is not active is CONFLICT.
func (s *Service) Test(ctx context.Context, org, webhook asset.ID) (d *Delivery, err error) {
	body, err := message(asset.Event{Name: TestEvent, At: s.now(), Data: map[string]any{"webhook_id": webhook}})
	if err != nil {
		return nil, err
	}
	err = s.active(ctx, org, webhook, func(ctx context.Context, tx *db.Tx) error {
		d, err = s.begin(ctx, tx, webhook, TestEvent, body)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// active runs f in a transaction in which the webhook is active and stays so.
func (s *Service) active(ctx context.Context, org, webhook asset.ID, f func(context.Context, *db.Tx) error) error {
	return s.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		w, err := tx.OrgWebhook(ctx, org, webhook)
		if err != nil {
			return err
		}
		if !w.Active {
			return asset.Errorf(asset.Conflict, nil, "the webhook is not active; switch it on first")
		}
		return f(ctx, tx)
	})
}
