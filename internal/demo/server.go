package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// server is a running `certana serve`.
type server struct {
	url string
	cmd *exec.Cmd
}

// stopWithin is how long the server may take to end before it is killed.
const stopWithin = 20 * time.Second

var urlInLine = regexp.MustCompile(`http://[^ ]+[0-9]`)

// startServer starts the program on a free loopback port with nothing
// configured but its folder, and waits until it serves.
func startServer(ctx context.Context, program, data string) (*server, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "serve", "--quiet", "--addr", "localhost:0", "--data", data)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopWithin
	cmd.Dir = data
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "CERTANA_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s := &server{cmd: cmd}
	// The first line says where it listens; it is printed once it does.
	lines := bufio.NewScanner(out)
	if lines.Scan() {
		s.url = urlInLine.FindString(lines.Text())
	}
	if s.url == "" {
		return nil, errors.Join(errors.New("the server did not say where it listens"), s.stop())
	}
	go func() {
		for lines.Scan() {
		}
	}()
	return s, nil
}

// stop ends the server as an operator would and waits until it is gone.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.AfterFunc(stopWithin, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("the server did not end well: %w", err)
	}
	return nil
}
