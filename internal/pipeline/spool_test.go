package pipeline_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certana/certana/internal/pipeline"
)

// A killed process leaves the bodies that it was reading. The next start removes
// them, however young they are, and nothing else.
func TestSpoolerClearsWhatWasLeft(t *testing.T) {
	dir := t.TempDir()
	left, claim := filepath.Join(dir, "spool-123"), filepath.Join(dir, "claim-123")
	for _, path := range []string{left, claim} {
		if err := os.WriteFile(path, []byte("half a picture"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pipeline.NewSpooler(dir, 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("the spooled file: %v", err)
	}
	if _, err := os.Stat(claim); err != nil {
		t.Errorf("the claim: %v", err)
	}
}

// Several processes share the folder: what one has under way, another that starts
// leaves alone, until it is done.
func TestSpoolerLeavesWhatIsUnderWay(t *testing.T) {
	dir := t.TempDir()
	first, err := pipeline.NewSpooler(dir, 1000)
	if err != nil {
		t.Fatal(err)
	}
	file, err := first.Spool(strings.NewReader("a picture"))
	if err != nil {
		t.Fatal(err)
	}
	reading, end := io.Pipe()
	arriving := make(chan error, 1)
	go func() {
		slow, err := first.Spool(reading)
		if err == nil {
			err = slow.Close()
		}
		arriving <- err
	}()
	if _, err := end.Write([]byte("half of ")); err != nil { // the file is there now
		t.Fatal(err)
	}
	count := func() int {
		t.Helper()
		if _, err := pipeline.NewSpooler(dir, 1000); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(left)
	}
	if n := count(); n != 2 {
		t.Errorf("%d of 2 files are left", n)
	}
	data, unmap, err := file.Map()
	if err != nil || string(data) != "a picture" {
		t.Fatalf("%q, %v", data, err)
	}
	unmap()
	if err := end.Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-arriving, file.Close(), file.Close()); err != nil {
		t.Error(err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d files are left at the end", n)
	}
}
