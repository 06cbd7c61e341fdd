package app

import (
	"context"
	"time"

	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/pipeline"
)

// takeOverEvery is how often a process that does not append to the log tries to.
const takeOverEvery = 2 * time.Second

// logWorkers is how many statements are on their way into the log at a time: they
// share a checkpoint, for which each waits.
const logWorkers = 16

// startLog works the log's queue where this process appends, and otherwise from when
// the one that does has ended.
func (a *App) startLog(ctx context.Context) error {
	if a.Log.Appends() {
		return a.workLog(ctx)
	}
	a.logger.InfoContext(ctx, "another process appends to the log: this one serves beside it and takes over when it ends")
	ctx, a.end = context.WithCancel(context.WithoutCancel(ctx))
	a.ended = make(chan struct{})
	go func() {
		defer close(a.ended)
		a.takeOver(ctx)
	}()
	return nil
}

func (a *App) workLog(ctx context.Context) error {
	return a.Queue.Work(ctx, pipeline.LogQueue, db.QueueSpec{Workers: logWorkers})
}

// takeOver tries for the log until it has it and works its queue, or ctx ends.
func (a *App) takeOver(ctx context.Context) {
	for tick := time.NewTicker(takeOverEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		if _, err := a.Log.TakeOver(ctx); err != nil {
			a.logger.ErrorContext(ctx, "the log could not be taken over; it is tried again", "error", err)
			continue
		}
		if !a.Log.Appends() {
			continue
		}
		if err := a.workLog(ctx); err != nil {
			a.logger.ErrorContext(ctx, "the log's queue could not be worked; it is tried again", "error", err)
			continue
		}
		a.logger.InfoContext(ctx, "this process appends to the log from now on")
		// Whoever had it may have died with uploads under way.
		if err := a.Pipeline.Recover(ctx); err != nil {
			a.logger.ErrorContext(ctx, "unfinished uploads are left to the next start", "error", err)
		}
		tick.Stop()
		return
	}
}
