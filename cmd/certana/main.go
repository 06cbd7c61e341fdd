// Command certana marks pictures invisibly, commits what it certified to an
// append-only log, and later tells whether a picture is authentic. One program
// is the server and every tool around it.
//
// Exit codes, on every command:
//
//	0  done; for a question, the answer is yes
//	1  done, and the answer is no: damage found
//	2  the command line is wrong
//	3  bad input: a file that is no picture, a wrong key, a wrong setting
//	4  failure: disk, network, database, a server that does not answer
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Stamped by the Makefile with -ldflags -X.
var (
	version = "devel"
	commit  = ""
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
