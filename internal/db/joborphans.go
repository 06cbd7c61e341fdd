package db

import "context"

// requeueOrphans gives back the jobs that dead processes left as running. Only a
// process that knows that no other works this database may call it; self is the
// client that it works by itself, whose jobs are left alone, or "". A job that
// has used up its attempts is discarded instead: it may be what kills its worker.
// The dead leader's seat is cleared too, else nobody would tend to retries until
// its term ran out.
func (d *DB) requeueOrphans(ctx context.Context, self string) error {
	now, last := "datetime('now', 'subsec')", "json_extract(attempted_by, '$[#-1]')"
	if d.kind == Postgres {
		now, last = "now()", "attempted_by[array_length(attempted_by, 1)]"
	}
	return d.Tx(ctx, func(ctx context.Context, tx *Tx) error {
		for _, statement := range []string{
			`UPDATE river_job SET state = 'discarded', finalized_at = ` + now + `
			 WHERE state = 'running' AND attempt >= max_attempts AND coalesce(` + last + `, '') <> ?`,
			`UPDATE river_job SET state = 'available', scheduled_at = ` + now + `
			 WHERE state = 'running' AND coalesce(` + last + `, '') <> ?`,
			`DELETE FROM river_leader WHERE leader_id <> ?`,
		} {
			if _, err := tx.tx.NewRaw(statement, self).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// requeueQueue gives back what a dead process left as running in one queue, and
// lets those that wait for another attempt run now. Only a process that knows that
// no other works the queue may call it.
func (d *DB) requeueQueue(ctx context.Context, queue string) error {
	now := "datetime('now', 'subsec')"
	if d.kind == Postgres {
		now = "now()"
	}
	return d.Tx(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.tx.NewRaw(`UPDATE river_job SET state = 'available', scheduled_at = `+now+`
			WHERE state IN ('running', 'retryable') AND attempt < max_attempts AND queue = ?`, queue).Exec(ctx)
		return err
	})
}
