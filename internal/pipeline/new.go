package pipeline

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/ledger"
	"github.com/certana/certana/internal/registry"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
)

// Blobs is where pictures are at rest. A put is whole or not at all, and
// durable when it answers; putting a key again replaces it; deleting what is
// not there is no error. Safe for concurrent use.
type Blobs interface {
	Put(ctx context.Context, key string, r io.Reader, contentType string) (blob.Written, error)
	Open(ctx context.Context, key string) (*blob.Reader, error)
	ReadAll(ctx context.Context, key string, limit int64) ([]byte, error)
	Delete(ctx context.Context, key string) error
}

// Ledger is the log that statements go into. Append answers once a published
// checkpoint covers the leaf, and makes one leaf of the same bytes for ever.
// Safe for concurrent use.
type Ledger interface {
	Append(ctx context.Context, statement []byte) (index uint64, err error)
	Prove(ctx context.Context, index uint64) (ledger.Proof, error)
	VerifierKey() string
}

// Parts are what a Pipeline is built of.
type Parts struct {
	Config    Config
	Dir       string // the data folder: spooled files lie in its tmp
	Rows      *db.DB
	Blobs     Blobs
	Log       Ledger
	Queue     db.Queue
	Keys      *OrgKeys
	Registry  *registry.Registry
	Gate      *Gate
	Comparer  Comparer
	Tracks    []watermark.Track // those that this deployment has and that are read blind
	Fragile   *fragile.Track    // track B; nil draws none
	MarkKey   watermark.Key
	Announcer Announcer // nil tells nobody
	Logger    *slog.Logger
	Now       func() time.Time // time.Now when nil
}

// Pipeline is the corridor. It is safe for concurrent use.
type Pipeline struct {
	cfg       Config
	rows      *db.DB
	blobs     Blobs
	log       Ledger
	queue     db.Queue
	keys      *OrgKeys
	registry  *registry.Registry
	gate      *Gate
	comparer  Comparer
	tracks    map[string]watermark.Track
	fragile   *fragile.Track
	markKey   watermark.Key
	announcer Announcer
	spooler   *Spooler
	waiters   waiters
	logger    *slog.Logger
	now       func() time.Time
}

// New builds the pipeline and settles what a crash left of unfinished uploads.
func New(ctx context.Context, parts Parts) (*Pipeline, error) {
	if err := parts.Config.Validate(); err != nil {
		return nil, fmt.Errorf("pipeline: %w", err)
	}
	spooler, err := NewSpooler(filepath.Join(parts.Dir, "tmp"), parts.Config.MaxBytes)
	if err != nil {
		return nil, err
	}
	p := &Pipeline{
		cfg: parts.Config, rows: parts.Rows, blobs: parts.Blobs, log: parts.Log, queue: parts.Queue,
		keys: parts.Keys, registry: parts.Registry, comparer: parts.Comparer, gate: parts.Gate, markKey: parts.MarkKey,
		announcer: parts.Announcer, spooler: spooler, logger: parts.Logger, now: parts.Now,
		tracks: map[string]watermark.Track{}, fragile: parts.Fragile,
	}
	if p.logger == nil {
		p.logger = slog.Default()
	}
	if p.now == nil {
		p.now = time.Now
	}
	for _, t := range parts.Tracks {
		p.tracks[t.ID()] = t
	}
	return p, p.Recover(ctx)
}

// Spooler returns what bodies are streamed to disk by.
func (p *Pipeline) Spooler() *Spooler { return p.spooler }

func parseID(s string) (asset.ID, error) { return uuid.Parse(s) }
