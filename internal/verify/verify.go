package verify

import (
	"context"
	"log/slog"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/registry"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// START HERE TOO. A submitted picture is held against the record in six steps:
//
//	probe     bytes → picture, hashes, luma              (probe.go)
//	identify  whose could it be? bytes, marks, fingerprint (identify.go)
//	compare   aligned with the registered rendition, where does it differ?
//	localize  what does its semi-fragile mark say was altered? (fragile.go)
//	weigh     signature, ledger, metadata                 (weigh.go)
//	judge     findings → verdict                          (verdict.go)
//
// Cheap evidence comes first: a file that is a registered rendition byte for
// byte is neither decoded for marks nor compared.

// Parts are what a Verifier is built of.
type Parts struct {
	Rows      *db.DB
	Registry  *registry.Registry
	Comparer  *Comparer
	Pipeline  *pipeline.Pipeline
	Gate      Gate
	Tracks    []watermark.Track // those that are read blind
	Fragile   *fragile.Track    // track B; nil is not looked at
	Limits    raster.Limits
	Announcer pipeline.Announcer // nil tells nobody
	Logger    *slog.Logger
	Now       func() time.Time // time.Now when nil
}

// Verifier answers whether pictures are authentic. Safe for concurrent use.
type Verifier struct{ Parts }

// New returns a verifier.
func New(parts Parts) *Verifier {
	if parts.Now == nil {
		parts.Now = time.Now
	}
	if parts.Logger == nil {
		parts.Logger = slog.Default()
	}
	return &Verifier{parts}
}

// Verify holds a spooled file against the record and keeps the answer in the
// caller's history. Errors are those of the file (INVALID_FILE_TYPE,
// FILE_TOO_LARGE) and of what could not be read; a picture that nobody
// registered is an answer. The caller closes the file.
func (v *Verifier) Verify(ctx context.Context, file *pipeline.Spooled, o Options) (Result, error) {
	began := v.Now()
	pr, err := v.probe(ctx, file)
	if err != nil {
		return Result{}, err
	}
	found, err := v.identify(ctx, pr, o)
	if err != nil {
		return Result{}, err
	}
	if err := v.compare(ctx, pr, found, o); err != nil {
		return Result{}, err
	}
	if err := v.localize(ctx, file, pr, found); err != nil {
		return Result{}, err
	}
	w, err := v.weigh(ctx, pr, found)
	if err != nil {
		return Result{}, err
	}
	findings := w.findings(pr, found)
	verdict, details := Judge(findings)

	r := report(pr, found, w, o)
	r.ID, r.Verdict, r.Details = asset.NewID(), verdict, details+aside(r.Issuer)
	r.IsAuthentic = verdict == asset.Authentic
	r.figures = figures(findings, found)
	r.Confidence = confidence(verdict, r.figures)
	r.ProcessingMS = v.Now().Sub(began).Milliseconds()
	return r, v.remember(ctx, r, began, o)
}
