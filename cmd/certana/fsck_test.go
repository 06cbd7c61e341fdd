package main

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/config"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

// certified makes a deployment in a folder with one committed asset in it, its
// pictures in blobs ("" is the folder too).
func certified(t *testing.T, dir, blobs string) asset.Asset {
	t.Helper()
	ctx := t.Context()
	e := &env{out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	flags := map[string]string{"data": dir}
	if blobs != "" {
		flags["blobs"] = blobs
	}
	cfg, err := config.Load(config.Input{Flags: flags})
	must(t, err)
	s, err := e.openStore(ctx, cfg, true)
	must(t, err)
	a, err := newServer(ctx, s)
	must(t, err)
	defer func() { must(t, a.close(context.WithoutCancel(ctx))) }()
	must(t, a.Start(ctx))
	org, err := s.accounts.OperatorOrganization(ctx, "")
	must(t, err)
	jpeg, err := raster.EncodeJPEG(raster.FromImage(synth.Photo(320, 240, 5)), 90)
	must(t, err)
	file, err := a.Pipeline.Spooler().Spool(bytes.NewReader(jpeg))
	must(t, err)
	defer file.Close()
	got, err := a.Pipeline.Accept(ctx, pipeline.Upload{OrganizationID: org.ID, File: file, Filename: "x.jpg",
		Options: asset.Options{TrackA: true, MetadataTracking: true, BlockchainCommit: true}})
	must(t, err)
	got, err = a.Pipeline.Wait(ctx, got.ID, time.Minute)
	must(t, err)
	if got.Status != asset.Completed {
		t.Fatalf("the asset is %s: %s", got.Status, got.ProcessingError)
	}
	c, err := a.Pipeline.Commit(ctx, pipeline.CommitRequest{OrganizationID: org.ID, AssetID: got.ID}, time.Minute)
	must(t, err)
	if c.Status != asset.CommitFinalized {
		t.Fatalf("the commitment is %s", c.Status)
	}
	return got
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fsckSays(t *testing.T, dir string) (code int, says string) {
	t.Helper()
	var out, errOut bytes.Buffer
	code = run(t.Context(), []string{"fsck", "--data", dir, "--quiet"}, &out, &errOut)
	return code, out.String() + errOut.String()
}

// Every kind of damage is found, told apart, and gone again when it is mended.
func TestFsckFindsDamage(t *testing.T) {
	dir := t.TempDir()
	a := certified(t, dir, "")
	if code, says := fsckSays(t, dir); code != exitOK || !strings.Contains(says, "1 assets, 2 pictures, 1 commitments, 1 log entries") {
		t.Fatalf("a sound deployment: exit code %d: %s", code, says)
	}
	original := filepath.Join(dir, "blobs", filepath.FromSlash(blob.AssetKey(a.ID, asset.Original)))
	marked := filepath.Join(dir, "blobs", filepath.FromSlash(blob.AssetKey(a.ID, asset.Watermarked)))
	stray := filepath.Join(dir, "blobs", "assets", "00", asset.NewID().String(), "original")
	for _, c := range []struct {
		name   string
		damage func(*testing.T) (undo func())
		want   string
	}{
		{"a flipped bit", func(t *testing.T) func() { return flip(t, marked) }, "the picture is damaged"},
		{"a cut picture", func(t *testing.T) func() { return rewrite(t, original, func(b []byte) []byte { return b[:100] }) }, "the picture has 100 bytes"},
		{"a lost picture", func(t *testing.T) func() { return remove(t, original) }, "the picture is missing"},
		{"a picture of nobody", func(t *testing.T) func() { return plant(t, stray) }, "nothing refers to this picture"},
		{"a CID in a row", row(dir, "assets", "cid", a.IPFSCID), "the provenance record of"},
		{"a fingerprint in a row", row(dir, "fingerprints", "pdq", strings.Repeat("0f", 32)), "the provenance record of"},
		{"a hash in a row", row(dir, "assets", "watermark_hash", strings.Repeat("0", 64)), "the watermarked rendition's row says"},
		{"a signature", row(dir, "commitments", "signature", strings.Repeat("A", 86)+"=="), "signature over the statement does not hold"},
		{"a statement", row(dir, "commitments", "statement", "\xa0"), "the statement does not parse"},
		{"a metadata digest", row(dir, "asset_metadata", "digest", strings.Repeat("0", 64)), "not what the digest was made of"},
		{"the log", func(t *testing.T) func() { return flip(t, filepath.Join(dir, "log", "tile", "entries", "000.p", "1")) }, "the log does not hold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			undo := c.damage(t)
			if code, says := fsckSays(t, dir); code != exitNo || !strings.Contains(says, c.want) {
				t.Errorf("exit code %d, want %q in: %s", code, c.want, says)
			}
			undo()
			if code, says := fsckSays(t, dir); code != exitOK {
				t.Errorf("after mending: exit code %d: %s", code, says)
			}
		})
	}
}

// rewrite changes a file and returns what puts it back.
func rewrite(t *testing.T, path string, f func([]byte) []byte) func() {
	t.Helper()
	before, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, f(bytes.Clone(before)), 0o600))
	return func() { must(t, os.WriteFile(path, before, 0o600)) }
}

func flip(t *testing.T, path string) func() {
	return rewrite(t, path, func(b []byte) []byte {
		b[len(b)/2] ^= 1
		return b
	})
}

func remove(t *testing.T, path string) func() {
	undo := rewrite(t, path, func(b []byte) []byte { return b })
	must(t, os.Remove(path))
	return undo
}

// plant leaves a picture that is old enough to be nobody's.
func plant(t *testing.T, path string) func() {
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte("x"), 0o600))
	old := time.Now().Add(-48 * time.Hour)
	must(t, os.Chtimes(path, old, old))
	return func() { must(t, os.Remove(path)) }
}

// row overwrites a column of the only row of a table, behind the program's back.
func row(dir, table, column, value string) func(*testing.T) func() {
	return func(t *testing.T) func() {
		d, err := sql.Open("sqlite", filepath.Join(dir, "certana.db"))
		must(t, err)
		defer d.Close()
		var before any
		must(t, d.QueryRow("SELECT "+column+" FROM "+table).Scan(&before))
		set := func(d *sql.DB, v any) {
			_, err := d.Exec("UPDATE "+table+" SET "+column+" = ?", v)
			must(t, err)
		}
		set(d, value)
		return func() {
			d, err := sql.Open("sqlite", filepath.Join(dir, "certana.db"))
			must(t, err)
			defer d.Close()
			set(d, before)
		}
	}
}
