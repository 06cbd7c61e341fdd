package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Assets deletes one asset as its owner would: its words and evidence go in the
// transaction that enqueues the erasure of its pictures. *pipeline.Pipeline has it.
type Assets interface {
	Delete(ctx context.Context, org, id asset.ID) error
}

// Pictures deletes a picture at rest; what is not there is no error. *blob.Store
// has it.
type Pictures interface {
	Delete(ctx context.Context, key string) error
}

// Erasing erases the organizations whose grace is over: assets, sealed items with
// their pictures, history, then keys, clients, webhooks, invitations and members
// in one transaction. The row stays under another name, and so do statements,
// commitments and public keys: the ledger names them. It erases the users too whose
// account was closed and whose grace is over.
type Erasing struct {
	Rows     *db.DB
	Assets   Assets
	Pictures Pictures
	Logger   *slog.Logger
	Now      func() time.Time // time.Now when nil
}

// EraseJob runs Erasing.
type EraseJob struct{}

// Kind names the job in the queue's table; it never changes.
func (EraseJob) Kind() string { return "account_erase" }

// InsertOpts keep the processes on one database from each enqueueing it.
func (EraseJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: eraseEvery}}
}

const (
	eraseEvery = 15 * time.Minute
	eraseBatch = 500 // rows at a time
)

type eraser struct {
	river.WorkerDefaults[EraseJob]
	Erasing
}

// Work implements river.Worker.
func (w *eraser) Work(ctx context.Context, _ *river.Job[EraseJob]) error { return w.Run(ctx) }

// Timeout implements river.Worker. What is not done by then goes on at the next
// turn.
func (w *eraser) Timeout(*river.Job[EraseJob]) time.Duration { return eraseEvery }

// Workers registers what works the job.
func (e Erasing) Workers(w *river.Workers) { river.AddWorker(w, &eraser{Erasing: e}) }

// Periodic returns what the queue runs by the clock.
func (e Erasing) Periodic() []*river.PeriodicJob {
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(eraseEvery),
		func() (river.JobArgs, *river.InsertOpts) { return EraseJob{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true})}
}

// Run erases what is due now. What it fails at for one organization does not keep
// the others from it.
func (e Erasing) Run(ctx context.Context) error {
	now := time.Now
	if e.Now != nil {
		now = e.Now
	}
	due, err := e.Rows.OrganizationsToErase(ctx, now(), eraseBatch)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range due {
		if err := e.erase(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("erase organization %s: %w", id, err))
		}
	}
	users, err := e.Rows.UsersToErase(ctx, now(), eraseBatch)
	errs = append(errs, err)
	for _, id := range users {
		if err := e.eraseUser(ctx, id, now()); err != nil {
			errs = append(errs, fmt.Errorf("erase user %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

func (e Erasing) eraseUser(ctx context.Context, id asset.ID, now time.Time) error {
	return e.Rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		done, err := tx.EraseUser(ctx, id, now, "erased-"+id.String()+"@"+operatorDomain)
		if err != nil || !done {
			return err
		}
		return record(ctx, tx, Principal{System: true}, Event{Action: ActionUserErased, User: &id, Target: id.String()})
	})
}

// erase may be killed at any line and run again: each step looks for what is left,
// a picture goes before the row that names it, and the row of the organization is
// the last to change.
func (e Erasing) erase(ctx context.Context, org asset.ID) error {
	assets, err := e.eraseAssets(ctx, org)
	if err != nil {
		return err
	}
	if err := e.eraseSerials(ctx, org); err != nil {
		return err
	}
	for {
		n, err := e.Rows.EraseVerifications(ctx, org, eraseBatch)
		if err != nil {
			return err
		}
		if n < eraseBatch {
			break
		}
	}
	err = e.Rows.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// Two hyphens: nobody can take such a slug to stand in the way.
		done, err := tx.EraseOrganization(ctx, org, "Erased organization", "erased--"+org.String())
		if err != nil || !done {
			return err
		}
		return record(ctx, tx, Principal{System: true}, Event{Action: ActionOrgErased, Organization: &org, Target: org.String()})
	})
	if err == nil {
		e.Logger.InfoContext(ctx, "an organization was erased", "organization", org, "assets", assets)
	}
	return err
}

func (e Erasing) eraseAssets(ctx context.Context, org asset.ID) (total int, err error) {
	for {
		left, err := e.Rows.AssetsLeft(ctx, org, eraseBatch)
		if err != nil || len(left) == 0 {
			return total, err
		}
		for _, id := range left {
			if err := e.Assets.Delete(ctx, org, id); err != nil && !asset.Is(err, asset.AssetNotFound) {
				return total, err
			}
			total++
		}
	}
}

func (e Erasing) eraseSerials(ctx context.Context, org asset.ID) error {
	for {
		left, err := e.Rows.SerialsLeft(ctx, org, eraseBatch)
		if err != nil || len(left) == 0 {
			return err
		}
		for _, s := range left {
			if err := e.Pictures.Delete(ctx, s.ImageKey); err != nil {
				return err
			}
		}
		if _, err := e.Rows.EraseSerials(ctx, org, left[len(left)-1].Position); err != nil {
			return err
		}
	}
}
