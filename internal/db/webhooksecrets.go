package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// WebhookSecret is a secret that signs a webhook's messages, sealed.
type WebhookSecret struct {
	bun.BaseModel `bun:"table:webhook_secrets,alias:ws"`

	ID        asset.ID   `bun:"id,pk"`
	WebhookID asset.ID   `bun:"webhook_id"`
	Sealed    []byte     `bun:"sealed"`
	CreatedAt time.Time  `bun:"created_at"`
	ExpiresAt *time.Time `bun:"expires_at"` // nil for the newest
}

// InsertWebhookSecret adds a secret. CreatedAt is set when zero.
func (q Queries) InsertWebhookSecret(ctx context.Context, s *WebhookSecret) error {
	q.stamp(&s.CreatedAt)
	_, err := q.w.NewInsert().Model(s).Exec(ctx)
	return err
}

// WebhookSecrets lists the secrets that sign a webhook's messages at this
// moment, newest first.
func (q Queries) WebhookSecrets(ctx context.Context, webhook asset.ID) ([]WebhookSecret, error) {
	var all []WebhookSecret
	err := q.r.NewSelect().Model(&all).Where("webhook_id = ? AND (expires_at IS NULL OR expires_at > ?)", webhook, q.now()).
		Order("created_at DESC", "id DESC").Scan(ctx)
	return all, err
}

// RotateWebhookSecret adds a webhook's next secret. Its predecessor signs on
// until the given time; those that have expired go, and of the rest the newest
// keep are left.
func (q Queries) RotateWebhookSecret(ctx context.Context, s *WebhookSecret, until time.Time, keep int) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		until = until.UTC().Truncate(time.Microsecond)
		_, err := q.w.NewUpdate().Model((*WebhookSecret)(nil)).Set("expires_at = ?", until).
			Where("webhook_id = ? AND expires_at IS NULL", s.WebhookID).Exec(ctx)
		if err != nil {
			return err
		}
		if err := q.InsertWebhookSecret(ctx, s); err != nil {
			return err
		}
		live, err := q.WebhookSecrets(ctx, s.WebhookID)
		if err != nil {
			return err
		}
		ids := make([]asset.ID, 0, keep)
		for _, l := range live[:min(keep, len(live))] {
			ids = append(ids, l.ID)
		}
		_, err = q.w.NewDelete().Model((*WebhookSecret)(nil)).
			Where("webhook_id = ? AND id NOT IN (?)", s.WebhookID, bun.List(ids)).Exec(ctx)
		return err
	})
}
