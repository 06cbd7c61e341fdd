package pipeline_test

import (
	"os"
	"path/filepath"
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
