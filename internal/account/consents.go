package account

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// ActionConsentWithdrawn is an event: a user lets a client act no more.
const ActionConsentWithdrawn = "oauth.consent_withdrawn"

// Consent is what a user lets an OAuth2 client do.
type Consent = db.OAuthConsent

// Consents lists a page of what the caller lets OAuth2 clients do and what still
// holds, newest first.
func (s *Service) Consents(ctx context.Context, p Principal, page db.Page) ([]Consent, int, error) {
	if err := inPerson(p); err != nil {
		return nil, 0, err
	}
	return s.db.OAuthConsents(ctx, p.UserID, page)
}

// WithdrawConsent ends one of them with all its tokens, at once, or answers
// NOT_FOUND.
func (s *Service) WithdrawConsent(ctx context.Context, p Principal, id asset.ID) error {
	if err := inPerson(p); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		g, err := tx.WithdrawOAuthConsent(ctx, p.UserID, id)
		if err != nil {
			return err
		}
		return record(ctx, tx, p, Event{Action: ActionConsentWithdrawn, Organization: &g.OrganizationID,
			Target: g.ClientID.String(), Details: map[string]any{"grant": g.ID.String(), "scopes": g.Scopes}})
	})
}
