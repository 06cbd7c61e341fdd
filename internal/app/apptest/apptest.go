// Package apptest gives tests and benchmarks a whole deployment in a temporary
// folder: real database, queue, log and pictures on disk, nothing mocked.
package apptest

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/certana/certana/internal/app"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/mail"
	"github.com/certana/certana/internal/mail/mailtest"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/vault"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/webhook"
)

// Deployment is an open deployment and one organization in it.
type Deployment struct {
	*app.App
	Dir   string
	Org   asset.ID
	Owner asset.ID
	Mail  *mailtest.Server // takes what is sent
}

// Start opens a deployment, begins to work its queue, and closes it when the
// test ends.
func Start(tb testing.TB) *Deployment {
	d := Open(tb, tb.TempDir())
	if err := d.App.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return d
}

// Open makes a deployment in an empty folder, without working its queue, and an
// organization in it.
func Open(tb testing.TB, dir string) *Deployment {
	tb.Helper()
	d := Reopen(tb, dir)
	d.Org, d.Owner = d.NewOrganization(tb, "first")
	return d
}

// Reopen opens a deployment as it lies in a folder.
func Reopen(tb testing.TB, dir string) *Deployment {
	tb.Helper()
	return ReopenWith(tb, dir, watermark.DefaultConfig())
}

// ReopenWith does the same with other strengths of the tracks.
func ReopenWith(tb testing.TB, dir string, tracks watermark.Config) *Deployment {
	tb.Helper()
	ctx := tb.Context()
	v, err := vault.LoadOrCreate(filepath.Join(dir, "master.key"))
	if err != nil {
		tb.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	c := dbtest.In(tb, dir)
	c.Logger = logger
	rows, err := db.Open(ctx, c)
	if err != nil {
		tb.Fatal(err)
	}
	hooks := webhook.DefaultConfig()
	hooks.AllowPrivate = true // receivers in tests listen on loopback
	letters := mail.DefaultConfig()
	server := mailtest.Start(tb, mailtest.Options{})
	letters.SMTPURL, letters.From = "smtp://"+server.Address, "no-reply@certana.example"
	sender, err := mail.New(letters, logger)
	if err != nil {
		tb.Fatal(errors.Join(err, rows.Close()))
	}
	a, err := app.Open(ctx, app.Options{
		Data: dir, Blobs: "file://" + filepath.Join(dir, "blobs"), Rows: rows, Vault: v, Mail: sender,
		Pipeline: pipeline.DefaultConfig(), Tracks: tracks, Webhooks: hooks, Logger: logger,
	})
	if err != nil {
		tb.Fatal(errors.Join(err, rows.Close()))
	}
	d := &Deployment{App: a, Dir: dir, Mail: server}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Errorf("close the deployment: %v", err)
		}
	})
	return d
}

// Close ends the deployment before the test does, as an orderly end of the
// process would.
func (d *Deployment) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // for the race detector on a busy machine
	defer cancel()
	return errors.Join(d.App.Close(ctx), d.Rows.Close())
}

// NewOrganization adds an organization with an owner and a signing key.
func (d *Deployment) NewOrganization(tb testing.TB, slug string) (org, owner asset.ID) {
	tb.Helper()
	org, owner = asset.NewID(), asset.NewID()
	err := d.Rows.Tx(tb.Context(), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.InsertUser(ctx, &db.User{ID: owner, Email: slug + "@example.com", FullName: slug}); err != nil {
			return err
		}
		if err := tx.InsertOrganization(ctx, &db.Organization{ID: org, Name: slug, Slug: slug, OwnerID: owner, Plan: "free"}); err != nil {
			return err
		}
		return d.Keys.Create(ctx, tx, org)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return org, owner
}

// AllTracks are the flags of an upload that names none.
var AllTracks = asset.Options{TrackA: true, TrackB: true, TrackC: true, MetadataTracking: true, BlockchainCommit: true}

// Spool puts bytes where a request's body would be.
func (d *Deployment) Spool(tb testing.TB, data []byte) *pipeline.Spooled {
	tb.Helper()
	s, err := d.Pipeline.Spooler().Spool(bytes.NewReader(data))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// Register uploads a picture for an organization and waits until it is completed.
func (d *Deployment) Register(tb testing.TB, org asset.ID, data []byte) asset.Asset {
	tb.Helper()
	a, err := d.Pipeline.Accept(tb.Context(), pipeline.Upload{OrganizationID: org, File: d.Spool(tb, data), Options: AllTracks})
	if err != nil {
		tb.Fatal(err)
	}
	if a, err = d.Pipeline.Wait(tb.Context(), a.ID, time.Minute); err != nil {
		tb.Fatal(err)
	}
	if a.Status != asset.Completed {
		tb.Fatalf("the asset is %s: %s", a.Status, a.ProcessingError)
	}
	return a
}

// Rendition reads an asset's watermarked rendition.
func (d *Deployment) Rendition(tb testing.TB, a asset.Asset) []byte {
	tb.Helper()
	f, err := d.Pipeline.Content(tb.Context(), a, asset.Watermarked)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// JPEG encodes a picture at a quality.
func JPEG(tb testing.TB, img image.Image, quality int) []byte {
	tb.Helper()
	b, err := raster.EncodeJPEG(raster.FromImage(img), quality)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// Files lists every file below the deployment's folder of pictures and of its
// spool, for tests that nothing is left behind.
func (d *Deployment) Files(tb testing.TB) []string {
	tb.Helper()
	var out []string
	for _, sub := range []string{"blobs", "tmp"} {
		err := filepath.WalkDir(filepath.Join(d.Dir, sub), func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				out = append(out, path)
			}
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return out
}
