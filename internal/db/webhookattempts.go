package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// MaxAttemptLog is how many attempts of one delivery are kept.
const MaxAttemptLog = 50

// WebhookAttempt is one HTTP request of a delivery and what came of it.
type WebhookAttempt struct {
	bun.BaseModel `bun:"table:webhook_attempts,alias:wa"`

	DeliveryID     asset.ID  `bun:"delivery_id,pk"`
	Number         int64     `bun:"number,pk"` // 1, 2, 3 … over all series
	URL            string    `bun:"url"`
	RequestHeaders JSON      `bun:"request_headers"` // an object of texts
	ResponseStatus *int64    `bun:"response_status"` // nil without a response
	ResponseBody   string    `bun:"response_body"`   // its beginning
	Error          string    `bun:"error"`           // safe to show; "" when delivered
	DurationMS     int64     `bun:"duration_ms"`
	AttemptedAt    time.Time `bun:"attempted_at"`
}

// InsertAttempt logs an attempt and forgets those too old for the log.
func (q Queries) InsertAttempt(ctx context.Context, a *WebhookAttempt) error {
	q.stamp(&a.AttemptedAt)
	a.ResponseBody, a.Error = text(a.ResponseBody), text(a.Error)
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if _, err := q.w.NewInsert().Model(a).Exec(ctx); err != nil {
			return err
		}
		if a.Number <= MaxAttemptLog {
			return nil
		}
		_, err := q.w.NewDelete().Model((*WebhookAttempt)(nil)).
			Where("delivery_id = ? AND number <= ?", a.DeliveryID, a.Number-MaxAttemptLog).Exec(ctx)
		return err
	})
}
