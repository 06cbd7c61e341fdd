package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/ledger"
)

// ErrOtherLog says that the rows belong to another log than the data folder's: what
// they call committed could not be proved from it, and what is added here could not
// be proved there.
var ErrOtherLog = errors.New("this database belongs to another log")

// LogDir is where a deployment's log lies.
func LogDir(data string) string { return filepath.Join(data, "log") }

// logSetting is where rows remember the verifier key of their log.
const logSetting = "ledger/log"

// checkLog refuses a folder whose log is not the rows'. It is asked before the log
// is opened, so that a wrong setting makes no second one.
func checkLog(ctx context.Context, rows *db.DB, dir string) error {
	ours, err := rows.Setting(ctx, logSetting)
	if err == nil && ours == nil {
		return checkAdopted(ctx, rows, dir)
	}
	if err != nil {
		return err
	}
	r, err := ledger.OpenReader(dir)
	if errors.Is(err, ledger.ErrNoLog) {
		return otherLog(string(ours), dir, "holds none")
	}
	if err != nil {
		return err
	}
	return sameLog(string(ours), r.VerifierKey(), dir)
}

// checkAdopted refuses a log that does not hold what rows, from before they
// remembered theirs, say is in it.
func checkAdopted(ctx context.Context, rows *db.DB, dir string) error {
	c, err := rows.LastCommitment(ctx)
	if asset.Is(err, asset.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var leaf []byte
	r, err := ledger.OpenReader(dir)
	if err == nil {
		leaf, err = r.Entry(ctx, uint64(*c.LeafIndex))
	}
	missing := errors.Is(err, ledger.ErrNoLog) || errors.Is(err, ledger.ErrNotPublished)
	if err != nil && !missing {
		return err
	}
	if !bytes.Equal(leaf, c.Statement) {
		return otherLog(fmt.Sprintf("one whose entry %d is commitment %s", *c.LeafIndex, c.ID), dir, "does not hold that")
	}
	return nil
}

// keepLog has the rows remember a log, or refuses it when another came first.
func keepLog(ctx context.Context, rows *db.DB, vkey, dir string) error {
	ours, err := rows.SettingOrPut(ctx, logSetting, []byte(vkey))
	if err != nil {
		return err
	}
	return sameLog(string(ours), vkey, dir)
}

func sameLog(ours, vkey, dir string) error {
	if ours == vkey {
		return nil
	}
	return otherLog(ours, dir, "holds "+vkey)
}

func otherLog(ours, dir, what string) error {
	return fmt.Errorf("%w: %s, but %s %s. Several servers on one database share one data folder, or at least its log: "+
		"set data to that folder, restore the log from the backup, or give this deployment a database of its own (db.url)",
		ErrOtherLog, ours, dir, what)
}
