package ledger

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// crashDir, when set, turns the test binary into an appender that is going to be
// killed.
const crashDir = "CERTANA_LEDGER_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		appendForEver(dir)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendForEver appends "crash 0", "crash 1", … with 32 writers and prints the
// number and the index of each that was acknowledged.
func appendForEver(dir string) {
	l, err := OpenLog(context.Background(), options(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	var next int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				index, err := l.Append(context.Background(), fmt.Appendf(nil, "crash %d", i))
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				mu.Lock()
				fmt.Printf("%d %d\n", i, index)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// Three times the appender is killed with writes under way and started again on
// the same statements. Whatever it acknowledged is where it said, and nothing is
// there twice.
func TestKilledAppenderLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	acknowledged := map[int]uint64{}
	for round := range 3 {
		runAndKill(t, dir, 64*(round+1)+17*round, acknowledged)
	}

	l := openLog(t, dir)
	last := 0
	for i, index := range acknowledged {
		last = max(last, i)
		statement := fmt.Appendf(nil, "crash %d", i)
		p, err := l.Prove(t.Context(), index)
		if err != nil {
			t.Fatalf("acknowledged entry %d: %v", index, err)
		}
		if err := p.Verify(l.VerifierKey(), statement); err != nil {
			t.Fatalf("acknowledged entry %d: %v", index, err)
		}
	}
	// Run every statement once more, as the stage that lost its answer would.
	again := appendMany(t, l, "crash", last+64)
	for i, index := range acknowledged {
		if again[i] != index {
			t.Errorf("statement %d moved from %d to %d", i, index, again[i])
		}
	}
	cp, err := l.Checkpoint(t.Context())
	if err != nil || cp.Size != uint64(len(again)) {
		t.Errorf("%d leaves for %d statements: %v", cp.Size, len(again), err)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// runAndKill starts an appender, waits for acks answers and kills it.
func runAndKill(t *testing.T, dir string, acks int, acknowledged map[int]uint64) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == acks {
			if err := cmd.Process.Kill(); err != nil { // SIGKILL; the lines that are out still count
				t.Fatal(err)
			}
		}
		var i int
		var index uint64
		if _, err := fmt.Sscanf(lines.Text(), "%d %d", &i, &index); err != nil {
			break // cut in the middle of a line
		}
		if before, ok := acknowledged[i]; ok && before != index {
			t.Errorf("statement %d was at %d and is at %d", i, before, index)
		}
		acknowledged[i] = index
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the appender ended by itself: %v", err)
	}
}
