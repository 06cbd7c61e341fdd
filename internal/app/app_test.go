package app_test

import (
	"os"
	"testing"

	"github.com/certana/certana/internal/app/apptest"
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
