package webhook

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Fields are what a webhook is made of.
type Fields struct {
	URL         string
	Description string // at most 500 characters
	Events      []string
	Active      bool
}

// Create adds a webhook and answers the secret that its messages are signed
// with, which is not shown again. Fields out of their range are
// VALIDATION_ERROR, one webhook too many QUOTA_EXCEEDED.
func (s *Service) Create(ctx context.Context, by Author, org asset.ID, f Fields) (w *Webhook, secret string, err error) {
	if err := s.check(f); err != nil {
		return nil, "", err
	}
	w = &Webhook{ID: asset.NewID(), OrganizationID: org, URL: f.URL, Description: f.Description, Events: f.Events, Active: f.Active}
	secret, row := s.newSecret(w.ID)
	err = s.change(ctx, by, ActionCreated, func(ctx context.Context, tx *db.Tx) (*Webhook, error) {
		n, err := tx.CountWebhooks(ctx, org)
		if err != nil {
			return nil, err
		}
		if n >= s.cfg.MaxPerOrganization {
			return nil, asset.Errorf(asset.QuotaExceeded, nil, "an organization has at most %d webhooks", s.cfg.MaxPerOrganization)
		}
		if err := tx.InsertWebhook(ctx, w); err != nil {
			return nil, err
		}
		return w, tx.InsertWebhookSecret(ctx, row)
	})
	if err != nil {
		return nil, "", err
	}
	return w, secret, nil
}

// Patch is a partial update: a nil field is kept.
type Patch struct {
	URL         *string
	Description *string
	Events      *[]string
	Active      *bool
}

// Update changes an organization's webhook and answers it as it then is.
// Switching it off gives up what is pending; switching it on forgives whatever
// the program had switched it off for. What is pending follows a new URL.
func (s *Service) Update(ctx context.Context, by Author, org, id asset.ID, p Patch) (w *Webhook, err error) {
	err = s.change(ctx, by, ActionUpdated, func(ctx context.Context, tx *db.Tx) (*Webhook, error) {
		if w, err = tx.OrgWebhook(ctx, org, id); err != nil {
			return nil, err
		}
		f := Fields{URL: w.URL, Description: w.Description, Events: w.Events, Active: w.Active}
		merge(&f.URL, p.URL)
		merge(&f.Description, p.Description)
		merge(&f.Events, p.Events)
		merge(&f.Active, p.Active)
		if err := s.check(f); err != nil {
			return nil, err
		}
		w.URL, w.Description, w.Events, w.Active = f.URL, f.Description, f.Events, f.Active
		if w.Active {
			w.DisabledAt, w.DisabledReason = nil, ""
		} else if _, err := tx.FailDeliveries(ctx, id, inactiveReason); err != nil {
			return nil, err
		}
		return w, tx.UpdateWebhook(ctx, w)
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

func merge[T any](field *T, patch *T) {
	if patch != nil {
		*field = *patch
	}
}

// overlap is how long a secret signs on after it was rotated away.
const overlap = 24 * time.Hour

// maxSecrets is how many secrets sign a message at most: many rotations within
// the overlap drop the oldest.
const maxSecrets = 5

// RotateSecret gives an organization's webhook a new secret, which is not shown
// again. For the next 24 hours, until previousUntil, messages carry the
// signatures of both the new and the previous secret.
func (s *Service) RotateSecret(ctx context.Context, by Author, org, id asset.ID) (w *Webhook, secret string, previousUntil time.Time, err error) {
	secret, row := s.newSecret(id)
	previousUntil = s.now().UTC().Add(overlap).Truncate(time.Microsecond)
	err = s.change(ctx, by, ActionSecretRotated, func(ctx context.Context, tx *db.Tx) (*Webhook, error) {
		if w, err = tx.OrgWebhook(ctx, org, id); err != nil {
			return nil, err
		}
		return w, tx.RotateWebhookSecret(ctx, row, previousUntil, maxSecrets)
	})
	if err != nil {
		return nil, "", time.Time{}, err
	}
	return w, secret, previousUntil, nil
}
