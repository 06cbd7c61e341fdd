package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/config"
)

// Exit codes, as main.go documents them.
const (
	exitOK = iota
	exitNo
	exitUsage
	exitInput
	exitFailure
)

// exitError carries the code that an error ends the program with. An error of
// no kind is a failure.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usageError(err error) error { return &exitError{exitUsage, err} }
func inputError(err error) error { return &exitError{exitInput, err} }

// errNo ends a command whose answer, already printed, is no.
var errNo = &exitError{exitNo, errors.New("no")}

// env is what every command shares: where it writes and the global flags.
type env struct {
	out, err   io.Writer
	data       string
	configFile string
	json       bool
	quiet      bool
}

// run is main without the process around it.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	e := &env{out: out, err: errOut}
	root := newRoot(e)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code := exitFailure
	if x := (*exitError)(nil); errors.As(err, &x) {
		code = x.code
	}
	if err != errNo {
		e.complain(err, code)
	}
	return code
}

func (e *env) complain(err error, code int) {
	if e.json {
		b, _ := json.Marshal(map[string]any{"error": err.Error(), "exit_code": code})
		fmt.Fprintf(e.err, "%s\n", b)
		return
	}
	fmt.Fprintf(e.err, "certana: %v\n", err)
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "certana",
		Short: "Mark pictures, commit what was certified, tell what is authentic",
		Long: `certana marks pictures invisibly, commits what it certified to an append-only
log, and later tells whether a picture is authentic.

Exit codes: 0 done, or yes; 1 the answer is no; 2 wrong command line;
3 bad input; 4 failure.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(err) })
	root.CompletionOptions.HiddenDefaultCmd = true
	f := root.PersistentFlags()
	f.StringVar(&e.data, "data", "", "folder that holds everything (default ./certana-data)")
	f.StringVar(&e.configFile, "config", "", "YAML settings (default certana.yaml in the data folder, if there)")
	f.BoolVar(&e.json, "json", false, "print JSON")
	f.BoolVar(&e.quiet, "quiet", false, "print no progress and no notes")
	root.AddCommand(
		newVersion(e),
		newConfig(e),
		newWatermark(e),
		newFingerprint(e),
		newServe(e),
		newKeys(e),
		newClients(e),
		newAdmin(e),
		newSealing(e),
		newAsset(e),
		newFsck(e),
		newBench(e),
		newEval(e),
	)
	return root
}

// noArgs, someArgs and exactArgs are cobra's checks with the exit code of a
// wrong command line.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError(fmt.Errorf("%q is no command or argument of %s; see %s --help", args[0], c.CommandPath(), c.CommandPath()))
	}
	return nil
}

func exactArgs(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usageError(fmt.Errorf("%s takes %d arguments, got %d: %s", c.CommandPath(), len(names), len(args), c.UseLine()))
		}
		return nil
	}
}

func someArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError(fmt.Errorf("%s takes one argument at least: %s", c.CommandPath(), c.UseLine()))
	}
	return nil
}

// group makes a command that only holds others.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return usageError(fmt.Errorf("%s needs a subcommand; see %s --help", c.CommandPath(), c.CommandPath()))
		}}
	c.AddCommand(children...)
	return c
}

// input says where settings come from; flags holds the command's own by their
// YAML path.
func (e *env) input(flags map[string]string) config.Input {
	all := map[string]string{}
	for k, v := range flags {
		all[k] = v
	}
	if e.data != "" {
		all["data"] = e.data
	}
	return config.Input{File: e.configFile, Environ: os.Environ(), Flags: all}
}

// load reads the configuration.
func (e *env) load(flags map[string]string) (*config.Loaded, error) {
	l, err := config.Load(e.input(flags))
	if err != nil {
		return nil, inputError(err)
	}
	for _, w := range l.Warnings {
		e.note("warning: %s", w)
	}
	return l, nil
}

// note tells the operator something that is no part of the answer.
func (e *env) note(format string, args ...any) {
	if !e.quiet && !e.json {
		fmt.Fprintf(e.err, "certana: "+format+"\n", args...)
	}
}

// printJSON writes one value, indented for a reader.
func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
