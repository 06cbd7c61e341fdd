package main

import (
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress returns a function that shows how far a long job is, as a bar on
// standard error when that is a terminal, and not at all elsewhere or with
// --quiet. The function is to be called with done == total at the end.
func (e *env) progress(what string) func(done, total int) {
	f, ok := e.err.(*os.File)
	if e.quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		return func(int, int) {}
	}
	var bar *progressbar.ProgressBar
	return func(done, total int) {
		if bar == nil {
			bar = progressbar.NewOptions(total,
				progressbar.OptionSetWriter(f),
				progressbar.OptionSetDescription(what),
				progressbar.OptionShowCount(),
				progressbar.OptionSetPredictTime(true),
				progressbar.OptionOnCompletion(func() { _, _ = f.WriteString("\n") }),
			)
		}
		// A terminal that went away is no reason to stop the work.
		_ = bar.Set(done)
	}
}
