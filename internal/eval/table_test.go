package eval

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/spread"
)

// TestTable measures track A on the Kodak set and holds it to the promise of
// docs/evaluation.md. It takes minutes, so it runs on demand:
//
//	CERTANA_EVAL=1 go test -v -timeout 1h -run TestTable ./internal/eval
//
// CERTANA_EVAL_LIMIT takes fewer pictures, CERTANA_EVAL_OUT keeps the rows,
// CERTANA_EVAL_FPR sets the number of unmarked decodes.
func TestTable(t *testing.T) {
	if os.Getenv("CERTANA_EVAL") == "" {
		t.Skip("set CERTANA_EVAL=1 to measure track A on the Kodak set")
	}
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return otherwise
	}
	kodak := corpus.Need(t, "corpus", "kodak")
	tracks := []watermark.Track{spread.New(watermark.TestKey, spread.Config{})}
	ctx, out := context.Background(), os.Getenv("CERTANA_EVAL_OUT")
	s, err := Run(ctx, Options{Corpus: kodak, Tracks: tracks, Limit: number("CERTANA_EVAL_LIMIT", 0), Out: out})
	if err != nil {
		t.Fatal(err)
	}
	f, err := FalseAccepts(ctx, FalseAcceptOptions{Corpora: []string{kodak}, Tracks: tracks,
		Images: number("CERTANA_EVAL_FPR", 2000), Out: out})
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	_, _ = s.WriteTable(&table), f.WriteTable(&table)
	t.Log("\n" + table.String())
	a := s.Tracks[0]
	if a.Recovery.Share < 0.98 || a.PSNRRGB < 45 || a.WrongPayloads > 0 || len(f.Tracks[0].Accepted) > 0 {
		t.Errorf("recovery %.4f at %.2f dB, %d wrong payloads, %d false accepts; want 0.98 at 45 dB, none, none",
			a.Recovery.Share, a.PSNRRGB, a.WrongPayloads, len(f.Tracks[0].Accepted))
	}
}
