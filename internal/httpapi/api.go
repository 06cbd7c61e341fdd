// Package httpapi is the door to /v1: it parses requests, asks the rooms behind
// it, and prints what they answer. The contract is api/openapi.yaml; the routes,
// who may call them and what a request must look like are read from it.
package httpapi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/verify"
)

// Deps are the rooms that the door opens, and its settings.
type Deps struct {
	Accounts Accounts
	Rows     Rows
	Pipeline Pipeline
	Verifier Verifier
	Webhooks Webhooks
	Limits   Limits       // nil limits nothing
	Log      *slog.Logger // slog.Default() when nil

	UploadWait time.Duration // how long an upload waits for its processing; 0 does not wait
	CommitWait time.Duration // how long a commitment waits for finality; 0 does not wait
}

// Pipeline is the part of *pipeline.Pipeline that is called from here.
type Pipeline interface {
	Spooler() *pipeline.Spooler
	Accept(ctx context.Context, u pipeline.Upload) (asset.Asset, error)
	Wait(ctx context.Context, id asset.ID, d time.Duration) (asset.Asset, error)
	Get(ctx context.Context, orgID, id asset.ID) (asset.Asset, error)
	Delete(ctx context.Context, orgID, id asset.ID) error
	Content(ctx context.Context, a asset.Asset, v asset.Variant) (*pipeline.File, error)
	WriteCAR(ctx context.Context, w io.Writer, a asset.Asset, withOriginal bool) error
	Commit(ctx context.Context, r pipeline.CommitRequest, wait time.Duration) (asset.Commitment, error)
	Commitment(ctx context.Context, id asset.ID) (asset.Commitment, pipeline.Checks, error)
}

// Verifier is *verify.Verifier.
type Verifier interface {
	Verify(ctx context.Context, file *pipeline.Spooled, o verify.Options) (verify.Result, error)
}

// Rows is the part of *db.DB that is read from here.
type Rows interface {
	db.Epochs
	OrgKeyByID(ctx context.Context, id string) (*db.OrgKey, error)
	Ping(ctx context.Context) error
	OrganizationByID(ctx context.Context, id asset.ID) (*db.Organization, error)
	ListAssets(ctx context.Context, f db.AssetFilter) ([]asset.Asset, int, error)
	SearchAssets(ctx context.Context, org asset.ID, query string, p db.Page) ([]asset.Asset, int, error)
	UpdateAsset(ctx context.Context, org, id asset.ID, p db.AssetPatch) (*asset.Asset, error)
	AssetsByID(ctx context.Context, ids []asset.ID) ([]asset.Asset, error)
	VerificationHistory(ctx context.Context, f db.HistoryFilter) ([]db.Verification, int, error)
	ClaimIdempotency(ctx context.Context, principal, route, key, requestHash string) (*db.IdempotencyClaim, *db.IdempotentAnswer, error)
	CompleteIdempotency(ctx context.Context, c *db.IdempotencyClaim, a db.IdempotentAnswer) error
	ReleaseIdempotency(ctx context.Context, c *db.IdempotencyClaim) error
}

// server answers every operation of the contract: it is gen's
// StrictServerInterface.
type server struct {
	Deps
	contract *contract
	assets   db.Reads[[2]asset.ID, *assetAnswer] // by organization and asset
}

// New builds the handler of everything under /v1, of /healthz and of
// /.well-known/jwks.json.
func New(d Deps) (http.Handler, error) {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	c, err := loadContract()
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	return (&server{Deps: d, contract: c}).routes(), nil
}

// maxBody bounds a multipart body, in bytes.
func (s *server) maxBody(op *operation) int64 {
	files := int64(1)
	if op.id == "verifyBatch" {
		files = maxBatch
	}
	return files*s.Pipeline.Spooler().Max + formOverhead
}
