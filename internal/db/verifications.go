package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/certana/certana/internal/asset"
)

// Verification is one verdict that was given. Anonymous ones have neither
// organization nor user.
type Verification struct {
	bun.BaseModel `bun:"table:verifications,alias:v"`

	ID             asset.ID      `bun:"id,pk"`
	OrganizationID *asset.ID     `bun:"organization_id"`
	UserID         *asset.ID     `bun:"user_id"`
	AssetID        *asset.ID     `bun:"asset_id"`
	Verdict        asset.Verdict `bun:"verdict"`
	Confidence     float64       `bun:"confidence"`
	Result         JSON          `bun:"result"`
	VerifiedAt     time.Time     `bun:"verified_at"`
}

// InsertVerification adds a verdict to the history. VerifiedAt is set when zero.
func (q Queries) InsertVerification(ctx context.Context, v *Verification) error {
	q.stamp(&v.VerifiedAt)
	if v.Result == nil {
		v.Result = JSON("{}")
	}
	_, err := q.w.NewInsert().Model(v).Exec(ctx)
	return err
}

// HistoryFilter narrows a history. Start and End are inclusive.
type HistoryFilter struct {
	OrganizationID asset.ID
	Page           Page
	Verdict        asset.Verdict
	Start, End     *time.Time
}

// VerificationHistory answers a page of an organization's verdicts, newest
// first, and how many there are in all.
func (q Queries) VerificationHistory(ctx context.Context, f HistoryFilter) ([]Verification, int, error) {
	var all []Verification
	sel := q.r.NewSelect().Model(&all).Where("organization_id = ?", f.OrganizationID).Order("verified_at DESC", "id DESC")
	switch f.Verdict {
	case "":
	case asset.Authentic, asset.Forged, asset.Unknown:
		sel = sel.Where("verdict = ?", f.Verdict)
	default:
		return nil, 0, asset.Invalid("verdict is one of authentic, forged, unknown", "verdict")
	}
	if f.Start != nil {
		sel = sel.Where("verified_at >= ?", f.Start.UTC())
	}
	if f.End != nil {
		sel = sel.Where("verified_at <= ?", f.End.UTC())
	}
	total, err := f.Page.scan(ctx, sel)
	return all, total, err
}
