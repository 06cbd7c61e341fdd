package main

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
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
	"github.com/certana/certana/internal/verify"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/spread"
	"github.com/certana/certana/internal/webhook"
)

// app is the whole deployment, opened to serve: one process at a time, because
// one process at a time appends to the log.
type app struct {
	*store
	blobs    *blob.Store
	log      *ledger.Log
	queue    db.Queue
	hooks    *webhook.Service
	pipeline *pipeline.Pipeline
	verifier *verify.Verifier
}

// newApp opens everything in the order in which it depends on each other.
// Nothing runs yet; start does that.
func newApp(ctx context.Context, s *store) (_ *app, err error) {
	a := &app{store: s}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close(context.WithoutCancel(ctx)))
		}
	}()
	if a.blobs, err = blob.Open(ctx, s.cfg.Blobs); err != nil {
		return nil, inputError(err)
	}
	const purpose = "ledger/log-key"
	a.log, err = ledger.OpenLog(ctx, ledger.Options{
		Dir: s.logDir(), Origin: s.logOrigin(), Logger: s.logger,
		Seal: func(plain []byte) []byte { return s.vault.Seal(purpose, plain) },
		Open: func(sealed []byte) ([]byte, error) { return s.vault.Open(purpose, sealed) },
	})
	if err != nil {
		return nil, err
	}
	// Deliveries have workers of their own: slow receivers hold up nobody else.
	a.queue, err = db.NewQueue(s.rows, db.QueueConfig{Queues: map[string]db.QueueSpec{
		river.QueueDefault: {Workers: s.cfg.Pipeline.Workers},
		webhook.QueueName:  {Workers: s.cfg.Webhooks.Workers, Poll: 200 * time.Millisecond},
	}})
	if err != nil {
		return nil, err
	}
	a.hooks, err = webhook.New(webhook.Parts{Config: s.cfg.Webhooks, Rows: s.rows, Queue: a.queue, Sealer: s.vault, Logger: s.logger})
	if err != nil {
		return nil, err
	}
	p := s.parts(a.blobs, a.log)
	p.Dir, p.Queue, p.Announcer = s.cfg.Data, a.queue, a.hooks
	if a.pipeline, err = pipeline.New(ctx, p); err != nil {
		return nil, err
	}
	a.verifier = verify.New(verify.Parts{
		Rows: s.rows, Registry: p.Registry, Comparer: p.Comparer.(*verify.Comparer), Pipeline: a.pipeline,
		Gate: p.Gate, Tracks: p.Tracks, Announcer: a.hooks, Logger: s.logger,
		Limits: raster.Limits{MaxBytes: s.cfg.Pipeline.MaxBytes, MaxPixels: s.cfg.Pipeline.MaxPixels},
	})
	return a, nil
}

// parts are the rooms that a pipeline opens, but for the folder and the queue.
func (s *store) parts(blobs *blob.Store, log pipeline.Ledger) pipeline.Parts {
	key := s.markKey()
	gate := pipeline.NewGate(s.cfg.Pipeline.DecodePixels)
	return pipeline.Parts{
		Config: s.cfg.Pipeline, Rows: s.rows, Blobs: blobs, Log: log,
		Keys:     s.orgKeys,
		Registry: registry.New(s.rows, key, fingerprint.NewMultiIndex[asset.ID]()),
		Gate:     gate,
		Comparer: verify.NewComparer(blobs, gate, pipeline.MaxRendition(s.cfg.Pipeline.MaxBytes)),
		Tracks:   []watermark.Track{spread.New(key, spread.Config{})},
		MarkKey:  key, Logger: s.logger,
	}
}

// logOrigin names a new log after the public address, where there is one.
func (s *store) logOrigin() string {
	u, err := url.Parse(s.cfg.BaseURL)
	if err != nil || s.cfg.Source("base_url") == "derived" {
		return ledger.DefaultOrigin
	}
	return strings.TrimSuffix(u.Host+u.Path, "/") + "/log"
}

// start lets the jobs run.
func (a *app) start(ctx context.Context) error {
	workers := a.pipeline.Workers()
	a.hooks.Workers(workers)
	return a.queue.Start(ctx, workers, a.hooks.Periodic()...)
}

// close ends what newApp opened, the last first. Jobs that are under way are
// waited for until ctx ends, and run again at the next start.
func (a *app) close(ctx context.Context) error {
	var errs []error
	if a.queue != nil {
		errs = append(errs, a.queue.Stop(ctx))
	}
	if a.log != nil {
		errs = append(errs, a.log.Close(ctx))
	}
	if a.blobs != nil {
		errs = append(errs, a.blobs.Close())
	}
	return errors.Join(append(errs, a.store.close())...)
}

// closeWithin is how long an orderly end may take.
const closeWithin = 15 * time.Second

// records opens what fsck and exports read by, beside a server that may be
// running: the log read-only, and no recovery of uploads that another process
// has under way.
func (s *store) records(ctx context.Context, blobs *blob.Store, log *ledger.Reader, scratch string) (*pipeline.Pipeline, error) {
	p := s.parts(blobs, readOnlyLog{log})
	p.Dir = filepath.Join(scratch, "unused")
	return pipeline.New(ctx, p)
}

// readOnlyLog is a log that is proved from and never appended to; without a
// reader there is no log yet.
type readOnlyLog struct{ *ledger.Reader }

func (l readOnlyLog) Append(context.Context, []byte) (uint64, error) {
	return 0, errors.New("the log is open for reading only")
}

func (l readOnlyLog) Prove(ctx context.Context, index uint64) (ledger.Proof, error) {
	if l.Reader == nil {
		return ledger.Proof{}, ledger.ErrNoLog
	}
	return l.Reader.Prove(ctx, index)
}

func (l readOnlyLog) VerifierKey() string {
	if l.Reader == nil {
		return ""
	}
	return l.Reader.VerifierKey()
}
