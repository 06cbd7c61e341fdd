package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/quota"
	"github.com/certana/certana/internal/synth"
)

// The folder of a deployment holds nothing but what docs/formats.md names.
func TestDataFolder(t *testing.T) {
	dir := t.TempDir()
	apptest.Open(t, dir)
	known := map[string]bool{"master.key": true, "certana.db": true, "certana.db-wal": true, "certana.db-shm": true,
		"certana.db.lock": true, "blobs": true, "log": true, "tmp": true}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("%s is not a documented part of the data folder", e.Name())
		}
	}
}

// An upload whose processing fails is given back, whoever waits for it or not.
func TestFailedUploadIsGivenBack(t *testing.T) {
	d := apptest.Open(t, t.TempDir())
	limits, err := quota.New(quota.DefaultConfig(), d.Rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	used := func() int64 {
		t.Helper()
		_, uploads, err := limits.Usage(t.Context(), d.Org, "free")
		if err != nil {
			t.Fatal(err)
		}
		return uploads.Used
	}
	// The first picture will not be one when it is processed, and its record will
	// say that this is right: no later attempt could mend that.
	damage := "no picture"
	sum := sha256.Sum256([]byte(damage))
	var ids []asset.ID
	for seed := range uint64(2) {
		if _, err := limits.Uploads(t.Context(), d.Org, "free"); err != nil {
			t.Fatal(err)
		}
		file := d.Spool(t, apptest.JPEG(t, synth.Photo(320, 240, seed), 90))
		if seed == 0 {
			file.SHA256 = hex.EncodeToString(sum[:])
		}
		a, err := d.Pipeline.Accept(t.Context(), pipeline.Upload{OrganizationID: d.Org, Options: apptest.AllTracks, File: file})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.ID)
	}
	if used() != 2 {
		t.Fatalf("%d uploads are used", used())
	}
	if _, err := d.Blobs.Put(t.Context(), blob.AssetKey(ids[0], asset.Original), strings.NewReader(damage), "image/jpeg"); err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, want := range []asset.Status{asset.Failed, asset.Completed} {
		a, err := d.Pipeline.Wait(t.Context(), ids[i], time.Minute)
		if err != nil || a.Status != want {
			t.Fatalf("asset %d is %s, %v", i, a.Status, err)
		}
	}
	if used() != 1 {
		t.Errorf("%d uploads are used after one failed", used())
	}
}
