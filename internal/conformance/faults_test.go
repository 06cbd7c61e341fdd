package conformance

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// faultRows break what lies under the server, as a disk would.
var faultRows = []row{
	{part: "Error Codes: BLOCKCHAIN_ERROR", before: breakLog, ask: `
POST /blockchain/commit
Authorization: Bearer <token>
Content-Type: application/json

{"asset_id": "<tiff_id>"}`, want: `
500 Internal Server Error

{"detail": "Error message", "error_code": "BLOCKCHAIN_ERROR", "timestamp": "2024-01-15T10:30:00Z"}`, after: mendLog},
	{part: "Create Commitment: when the ledger is back", ask: `
POST /blockchain/commit
Authorization: Bearer <token>
Content-Type: application/json

{"asset_id": "<tiff_id>"}`, want: `
201 Created

{"confirmation_status": "finalized", "tx_hash": "Ax5q7n..."}`},
	{part: "Error Codes: something that takes its time", ask: `
POST /assets/
Authorization: Bearer <token>
X-Organization-Id: <org_id>
Prefer: respond-async
Content-Type: multipart/form-data

file=<large>`, want: `
201 Created

{"processing_status": "(text)"}`, keep: "large_id=id"},
	{part: "Error Codes: PROCESSING_FAILED", before: damageNext, ask: `
POST /assets/
Authorization: Bearer <token>
X-Organization-Id: <org_id>
Content-Type: multipart/form-data

file=<doomed>`, want: `
500 Internal Server Error

{"detail": "Error message", "error_code": "PROCESSING_FAILED", "timestamp": "2024-01-15T10:30:00Z"}`, after: nothingDamaged},
	{part: "Rate Limits: what failed is given back", ask: `
GET /usage
Authorization: Bearer <token>
X-Organization-Id: <org_id>`, want: `
200 OK

{"uploads": {"limit": 10000, "used": 1}}`},
}

func (w *world) log() string { return filepath.Join(w.servers[""].Dir, "log", "tile") }

// breakLog takes the log's tiles away; what is to be written there cannot be.
func breakLog(t *testing.T, w *world) {
	if err := os.Rename(w.log(), w.log()+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.log(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func mendLog(t *testing.T, w *world, _ *answer) {
	if err := os.Remove(w.log()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(w.log()+".away", w.log()); err != nil {
		t.Fatal(err)
	}
}

// damageNext waits in the background for the original of the next upload and
// overwrites it before the one worker, busy with a large picture, comes to it.
func damageNext(t *testing.T, w *world) {
	before := w.originals(t)
	w.damaged = make(chan error, 1)
	go func() {
		for range 3000 {
			for path := range w.originals(t) {
				if !before[path] {
					w.damaged <- os.WriteFile(path, []byte("bits that rotted"), 0o600)
					return
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		w.damaged <- os.ErrNotExist
	}()
}

func nothingDamaged(t *testing.T, w *world, _ *answer) {
	if err := <-w.damaged; err != nil {
		t.Error(err)
	}
}

// originals are the files of uploads as they came.
func (w *world) originals(t *testing.T) map[string]bool {
	all := map[string]bool{}
	err := filepath.WalkDir(filepath.Join(w.servers[""].Dir, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(path, "original") {
			all[path] = true
		}
		return nil // files come and go
	})
	if err != nil {
		t.Error(err)
	}
	return all
}
