// Package app puts the rooms of one deployment together: it opens what lies in
// the data folder and hands every room the others that it needs. It decides
// nothing; commands, tests and benchmarks use it alike.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/ledger"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/registry"
	"github.com/certana/certana/internal/vault"
	"github.com/certana/certana/internal/verify"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/spread"
)

// Options name what to open.
type Options struct {
	Data      string // folder
	Blobs     string // URL
	Origin    string // name of a new log; "" is ledger.DefaultOrigin
	DB        db.Config
	Pipeline  pipeline.Config
	TrackA    spread.Config
	Vault     *vault.Vault
	Logger    *slog.Logger
	Announcer pipeline.Announcer
}

// App is an open deployment that appends to its log: one process at a time.
type App struct {
	Rows     *db.DB
	Vault    *vault.Vault
	Blobs    *blob.Store
	Log      *ledger.Log
	Queue    db.Queue
	Keys     *pipeline.OrgKeys
	Registry *registry.Registry
	Tracks   []watermark.Track
	MarkKey  watermark.Key
	Pipeline *pipeline.Pipeline
	Verifier *verify.Verifier

	workers int
	closing sync.Once
}

// MarkKey is the key of a deployment's watermarks and payloads. It follows from
// the master key: whoever restores that can read every mark again.
func MarkKey(v *vault.Vault) watermark.Key {
	return watermark.Key(v.Derive("watermark/1", len(watermark.Key{})))
}

// LogDir is where a deployment's log lies.
func LogDir(data string) string { return filepath.Join(data, "log") }

// Open opens a deployment, making what is not there yet. The caller closes it.
func Open(ctx context.Context, o Options) (_ *App, err error) {
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	a := &App{Vault: o.Vault, MarkKey: MarkKey(o.Vault), workers: o.Pipeline.Workers}
	defer func() {
		if err != nil {
			_ = a.Close(context.WithoutCancel(ctx))
		}
	}()
	if o.DB.Logger == nil {
		o.DB.Logger = o.Logger
	}
	if a.Rows, err = db.Open(ctx, o.DB); err != nil {
		return nil, err
	}
	if a.Blobs, err = blob.Open(ctx, o.Blobs); err != nil {
		return nil, err
	}
	if a.Log, err = ledger.OpenLog(ctx, ledger.Options{
		Dir: LogDir(o.Data), Origin: o.Origin, Logger: o.Logger,
		Seal: func(b []byte) []byte { return o.Vault.Seal(logKeyPurpose, b) },
		Open: func(b []byte) ([]byte, error) { return o.Vault.Open(logKeyPurpose, b) },
	}); err != nil {
		return nil, err
	}
	return a, a.assemble(ctx, o)
}

const logKeyPurpose = "log-key"

// assemble makes the rooms that stand on what was opened.
func (a *App) assemble(ctx context.Context, o Options) (err error) {
	if a.Queue, err = db.NewQueue(a.Rows, db.QueueConfig{Queues: map[string]db.QueueSpec{
		river.QueueDefault: {Workers: a.workers}}}); err != nil {
		return err
	}
	a.Keys = pipeline.NewOrgKeys(a.Rows, a.Vault)
	a.Registry = registry.New(a.Rows, a.MarkKey, fingerprint.NewMultiIndex[asset.ID]())
	a.Tracks = []watermark.Track{spread.New(a.MarkKey, o.TrackA)}
	gate := pipeline.NewGate(o.Pipeline.DecodePixels)
	comparer := verify.NewComparer(a.Blobs, gate, pipeline.MaxRendition(o.Pipeline.MaxBytes))
	if a.Pipeline, err = pipeline.New(ctx, pipeline.Parts{
		Config: o.Pipeline, Dir: o.Data, Rows: a.Rows, Blobs: a.Blobs, Log: a.Log, Queue: a.Queue,
		Keys: a.Keys, Registry: a.Registry, Gate: gate, Comparer: comparer, Tracks: a.Tracks,
		MarkKey: a.MarkKey, Announcer: o.Announcer, Logger: o.Logger,
	}); err != nil {
		return err
	}
	a.Verifier = verify.New(verify.Parts{
		Rows: a.Rows, Registry: a.Registry, Comparer: comparer, Pipeline: a.Pipeline, Gate: gate, Tracks: a.Tracks,
		Limits:    raster.Limits{MaxBytes: o.Pipeline.MaxBytes, MaxPixels: o.Pipeline.MaxPixels},
		Announcer: o.Announcer, Logger: o.Logger,
	})
	return nil
}

// Start begins to work the queue.
func (a *App) Start(ctx context.Context) error {
	return a.Queue.Start(ctx, a.Pipeline.Workers(), a.Pipeline.Periodic()...)
}

// Close ends the work and closes what was opened, in the order that lets every
// job finish or be run again. Closing again does nothing.
func (a *App) Close(ctx context.Context) (err error) {
	a.closing.Do(func() { err = a.close(ctx) })
	return err
}

func (a *App) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var errs []error
	if a.Queue != nil {
		errs = append(errs, a.Queue.Stop(ctx))
	}
	if a.Log != nil {
		errs = append(errs, a.Log.Close(ctx))
	}
	if a.Blobs != nil {
		errs = append(errs, a.Blobs.Close())
	}
	if a.Rows != nil {
		errs = append(errs, a.Rows.Close())
	}
	return errors.Join(errs...)
}
