// Package fsck checks a deployment at rest: every picture against its row, every
// CID against the bytes, every signature and inclusion proof against the log,
// and that nothing lies around that no row knows. It changes nothing and works
// beside a running server.
package fsck

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/ledger"
	"github.com/certana/certana/internal/pipeline"
)

// Records answers what a picture's record says; *pipeline.Pipeline does.
type Records interface {
	// WriteCAR rebuilds an asset's nodes from the stored bytes and fails where
	// a CID is not the one on record.
	WriteCAR(ctx context.Context, w io.Writer, a asset.Asset, withOriginal bool) error
	// Check recomputes a commitment's signature and inclusion proof.
	Check(ctx context.Context, c asset.Commitment) (pipeline.Checks, error)
}

// Parts are what is checked.
type Parts struct {
	Rows    *db.DB
	Blobs   *blob.Store
	Records Records
	Log     *ledger.Reader // nil when there is no log yet
	Now     func() time.Time
	// Progress, if not nil, is told how many assets are done.
	Progress func(done int)
}

// Finding is one thing that is wrong.
type Finding struct {
	AssetID string `json:"asset_id,omitempty"`
	Key     string `json:"key,omitempty"` // in the blob store
	Problem string `json:"problem"`
}

// Report says what was looked at and what is wrong with it.
type Report struct {
	Assets      int       `json:"assets"`
	Pictures    int       `json:"pictures"`
	Commitments int       `json:"commitments"`
	LogEntries  uint64    `json:"log_entries"`
	Serials     int       `json:"serials"`
	Findings    []Finding `json:"findings"`
}

// checker is one run under way.
type checker struct {
	Parts
	report Report
	erased map[asset.ID]bool // by organization
}

// Run checks everything. The error is for what could not be looked at; damage is
// in the report.
func Run(ctx context.Context, p Parts) (Report, error) {
	c := &checker{Parts: p, report: Report{Findings: []Finding{}}, erased: map[asset.ID]bool{}}
	if err := c.log(ctx); err != nil {
		return c.report, err
	}
	if err := p.Rows.EachAsset(ctx, func(a *asset.Asset) error { return c.asset(ctx, a.ID) }); err != nil {
		return c.report, fmt.Errorf("read the assets: %w", err)
	}
	if err := p.Rows.EachSerial(ctx, func(s *db.Serial) error { return c.serial(ctx, s) }); err != nil {
		return c.report, fmt.Errorf("read the serial numbers: %w", err)
	}
	return c.report, c.orphans(ctx)
}

// log rebuilds every tile and the root from the entries.
func (c *checker) log(ctx context.Context) error {
	if c.Log == nil {
		return nil
	}
	if err := c.Log.Check(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.find(Finding{Problem: fmt.Sprintf("the log does not hold: %v", err)})
	}
	if cp, err := c.Log.Checkpoint(ctx); err == nil {
		c.report.LogEntries = cp.Size
	}
	return nil
}

func (c *checker) find(f Finding) { c.report.Findings = append(c.report.Findings, f) }

// asset checks one asset as it stands now. What the server does to it meanwhile
// is no damage: findings count only if the row is the same after as before.
func (c *checker) asset(ctx context.Context, id asset.ID) error {
	before, err := c.Rows.AssetByID(ctx, id)
	if asset.Is(err, asset.AssetNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	mark := len(c.report.Findings)
	if err := c.owned(ctx, before); err != nil {
		return err
	}
	if err := c.assetAsIs(ctx, before); err != nil {
		return err
	}
	if len(c.report.Findings) > mark {
		after, err := c.Rows.AssetByID(ctx, id)
		switch {
		case asset.Is(err, asset.AssetNotFound), err == nil && after.Status != before.Status:
			c.report.Findings = c.report.Findings[:mark]
		case err != nil:
			return err
		}
	}
	c.report.Assets++
	if c.Progress != nil {
		c.Progress(c.report.Assets)
	}
	return ctx.Err()
}

// owned checks that an asset's organization was not erased: its pictures ought to
// have gone before it.
func (c *checker) owned(ctx context.Context, a *asset.Asset) error {
	erased, ok := c.erased[a.OrganizationID]
	if !ok {
		o, err := c.Rows.OrganizationByID(ctx, a.OrganizationID)
		if err != nil {
			return err
		}
		erased = o.ErasedAt != nil
		c.erased[a.OrganizationID] = erased
	}
	if erased {
		c.find(Finding{AssetID: a.ID.String(), Problem: "its organization was erased; the pictures are left, and go when the server runs for a while"})
	}
	return nil
}

// String is the finding as a line.
func (f Finding) String() string {
	s := f.Problem
	if f.Key != "" {
		s = f.Key + ": " + s
	}
	if f.AssetID != "" {
		s = "asset " + f.AssetID + ": " + s
	}
	return s
}
