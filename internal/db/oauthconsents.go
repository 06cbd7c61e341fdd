package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// OAuthConsent is a grant as its user sees it.
type OAuthConsent struct {
	OAuthGrant   `bun:",extend"`
	ClientName   string     `bun:"client_name"`
	Organization string     `bun:"organization_name"` // in which the client acts
	LastUsedAt   *time.Time `bun:"-"`                 // when a client last got tokens by it; nil for never
}

// liveGrant is what holds still: agreed to, neither ended nor run out. A code that
// waits to be exchanged counts, one that was never exchanged does not.
const liveGrant = "revoked_at IS NULL AND expires_at > ? AND ends_at > ? AND (code_used_at IS NOT NULL OR code_expires_at > ?)"

// OAuthConsents lists a page of what a user lets OAuth2 clients do, newest first,
// and tells how many there are.
func (q Queries) OAuthConsents(ctx context.Context, user asset.ID, p Page) ([]OAuthConsent, int, error) {
	var all []OAuthConsent
	now := q.now()
	total, err := p.scan(ctx, q.r.NewSelect().Model(&all).ColumnExpr("g.*").
		ColumnExpr("c.name AS client_name").ColumnExpr("o.name AS organization_name").
		Join("JOIN oauth_clients AS c ON c.id = g.client_id").
		Join("JOIN organizations AS o ON o.id = g.organization_id").
		Where("g.user_id = ?", user).Where("g.id IN (SELECT id FROM oauth_grants WHERE "+liveGrant+")", now, now, now).
		Order("g.created_at DESC", "g.id DESC"))
	if err != nil || len(all) == 0 {
		return all, total, err
	}
	return all, total, q.lastUses(ctx, all)
}

// lastUses notes when tokens were last given out by each of some grants.
func (q Queries) lastUses(ctx context.Context, all []OAuthConsent) error {
	ids, at := make([]asset.ID, len(all)), make(map[asset.ID]*OAuthConsent, len(all))
	for i := range all {
		all[i].LastUsedAt = all[i].CodeUsedAt
		ids[i], at[all[i].ID] = all[i].ID, &all[i]
	}
	// A successor is made when its predecessor is used.
	var made []OAuthRefreshToken
	newest := q.r.NewSelect().Model(&made).Column("rt.grant_id", "rt.created_at").
		Join("JOIN oauth_grants AS g ON g.id = rt.grant_id AND rt.generation >= g.generation").
		Where("rt.grant_id IN (?)", bun.List(ids)).Order("rt.created_at")
	if err := newest.Scan(ctx); err != nil {
		return err
	}
	for _, t := range made {
		when := t.CreatedAt
		at[t.GrantID].LastUsedAt = &when
	}
	return nil
}

// WithdrawOAuthConsent ends a grant of a user that holds still, with all its tokens,
// and answers it, or NOT_FOUND.
func (q Queries) WithdrawOAuthConsent(ctx context.Context, user, id asset.ID) (*OAuthGrant, error) {
	now := q.now()
	n, err := affected(q.w.NewUpdate().Model((*OAuthGrant)(nil)).Set("revoked_at = ?", now).
		Where("id = ? AND user_id = ?", id, user).Where(liveGrant, now, now, now).Exec(ctx))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, asset.Errorf(asset.NotFound, nil, "there is no such grant")
	}
	g := new(OAuthGrant)
	return g, q.w.NewSelect().Model(g).Where("id = ?", id).Scan(ctx)
}
