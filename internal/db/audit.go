package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// AuditEvent is one line of the audit log: who did what to what, when and from
// where. The database refuses to change or delete one.
type AuditEvent struct {
	bun.BaseModel `bun:"table:audit_events,alias:e"`

	ID             asset.ID  `bun:"id,pk"`
	OrganizationID *asset.ID `bun:"organization_id"` // whose owners may read it
	ActorKind      string    `bun:"actor_kind"`      // user, api_key, oauth_client, operator, system, anonymous
	ActorID        string    `bun:"actor_id"`
	UserID         *asset.ID `bun:"user_id"` // the person behind the actor, or concerned
	Action         string    `bun:"action"`
	Target         string    `bun:"target"`
	Address        string    `bun:"address"`
	Details        JSON      `bun:"details"` // an object, never with a secret
	At             time.Time `bun:"at"`
}

// AuditFilter narrows the audit log; zero values do not.
type AuditFilter struct {
	OrganizationID *asset.ID
	UserID         *asset.ID
	Action         string
	Since, Until   time.Time
	Page           Page
}

// InsertAuditEvent adds an event. ID and At are set when zero.
func (q Queries) InsertAuditEvent(ctx context.Context, e *AuditEvent) error {
	if e.ID == (asset.ID{}) {
		e.ID = asset.NewID()
	}
	if e.Details == nil {
		e.Details = JSON("{}")
	}
	e.Target, e.Address = text(e.Target), text(e.Address)
	q.stamp(&e.At)
	_, err := q.w.NewInsert().Model(e).Exec(ctx)
	return err
}

// AuditEvents lists a page of events, newest first, and tells how many there are.
func (q Queries) AuditEvents(ctx context.Context, f AuditFilter) ([]AuditEvent, int, error) {
	var all []AuditEvent
	sel := q.r.NewSelect().Model(&all).Order("at DESC", "id DESC")
	if f.OrganizationID != nil {
		sel = sel.Where("organization_id = ?", *f.OrganizationID)
	}
	if f.UserID != nil {
		sel = sel.Where("user_id = ?", *f.UserID)
	}
	if f.Action != "" {
		sel = sel.Where("action = ?", text(f.Action))
	}
	if !f.Since.IsZero() {
		sel = sel.Where("at >= ?", f.Since.UTC())
	}
	if !f.Until.IsZero() {
		sel = sel.Where("at < ?", f.Until.UTC())
	}
	total, err := f.Page.scan(ctx, sel)
	return all, total, err
}
