package db

import (
	"context"
	"hash/fnv"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// Webhook is an address that an organization wants its events sent to.
type Webhook struct {
	bun.BaseModel `bun:"table:webhooks,alias:wh"`

	ID             asset.ID   `bun:"id,pk"`
	OrganizationID asset.ID   `bun:"organization_id"`
	URL            string     `bun:"url"`
	Description    string     `bun:"description"`
	Events         Strings    `bun:"events"`
	Active         bool       `bun:"active"`
	DisabledAt     *time.Time `bun:"disabled_at"` // by the program; nil when a user did it
	DisabledReason string     `bun:"disabled_reason"`
	CreatedAt      time.Time  `bun:"created_at"`
	UpdatedAt      time.Time  `bun:"updated_at"`
}

// InsertWebhook adds a webhook. CreatedAt is set when zero.
func (q Queries) InsertWebhook(ctx context.Context, w *Webhook) error {
	q.stamp(&w.CreatedAt)
	w.UpdatedAt = w.CreatedAt
	w.Description = text(w.Description)
	_, err := q.w.NewInsert().Model(w).Exec(ctx)
	return err
}

// CountWebhooks counts an organization's webhooks. In a transaction it keeps
// others from adding one until the end, so that a limit holds.
func (q Queries) CountWebhooks(ctx context.Context, org asset.ID) (int, error) {
	if q.kind == Postgres { // SQLite's transaction is the only writer anyway
		h := fnv.New64a()
		h.Write([]byte("webhooks"))
		h.Write(org[:])
		if _, err := q.w.NewRaw("SELECT pg_advisory_xact_lock(?)", int64(h.Sum64())).Exec(ctx); err != nil {
			return 0, err
		}
	}
	n, err := q.r.NewSelect().Model((*Webhook)(nil)).Where("organization_id = ?", org).Count(ctx)
	return int(n), err
}

// WebhookByID finds a webhook of whatever organization, or answers NOT_FOUND.
func (q Queries) WebhookByID(ctx context.Context, id asset.ID) (*Webhook, error) {
	w := new(Webhook)
	err := q.r.NewSelect().Model(w).Where("id = ?", id).Scan(ctx)
	return w, notFound(err, asset.NotFound, "there is no such webhook")
}

// OrgWebhook finds an organization's webhook, or answers NOT_FOUND. In a
// transaction it is locked until the end.
func (q Queries) OrgWebhook(ctx context.Context, org, id asset.ID) (*Webhook, error) {
	w := new(Webhook)
	sel := q.r.NewSelect().Model(w).Where("id = ? AND organization_id = ?", id, org)
	err := q.locked(sel, "NO KEY UPDATE").Scan(ctx)
	return w, notFound(err, asset.NotFound, "there is no such webhook")
}

// locked locks a transaction's rows on PostgreSQL; on SQLite it is the only
// writer anyway. Outside a transaction the lock would end with the statement.
func (q Queries) locked(sel *bun.SelectQuery, how string) *bun.SelectQuery {
	if _, alone := q.w.(*bun.DB); alone || q.kind != Postgres {
		return sel
	}
	return sel.For(how)
}

// ListWebhooks answers a page of an organization's webhooks, newest first, and
// how many there are in all.
func (q Queries) ListWebhooks(ctx context.Context, org asset.ID, p Page) ([]Webhook, int, error) {
	var all []Webhook
	total, err := p.scan(ctx, q.r.NewSelect().Model(&all).Where("organization_id = ?", org).Order("created_at DESC", "id DESC"))
	return all, total, err
}

// ActiveWebhooks lists the webhooks that an organization has switched on; none of
// one that was deleted or suspended. In a transaction none of them can be deleted
// until the end, so that deliveries can be added.
func (q Queries) ActiveWebhooks(ctx context.Context, org asset.ID) ([]Webhook, error) {
	var all []Webhook
	sel := q.r.NewSelect().Model(&all).Where("organization_id = ? AND active", org).
		Where("NOT EXISTS (SELECT 1 FROM organizations AS o WHERE o.id = ? AND (o.deleted_at IS NOT NULL OR o.suspended_at IS NOT NULL))", org).
		Order("created_at", "id")
	err := q.locked(sel, "KEY SHARE").Scan(ctx)
	return all, err
}

// UpdateWebhook writes what may change in a webhook and sets UpdatedAt. A
// webhook that is gone is NOT_FOUND.
func (q Queries) UpdateWebhook(ctx context.Context, w *Webhook) error {
	w.UpdatedAt = q.now()
	w.Description = text(w.Description)
	n, err := affected(q.w.NewUpdate().Model(w).WherePK().
		Column("url", "description", "events", "active", "disabled_at", "disabled_reason", "updated_at").Exec(ctx))
	if err == nil && n == 0 {
		err = asset.Errorf(asset.NotFound, nil, "there is no such webhook")
	}
	return err
}

// DisableWebhook switches a webhook off for a reason, if it still points to the
// address that gave the reason.
func (q Queries) DisableWebhook(ctx context.Context, id asset.ID, url, reason string) (disabled bool, err error) {
	now := q.now()
	n, err := affected(q.w.NewUpdate().Model((*Webhook)(nil)).Set("active = ?", false).
		Set("disabled_at = ?", now).Set("disabled_reason = ?", reason).Set("updated_at = ?", now).
		Where("id = ? AND url = ? AND active", id, url).Exec(ctx))
	return n > 0, err
}

// DeleteWebhook removes an organization's webhook with its secrets and
// deliveries, or answers NOT_FOUND.
func (q Queries) DeleteWebhook(ctx context.Context, org, id asset.ID) error {
	n, err := affected(q.w.NewDelete().Model((*Webhook)(nil)).Where("id = ? AND organization_id = ?", id, org).Exec(ctx))
	if err == nil && n == 0 {
		err = asset.Errorf(asset.NotFound, nil, "there is no such webhook")
	}
	return err
}
