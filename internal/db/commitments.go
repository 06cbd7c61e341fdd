package db

import (
	"context"
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

type commitmentRow struct {
	bun.BaseModel `bun:"table:commitments,alias:c"`

	ID        asset.ID   `bun:"id,pk"`
	AssetID   asset.ID   `bun:"asset_id"`
	OrgID     asset.ID   `bun:"organization_id"`
	Statement []byte     `bun:"statement"`
	Hash      string     `bun:"hash"`
	Signature string     `bun:"signature"`
	KeyID     string     `bun:"key_id"`
	Wanted    bool       `bun:"wanted"`
	TxHash    string     `bun:"tx_hash"`
	LeafIndex *int64     `bun:"leaf_index"`
	Status    string     `bun:"status"`
	OnChainAt *time.Time `bun:"on_chain_at"`
	Metadata  JSON       `bun:"metadata"`
	CreatedAt time.Time  `bun:"created_at"`
}

func (r *commitmentRow) commitment() *asset.Commitment {
	c := &asset.Commitment{
		ID: r.ID, AssetID: r.AssetID, OrgID: r.OrgID, Statement: r.Statement, Hash: r.Hash,
		Signature: r.Signature, KeyID: r.KeyID, Wanted: r.Wanted, TxHash: r.TxHash, LeafIndex: r.LeafIndex,
		Status: asset.CommitmentStatus(r.Status), CreatedAt: r.CreatedAt.UTC(),
	}
	if r.OnChainAt != nil {
		t := r.OnChainAt.UTC()
		c.OnChainAt = &t
	}
	return c
}

// InsertCommitment adds an asset's commitment. An asset has one: when it is
// there already c becomes that one and nothing is written, so that a stage which
// runs twice is answered the same statement twice.
func (q Queries) InsertCommitment(ctx context.Context, c *asset.Commitment) error {
	if c.Status == "" {
		c.Status = asset.CommitPending
	}
	q.stamp(&c.CreatedAt)
	row := &commitmentRow{
		ID: c.ID, AssetID: c.AssetID, OrgID: c.OrgID, Statement: c.Statement, Hash: c.Hash,
		Signature: c.Signature, KeyID: c.KeyID, Wanted: c.Wanted, TxHash: c.TxHash, LeafIndex: c.LeafIndex,
		Status: string(c.Status), OnChainAt: c.OnChainAt, CreatedAt: c.CreatedAt,
	}
	return q.atomically(ctx, func(ctx context.Context, q Queries) error {
		n, err := affected(q.w.NewInsert().Model(row).On("CONFLICT (asset_id) DO NOTHING").Returning("NULL").Exec(ctx))
		if err != nil || n > 0 {
			return err
		}
		first, err := q.CommitmentByAsset(ctx, c.AssetID)
		if err == nil {
			*c = *first
		}
		return err
	})
}

// CommitmentByID finds a commitment, or answers NOT_FOUND.
func (q Queries) CommitmentByID(ctx context.Context, id asset.ID) (*asset.Commitment, error) {
	return q.oneCommitment(ctx, "id = ?", id)
}

// CommitmentByAsset finds an asset's commitment, or answers NOT_FOUND.
func (q Queries) CommitmentByAsset(ctx context.Context, id asset.ID) (*asset.Commitment, error) {
	return q.oneCommitment(ctx, "asset_id = ?", id)
}

// CommitmentByHash finds the commitment of a statement's hash, or answers
// NOT_FOUND.
func (q Queries) CommitmentByHash(ctx context.Context, hash string) (*asset.Commitment, error) {
	return q.oneCommitment(ctx, "hash = ?", text(hash))
}

func (q Queries) oneCommitment(ctx context.Context, where string, arg any) (*asset.Commitment, error) {
	row := new(commitmentRow)
	if err := q.r.NewSelect().Model(row).Where(where, arg).Scan(ctx); err != nil {
		return nil, notFound(err, asset.NotFound, "there is no such commitment")
	}
	return row.commitment(), nil
}

// LastCommitment finds the one that came into the log last, or answers NOT_FOUND.
func (q Queries) LastCommitment(ctx context.Context) (*asset.Commitment, error) {
	row := new(commitmentRow)
	err := q.r.NewSelect().Model(row).Where("leaf_index IS NOT NULL").Order("leaf_index DESC").Limit(1).Scan(ctx)
	if err != nil {
		return nil, notFound(err, asset.NotFound, "nothing is in the log yet")
	}
	return row.commitment(), nil
}

// WantCommitment asks for a commitment to be in the ledger, and keeps the
// caller's free-form metadata unless nil. Asking again changes the metadata at
// most.
func (q Queries) WantCommitment(ctx context.Context, id asset.ID, metadata json.RawMessage) error {
	up := q.w.NewUpdate().Model((*commitmentRow)(nil)).Set("wanted = ?", true).Where("id = ?", id)
	if metadata != nil {
		up = up.Set("metadata = ?", JSON(metadata))
	}
	_, err := up.Exec(ctx)
	return err
}

// CommitmentMetadata is the free-form part that its asker gave; nil when none.
func (q Queries) CommitmentMetadata(ctx context.Context, id asset.ID) (json.RawMessage, error) {
	row := new(commitmentRow)
	err := q.r.NewSelect().Model(row).Column("metadata").Where("id = ?", id).Scan(ctx)
	return json.RawMessage(row.Metadata), notFound(err, asset.NotFound, "there is no such commitment")
}

// UpdateCommitment writes what the ledger answered: TxHash, LeafIndex, Status
// and OnChainAt. The statement, its signature and the rest never change.
func (q Queries) UpdateCommitment(ctx context.Context, c *asset.Commitment) error {
	n, err := affected(q.w.NewUpdate().Model((*commitmentRow)(nil)).
		Set("tx_hash = ?", c.TxHash).Set("leaf_index = ?", c.LeafIndex).
		Set("status = ?", string(c.Status)).Set("on_chain_at = ?", c.OnChainAt).
		Where("id = ?", c.ID).Exec(ctx))
	if err == nil && n == 0 {
		return asset.Errorf(asset.NotFound, nil, "there is no such commitment")
	}
	return err
}

// CommitmentsPending lists commitments that are wanted in the ledger and have no
// leaf yet, oldest first.
func (q Queries) CommitmentsPending(ctx context.Context, limit int) ([]asset.Commitment, error) {
	var rows []commitmentRow
	err := q.r.NewSelect().Model(&rows).Where("wanted AND leaf_index IS NULL").Order("created_at").Limit(int64(limit)).Scan(ctx)
	all := make([]asset.Commitment, 0, len(rows))
	for i := range rows {
		all = append(all, *rows[i].commitment())
	}
	return all, err
}
