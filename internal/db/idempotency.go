package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// idempotencyStale is when a claim that was never answered is taken to belong to
// a process that died.
const idempotencyStale = 5 * time.Minute

// IdempotentAnswer is a first answer, kept to be given again.
type IdempotentAnswer struct {
	Status  int
	Headers JSON // an object of the headers worth repeating
	Body    []byte
}

// IdempotencyClaim is the right to answer a request for the first time.
type IdempotencyClaim struct{ principal, route, key, claim string }

type idempotencyRow struct {
	bun.BaseModel `bun:"table:idempotency_keys"`

	Principal   string    `bun:"principal,pk"`
	Route       string    `bun:"route,pk"`
	Key         string    `bun:"key,pk"`
	RequestHash string    `bun:"request_hash"`
	Claim       string    `bun:"claim"`
	Status      int       `bun:"status"`
	Headers     JSON      `bun:"headers"`
	Body        []byte    `bun:"body"`
	CreatedAt   time.Time `bun:"created_at"`
}

// ClaimIdempotency looks a key up, scoped to principal and route. Exactly one of
// claim and answer is not nil: a claim when the key is new (or its 24 hours are
// over, or its claimer died), the first answer when the same request was
// answered. Another request under the same key, or the same one while the first
// is under way, is CONFLICT.
func (q Queries) ClaimIdempotency(ctx context.Context, principal, route, key, requestHash string) (claim *IdempotencyClaim, answer *IdempotentAnswer, err error) {
	err = q.atomically(ctx, func(ctx context.Context, q Queries) error {
		claim, answer = nil, nil
		row := &idempotencyRow{
			Principal: principal, Route: route, Key: text(key), RequestHash: requestHash,
			Claim: uuid.NewString(), CreatedAt: q.now(),
		}
		_, err := q.w.NewDelete().Model(row).WherePK().
			Where("created_at < ? OR (status = 0 AND created_at < ?)", row.CreatedAt.Add(-24*time.Hour), row.CreatedAt.Add(-idempotencyStale)).
			Exec(ctx)
		if err != nil {
			return err
		}
		n, err := affected(q.w.NewInsert().Model(row).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx))
		if err != nil {
			return err
		}
		if n == 1 {
			claim = &IdempotencyClaim{principal, route, row.Key, row.Claim}
			return nil
		}
		if err := q.r.NewSelect().Model(row).WherePK().Scan(ctx); err != nil {
			return err
		}
		if row.RequestHash != requestHash {
			return asset.Errorf(asset.Conflict, nil, "this Idempotency-Key was used for another request")
		}
		if row.Status == 0 {
			return asset.Errorf(asset.Conflict, nil, "the first request with this Idempotency-Key is still under way")
		}
		answer = &IdempotentAnswer{Status: row.Status, Headers: row.Headers, Body: row.Body}
		return nil
	})
	return claim, answer, err
}

// CompleteIdempotency keeps the answer of a claim.
func (q Queries) CompleteIdempotency(ctx context.Context, c *IdempotencyClaim, a IdempotentAnswer) error {
	_, err := q.w.NewUpdate().Model((*idempotencyRow)(nil)).
		Set("status = ?", a.Status).Set("headers = ?", a.Headers).Set("body = ?", a.Body).
		Where("principal = ? AND route = ? AND key = ? AND claim = ?", c.principal, c.route, c.key, c.claim).Exec(ctx)
	return err
}

// ReleaseIdempotency gives a claim back unanswered: a 5xx is not replayed.
func (q Queries) ReleaseIdempotency(ctx context.Context, c *IdempotencyClaim) error {
	_, err := q.w.NewDelete().Model((*idempotencyRow)(nil)).
		Where("principal = ? AND route = ? AND key = ? AND claim = ?", c.principal, c.route, c.key, c.claim).Exec(ctx)
	return err
}

// ExpireIdempotency forgets keys older than 24 hours.
func (q Queries) ExpireIdempotency(ctx context.Context) (int, error) {
	return affected(q.w.NewDelete().Model((*idempotencyRow)(nil)).Where("created_at < ?", q.now().Add(-24*time.Hour)).Exec(ctx))
}
