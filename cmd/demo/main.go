// Command demo does the main job on real pictures: it starts a server of its
// own in a temporary folder, uploads a photograph, and verifies four pictures
// against it. It exits 0 only if the server's verdicts are the right ones.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/certana/certana/internal/demo"
)

func main() {
	server := flag.String("server", "bin/certana", "the certana program to demonstrate")
	out := flag.String("out", "out", "folder for the pictures to look at")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := demo.Run(ctx, demo.Options{Server: *server, Out: *out, Log: os.Stdout})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}
