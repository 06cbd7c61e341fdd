package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// The states of a delivery.
const (
	DeliveryPending   = "pending"
	DeliveryDelivered = "delivered"
	DeliveryFailed    = "failed"
)

// WebhookDelivery is one event on its way to one webhook. Generation counts the jobs
// that were made for it: a job whose number is not the row's came too late.
type WebhookDelivery struct {
	bun.BaseModel `bun:"table:webhook_deliveries,alias:wd"`

	ID            asset.ID   `bun:"id,pk"` // the webhook-id that receivers see
	WebhookID     asset.ID   `bun:"webhook_id"`
	Event         string     `bun:"event"`
	Body          []byte     `bun:"body"` // as sent, byte for byte
	Status        string     `bun:"status"`
	Attempts      int64      `bun:"attempts"` // made so far
	Tries         int64      `bun:"tries"`    // of them in the running series
	Generation    int64      `bun:"generation"`
	Error         string     `bun:"error"` // why it failed without an attempt; "" else
	NextAttemptAt *time.Time `bun:"next_attempt_at"`
	CreatedAt     time.Time  `bun:"created_at"`
	DeliveredAt   *time.Time `bun:"delivered_at"`

	// Log holds the attempts, oldest first: the latest alone in a list, and at
	// most the newest MaxAttemptLog when the delivery was asked for by id.
	Log []WebhookAttempt `bun:"-"`
}

// InsertDelivery adds a delivery. CreatedAt is set when zero.
func (q Queries) InsertDelivery(ctx context.Context, d *WebhookDelivery) error {
	q.stamp(&d.CreatedAt)
	_, err := q.w.NewInsert().Model(d).Exec(ctx)
	return err
}

// DeliveryByID finds a delivery, without its log, or answers NOT_FOUND. In a
// transaction it is locked until the end.
func (q Queries) DeliveryByID(ctx context.Context, id asset.ID) (*WebhookDelivery, error) {
	d := new(WebhookDelivery)
	err := q.locked(q.r.NewSelect().Model(d).Where("id = ?", id), "NO KEY UPDATE").Scan(ctx)
	return d, notFound(err, asset.NotFound, "there is no such delivery")
}

// WebhookDelivery finds a webhook's delivery with its log, or answers NOT_FOUND.
func (q Queries) WebhookDelivery(ctx context.Context, webhook, id asset.ID) (*WebhookDelivery, error) {
	d := new(WebhookDelivery)
	err := q.locked(q.r.NewSelect().Model(d).Where("id = ? AND webhook_id = ?", id, webhook), "NO KEY UPDATE").Scan(ctx)
	if err != nil {
		return nil, notFound(err, asset.NotFound, "there is no such delivery")
	}
	err = q.r.NewSelect().Model(&d.Log).Where("delivery_id = ?", id).Order("number").Scan(ctx)
	return d, err
}

// DeliveryFilter narrows a webhook's deliveries.
type DeliveryFilter struct {
	WebhookID asset.ID
	Page      Page
	Status    string // "" is any
	Event     string // "" is any
}

// ListDeliveries answers a page of a webhook's deliveries, newest first, each
// with its latest attempt, and how many there are in all.
func (q Queries) ListDeliveries(ctx context.Context, f DeliveryFilter) ([]WebhookDelivery, int, error) {
	var all []WebhookDelivery
	sel := q.r.NewSelect().Model(&all).Where("webhook_id = ?", f.WebhookID).Order("created_at DESC", "id DESC")
	if f.Status != "" {
		sel = sel.Where("status = ?", f.Status)
	}
	if f.Event != "" {
		sel = sel.Where("event = ?", f.Event)
	}
	total, err := f.Page.scan(ctx, sel)
	if err != nil || len(all) == 0 {
		return all, total, err
	}
	byID := make(map[asset.ID]*WebhookDelivery, len(all))
	ids := make([]asset.ID, len(all))
	for i := range all {
		ids[i], byID[all[i].ID] = all[i].ID, &all[i]
	}
	var latest []WebhookAttempt
	err = q.r.NewSelect().Model(&latest).Join("JOIN webhook_deliveries AS wd ON wd.id = wa.delivery_id AND wd.attempts = wa.number").
		Where("wa.delivery_id IN (?)", bun.List(ids)).Scan(ctx)
	for _, a := range latest {
		byID[a.DeliveryID].Log = []WebhookAttempt{a}
	}
	return all, total, err
}

// UpdateDelivery writes how a delivery stands: everything but what was sent.
func (q Queries) UpdateDelivery(ctx context.Context, d *WebhookDelivery) error {
	_, err := q.w.NewUpdate().Model(d).WherePK().
		Column("status", "attempts", "tries", "generation", "error", "next_attempt_at", "delivered_at").Exec(ctx)
	return err
}

// FailDeliveries gives up every pending delivery of a webhook, for a reason.
func (q Queries) FailDeliveries(ctx context.Context, webhook asset.ID, reason string) (int, error) {
	return affected(q.w.NewUpdate().Model((*WebhookDelivery)(nil)).Set("status = ?", DeliveryFailed).Set("error = ?", reason).
		Set("next_attempt_at = NULL").Where("webhook_id = ? AND status = ?", webhook, DeliveryPending).Exec(ctx))
}

// OverdueDeliveries lists pending deliveries whose next attempt was due before a
// time, the most overdue first.
func (q Queries) OverdueDeliveries(ctx context.Context, before time.Time, limit int) ([]WebhookDelivery, error) {
	var all []WebhookDelivery
	err := q.r.NewSelect().Model(&all).ExcludeColumn("body").Where("status = ? AND next_attempt_at < ?", DeliveryPending, before.UTC()).
		Order("next_attempt_at").Limit(int64(limit)).Scan(ctx)
	return all, err
}

// ExpireDeliveries forgets up to limit deliveries that were made before a time
// and are settled, with their logs; it tells how many.
func (q Queries) ExpireDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	old := q.w.NewSelect().Model((*WebhookDelivery)(nil)).Column("id").
		Where("created_at < ? AND status <> ?", before.UTC(), DeliveryPending).Limit(int64(limit))
	return affected(q.w.NewDelete().Model((*WebhookDelivery)(nil)).Where("id IN (?)", old).Exec(ctx))
}
