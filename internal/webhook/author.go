package webhook

import (
	"context"
	"net/url"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Author is who changes an organization's webhooks; account.Acting is one.
type Author interface {
	// StillThere refuses whoever may not change them any more.
	StillThere(ctx context.Context, tx *db.Tx) error
	// Record writes a change to the audit log.
	Record(ctx context.Context, tx *db.Tx, action string, target asset.ID, details map[string]any) error
}

// What the audit log says of webhooks, which lead an organization's events elsewhere.
const (
	ActionCreated       = "webhook.created"
	ActionUpdated       = "webhook.updated"
	ActionSecretRotated = "webhook.secret_rotated"
	ActionDeleted       = "webhook.deleted"
)

// change makes a change in a transaction with its line in the audit log. f answers the
// webhook that it was made to.
func (s *Service) change(ctx context.Context, by Author, action string, f func(context.Context, *db.Tx) (*Webhook, error)) error {
	return s.rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := by.StillThere(ctx, tx); err != nil {
			return err
		}
		w, err := f(ctx, tx)
		if err != nil {
			return err
		}
		return by.Record(ctx, tx, action, w.ID, map[string]any{"host": host(w.URL), "events": w.Events, "active": w.Active})
	})
}

// host is all that the audit log says of an address: a path may hold a secret.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
