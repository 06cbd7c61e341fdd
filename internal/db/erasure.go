package db

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
)

// OrganizationsToErase lists up to limit organizations that were deleted and
// whose grace is over, the longest due first, and those that were erased and have
// assets all the same.
func (q Queries) OrganizationsToErase(ctx context.Context, now time.Time, limit int) ([]asset.ID, error) {
	var all []asset.ID
	err := q.r.NewSelect().Model((*Organization)(nil)).Column("id").
		Where("erase_at IS NOT NULL AND erased_at IS NULL AND deleted_at IS NOT NULL AND erase_at <= ?", now.UTC()).
		WhereOr("erased_at IS NOT NULL AND EXISTS (?)", q.r.NewSelect().Model((*assetRow)(nil)).ColumnExpr("1").
			Where("a.organization_id = o.id AND a.deleted_at IS NULL")).
		Order("erase_at", "id").Limit(int64(limit)).Scan(ctx, &all)
	return all, err
}

// AssetsLeft lists up to limit assets of an organization that were not deleted,
// in whatever state.
func (q Queries) AssetsLeft(ctx context.Context, org asset.ID, limit int) ([]asset.ID, error) {
	var all []asset.ID
	err := q.r.NewSelect().Model((*assetRow)(nil)).Column("id").
		Where("organization_id = ? AND deleted_at IS NULL", org).Order("created_at", "id").Limit(int64(limit)).Scan(ctx, &all)
	return all, err
}

// SerialsLeft lists up to limit sealed items of an organization, the first
// positions first.
func (q Queries) SerialsLeft(ctx context.Context, org asset.ID, limit int) ([]Serial, error) {
	var all []Serial
	err := q.r.NewSelect().Model(&all).Where("organization_id = ?", org).Order("position").Limit(int64(limit)).Scan(ctx)
	return all, err
}

// EraseSerials removes an organization's sealed items up to a position, and tells
// how many. It leaves a gap at the beginning of the positions, which only matters
// to an organization that goes on.
func (q Queries) EraseSerials(ctx context.Context, org asset.ID, upTo int64) (int, error) {
	return affected(q.w.NewDelete().Model((*Serial)(nil)).Where("organization_id = ? AND position <= ?", org, upTo).Exec(ctx))
}

// EraseVerifications removes up to limit verifications of an organization, and
// tells how many.
func (q Queries) EraseVerifications(ctx context.Context, org asset.ID, limit int) (int, error) {
	some := q.w.NewSelect().Model((*Verification)(nil)).Column("id").Where("organization_id = ?", org).Limit(int64(limit))
	return affected(q.w.NewDelete().Model((*Verification)(nil)).Where("id IN (?)", some).Exec(ctx))
}

// EraseOrganization removes an organization's keys, clients, webhooks,
// invitations and members, the answers kept for them and what was counted, and leaves its row under another name, because the
// ledger names it: its signing keys stay for whoever checks an old signature, and
// sign no more. It changes nothing, and answers false, where there is nothing to
// erase.
func (q Queries) EraseOrganization(ctx context.Context, id asset.ID, name, slug string) (done bool, err error) {
	err = q.atomically(ctx, func(ctx context.Context, q Queries) error {
		n, err := affected(q.w.NewUpdate().Model((*Organization)(nil)).Set("name = ?", name).Set("slug = ?", slug).
			Set("plan = 'free'").Set("erased_at = ?", q.now()).
			Where("id = ? AND erased_at IS NULL AND deleted_at IS NOT NULL", id).Exec(ctx))
		if err != nil || n == 0 {
			return err
		}
		done = true
		if err := q.eraseTraces(ctx, id); err != nil {
			return err
		}
		for _, model := range []any{(*OAuthToken)(nil), (*OAuthGrant)(nil), (*OAuthClient)(nil), (*APIKey)(nil),
			(*Webhook)(nil), (*Invitation)(nil), (*Membership)(nil)} {
			if _, err := q.w.NewDelete().Model(model).Where("organization_id = ?", id).Exec(ctx); err != nil {
				return err
			}
		}
		_, err = q.w.NewUpdate().Model((*OrgKey)(nil)).Set("retired_at = ?", q.now()).Set("sealed_private = ?", []byte{}).
			Where("organization_id = ?", id).Exec(ctx)
		return err
	})
	return done, err
}

// eraseTraces removes what rows without a reference to an organization hold of it: the
// answers kept for whoever asked there, and what was counted of its plan. It goes before
// the keys, whose answers are found by them.
func (q Queries) eraseTraces(ctx context.Context, org asset.ID) error {
	keys := q.w.NewSelect().Model((*APIKey)(nil)).ColumnExpr("'key ' || id").Where("organization_id = ?", org)
	_, err := q.w.NewDelete().Model((*idempotencyRow)(nil)).
		Where("principal LIKE ? OR principal IN (?)", "% in "+org.String(), keys).Exec(ctx)
	if err != nil {
		return err
	}
	_, err = q.w.NewDelete().Model((*counterRow)(nil)).Where("name IN (?, ?)", "upload/"+org.String(), "verify/"+org.String()).Exec(ctx)
	return err
}

// FailDeliveriesOf gives up every pending delivery of an organization's webhooks,
// for a reason.
func (q Queries) FailDeliveriesOf(ctx context.Context, org asset.ID, reason string) (int, error) {
	theirs := q.w.NewSelect().Model((*Webhook)(nil)).Column("id").Where("organization_id = ?", org)
	return affected(q.w.NewUpdate().Model((*WebhookDelivery)(nil)).Set("status = ?", DeliveryFailed).Set("error = ?", reason).
		Set("next_attempt_at = NULL").Where("webhook_id IN (?) AND status = ?", theirs, DeliveryPending).Exec(ctx))
}
