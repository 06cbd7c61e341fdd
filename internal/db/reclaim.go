package db

import (
	"context"

	"github.com/certana/certana/internal/asset"
)

// RevokeMadeBy ends now what a user made that opens anything without their login:
// second factor and recovery codes, keys and invitations that wait in whatever
// organization, clients there until somebody else answers for them, and identities at
// other issuers. Logins are for EndLogins.
func (q Queries) RevokeMadeBy(ctx context.Context, user asset.ID) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		if err := q.ClearTOTP(ctx, user); err != nil {
			return err
		}
		if _, err := q.w.NewUpdate().Model((*APIKey)(nil)).Set("revoked_at = ?", q.now()).
			Where("user_id = ? AND revoked_at IS NULL", user).Exec(ctx); err != nil {
			return err
		}
		for _, model := range []any{(*OAuthClient)(nil), (*oauthSecret)(nil), (*OAuthToken)(nil)} {
			if _, err := q.w.NewUpdate().Model(model).Set("created_by = NULL").Where("created_by = ?", user).Exec(ctx); err != nil {
				return err
			}
		}
		if _, err := q.w.NewUpdate().Model((*Invitation)(nil)).Set("revoked_at = ?", q.now()).
			Where("invited_by = ? AND revoked_at IS NULL AND accepted_at IS NULL", user).Exec(ctx); err != nil {
			return err
		}
		_, err := q.w.NewDelete().Model((*ExternalIdentity)(nil)).Where("user_id = ?", user).Exec(ctx)
		return err
	})
}

// RevokeOpenings ends now what lets programs and others into an organization or
// sends anything out of it: clients with their grants, webhooks with their
// deliveries, keys and invitations that wait, and every membership but one.
func (q Queries) RevokeOpenings(ctx context.Context, org, but asset.ID) error {
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		for _, model := range []any{(*OAuthGrant)(nil), (*OAuthClient)(nil), (*Webhook)(nil)} {
			if _, err := q.w.NewDelete().Model(model).Where("organization_id = ?", org).Exec(ctx); err != nil {
				return err
			}
		}
		if _, err := q.w.NewUpdate().Model((*APIKey)(nil)).Set("revoked_at = ?", q.now()).
			Where("organization_id = ? AND revoked_at IS NULL", org).Exec(ctx); err != nil {
			return err
		}
		if _, err := q.w.NewUpdate().Model((*Invitation)(nil)).Set("revoked_at = ?", q.now()).
			Where("organization_id = ? AND revoked_at IS NULL AND accepted_at IS NULL", org).Exec(ctx); err != nil {
			return err
		}
		_, err := q.w.NewDelete().Model((*Membership)(nil)).Where("organization_id = ? AND user_id <> ?", org, but).Exec(ctx)
		return err
	})
}
