// Package app puts the rooms of one deployment together: it opens what lies in
// the data folder and hands every room the others that it needs. It decides
// nothing; commands, tests and benchmarks use it alike.
package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/ledger"
	"github.com/certana/certana/internal/mail"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/quota"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/registry"
	"github.com/certana/certana/internal/vault"
	"github.com/certana/certana/internal/verify"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/spread"
	"github.com/certana/certana/internal/webhook"
)

// Options name what to open. Rows are the caller's: whoever opened them closes
// them, after the App.
type Options struct {
	Data     string // folder, which exists
	Blobs    string // URL
	Origin   string // name of a new log; "" is ledger.DefaultOrigin
	Rows     *db.DB
	Vault    *vault.Vault
	Pipeline pipeline.Config
	Webhooks webhook.Config
	Tracks   watermark.Config
	Mail     mail.Sender // nil writes messages to the log
	Logger   *slog.Logger
}

// App is a deployment opened to serve. Any number of processes may have it open;
// one of them at a time appends to the log, and another takes over when it ends.
type App struct {
	Rows     *db.DB
	Blobs    *blob.Store
	Log      *ledger.Node
	Queue    db.Queue
	Keys     *pipeline.OrgKeys
	Hooks    *webhook.Service
	Tracks   []watermark.Track // those that are read blind
	Pipeline *pipeline.Pipeline
	Verifier *verify.Verifier

	mailing account.Mailing
	logger  *slog.Logger
	ended   chan struct{} // no longer tries to take over the log
	end     context.CancelFunc
	closed  bool
}

// MarkKey is the key of a deployment's watermarks and payloads. It follows from
// the master key: whoever restores that can read every mark again.
func MarkKey(v *vault.Vault) watermark.Key {
	return watermark.Key(v.Derive("watermark/1", len(watermark.Key{})))
}

// Open opens everything in the order in which it depends on each other. Nothing
// runs before Start.
func Open(ctx context.Context, o Options) (_ *App, err error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	a := &App{Rows: o.Rows, logger: o.Logger, mailing: account.Mailing{Sender: o.Mail, Sealer: o.Vault, Logger: o.Logger}}
	if o.Mail == nil {
		a.mailing.Sender = mail.Log{Logger: o.Logger}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}()
	if a.Blobs, err = blob.Open(ctx, o.Blobs); err != nil {
		return nil, err
	}
	if err := checkLog(ctx, o.Rows, LogDir(o.Data)); err != nil {
		return nil, err
	}
	const purpose = "ledger/log-key"
	if a.Log, err = ledger.Join(ctx, ledger.Options{
		Dir: LogDir(o.Data), Origin: o.Origin, Logger: o.Logger,
		Seal: func(plain []byte) []byte { return o.Vault.Seal(purpose, plain) },
		Open: func(sealed []byte) ([]byte, error) { return o.Vault.Open(purpose, sealed) },
	}); err != nil {
		return nil, err
	}
	if err := keepLog(ctx, o.Rows, a.Log.VerifierKey(), LogDir(o.Data)); err != nil {
		return nil, err
	}
	// Deliveries and messages have workers of their own: slow receivers hold up nobody
	// else.
	if a.Queue, err = db.NewQueue(o.Rows, db.QueueConfig{Queues: map[string]db.QueueSpec{
		river.QueueDefault: {Workers: o.Pipeline.Workers},
		webhook.QueueName:  {Workers: o.Webhooks.Workers, Poll: 200 * time.Millisecond},
		account.MailQueue:  {Workers: 4, Poll: 200 * time.Millisecond},
	}}); err != nil {
		return nil, err
	}
	a.mailing.Rows, a.mailing.Queue = o.Rows, a.Queue
	if a.Hooks, err = webhook.New(webhook.Parts{Config: o.Webhooks, Rows: o.Rows, Queue: a.Queue, Sealer: o.Vault, Logger: o.Logger}); err != nil {
		return nil, err
	}
	p := parts(o, a.Blobs, a.Log)
	p.Dir, p.Queue, p.Announcer = o.Data, a.Queue, quota.Refund{Next: a.Hooks}
	a.Keys, a.Tracks = p.Keys, p.Tracks
	if a.Pipeline, err = pipeline.New(ctx, p); err != nil {
		return nil, err
	}
	a.Verifier = verify.New(verify.Parts{
		Rows: o.Rows, Registry: p.Registry, Comparer: p.Comparer.(*verify.Comparer), Pipeline: a.Pipeline,
		Gate: p.Gate, Tracks: p.Tracks, Fragile: p.Fragile, Announcer: a.Hooks, Logger: o.Logger,
		Limits: raster.Limits{MaxBytes: o.Pipeline.MaxBytes, MaxPixels: o.Pipeline.MaxPixels},
	})
	return a, nil
}

// parts are the rooms that a pipeline opens, but for the folder, the queue and
// whom it tells.
func parts(o Options, blobs *blob.Store, log pipeline.Ledger) pipeline.Parts {
	key := MarkKey(o.Vault)
	gate := pipeline.NewGate(o.Pipeline.DecodePixels)
	var b *fragile.Track
	if o.Tracks.Fragile {
		b = fragile.New(key, fragile.Config{PSNR: o.Tracks.FragilePSNR})
	}
	return pipeline.Parts{
		Config: o.Pipeline, Rows: o.Rows, Blobs: blobs, Log: log,
		Keys:     pipeline.NewOrgKeys(o.Rows, o.Vault),
		Registry: registry.New(o.Rows, key, fingerprint.NewMultiIndex[asset.ID]()),
		Gate:     gate,
		Comparer: verify.NewComparer(blobs, gate, pipeline.MaxRendition(o.Pipeline.MaxBytes)),
		Tracks:   []watermark.Track{spread.New(key, spread.Config{PSNR: o.Tracks.RobustPSNR})},
		Fragile:  b,
		MarkKey:  key, Logger: o.Logger,
	}
}

// Start lets the jobs run.
func (a *App) Start(ctx context.Context) error {
	workers := a.Pipeline.Workers()
	a.Hooks.Workers(workers)
	a.mailing.Workers(workers)
	forgetting := account.Forgetting{Rows: a.Rows}
	forgetting.Workers(workers)
	erasing := account.Erasing{Rows: a.Rows, Assets: a.Pipeline, Pictures: a.Blobs, Logger: a.mailing.Logger}
	erasing.Workers(workers)
	err := a.Queue.Start(ctx, workers, slices.Concat(a.Pipeline.Periodic(), a.Hooks.Periodic(), forgetting.Periodic(), erasing.Periodic())...)
	if err != nil {
		return err
	}
	return a.startLog(ctx)
}

// Close ends what Open opened, the last first. Jobs that are under way are
// waited for until ctx ends, and run again at the next start. Closing again
// does nothing.
func (a *App) Close(ctx context.Context) error {
	if a.closed {
		return nil
	}
	a.closed = true
	var errs []error
	if a.end != nil {
		a.end()
		<-a.ended
	}
	if a.Queue != nil {
		errs = append(errs, a.Queue.Stop(ctx))
	}
	if a.Log != nil {
		errs = append(errs, a.Log.Close(ctx))
	}
	if a.Blobs != nil {
		errs = append(errs, a.Blobs.Close())
	}
	return errors.Join(errs...)
}
