package quota_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/quota"
)

// Of a process that is killed between taking and giving back, what it had taken is
// lost and nothing else: one upload for each request under way, and what is left
// of a key's block.
func TestKilled(t *testing.T) {
	dir, org, key := t.TempDir(), uuid.New(), uuid.New()
	c := dbtest.In(t, dir)
	const killed = 3
	for range killed {
		p := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
		p.Env = append(os.Environ(), "CERTANA_TEST_KILLED="+dir, "CERTANA_TEST_ORG="+org.String(), "CERTANA_TEST_KEY="+key.String())
		out, err := p.StdoutPipe()
		must(t, err)
		must(t, p.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil || line != "taken\n" {
			t.Fatalf("the process says %q, %v", line, err)
		}
		must(t, p.Process.Kill())
		_ = p.Wait() // it was killed
	}
	rows, err := db.Open(t.Context(), c)
	must(t, err)
	defer rows.Close()
	s, err := quota.New(quota.DefaultConfig(), rows, func() time.Time { return start })
	must(t, err)
	_, uploads, err := s.Usage(t.Context(), org, "free")
	must(t, err)
	hour, _, err := s.KeyUsage(t.Context(), key)
	must(t, err)
	if uploads.Used != killed || hour.Used != killed*50 {
		t.Errorf("%d uploads and %d requests are lost", uploads.Used, hour.Used)
	}
}

// TestKilledProcess is the other half: it takes, and waits to be killed.
func TestKilledProcess(t *testing.T) {
	dir := os.Getenv("CERTANA_TEST_KILLED")
	if dir == "" {
		t.Skip("it is the process that TestKilled starts")
	}
	rows, err := db.Open(t.Context(), dbtest.In(t, dir))
	must(t, err)
	s, err := quota.New(quota.DefaultConfig(), rows, func() time.Time { return start })
	must(t, err)
	_, err = s.Uploads(t.Context(), uuid.MustParse(os.Getenv("CERTANA_TEST_ORG")), "free")
	must(t, err)
	_, err = s.Key(t.Context(), uuid.MustParse(os.Getenv("CERTANA_TEST_KEY")))
	must(t, err)
	fmt.Println("taken")
	time.Sleep(time.Minute)
}
