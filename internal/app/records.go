package app

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/ledger"
	"github.com/certana/certana/internal/pipeline"
)

// Records opens what checks and exports read by, beside a server that may be
// running: the log read-only (nil when there is none yet), and no recovery of
// uploads that another process has under way. scratch is an empty folder.
func Records(ctx context.Context, o Options, blobs *blob.Store, log *ledger.Reader, scratch string) (*pipeline.Pipeline, error) {
	p := parts(o, blobs, readOnlyLog{log})
	p.Dir = filepath.Join(scratch, "unused")
	return pipeline.New(ctx, p)
}

// readOnlyLog is a log that is proved from and never appended to.
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
