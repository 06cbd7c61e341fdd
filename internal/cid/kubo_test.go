package cid

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// kubo runs a real IPFS node's program on a repository of its own, offline.
type kubo struct {
	t       *testing.T
	program string
	repo    string
}

func newKubo(t *testing.T) kubo {
	t.Helper()
	program := os.Getenv("CERTANA_TEST_IPFS")
	if program == "" {
		t.Skip("CERTANA_TEST_IPFS names no ipfs program (github.com/ipfs/kubo v0.41.0, cmd/ipfs)")
	}
	k := kubo{t, program, filepath.Join(t.TempDir(), "repo")}
	k.run(nil, "init", "--empty-repo")
	return k
}

func (k kubo) run(stdin io.Reader, args ...string) string {
	k.t.Helper()
	cmd := exec.Command(k.program, args...)
	cmd.Env = append(os.Environ(), "IPFS_PATH="+k.repo, "IPFS_TELEMETRY=off")
	cmd.Stdin = stdin
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		k.t.Fatalf("ipfs %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

func TestKubo(t *testing.T) {
	k := newKubo(t)
	for _, c := range goldens {
		got := strings.TrimSpace(k.run(patternOf(c.n), "add", "--cid-version=1", "--only-hash", "--quieter"))
		if got != c.want {
			t.Errorf("%d bytes: ipfs add says %s, want %s", c.n, got, c.want)
		}
	}
}

// An export imports and pins as it is; a private one pins its public part.
func TestKuboImports(t *testing.T) {
	marked, _ := io.ReadAll(patternOf(700_000))
	for _, private := range []bool{true, false} {
		k := newKubo(t)
		e := sampleExport(t)
		if !private {
			e.OriginalContent = patternOf(1_000_000)
		}
		var car bytes.Buffer
		if err := WriteCAR(&car, e); err != nil {
			t.Fatal(err)
		}
		k.run(&car, "--offline", "dag", "import")
		k.run(nil, "--offline", "repo", "gc") // what is not pinned goes
		got := k.run(nil, "--offline", "cat", "/ipfs/"+e.Provenance.Watermarked.String()+"/content")
		if got != string(marked) {
			t.Errorf("the watermarked picture came back as %d bytes", len(got))
		}
		if private {
			continue
		}
		prov, err := e.Provenance.Block()
		if err != nil {
			t.Fatal(err)
		}
		if got := k.run(nil, "--offline", "cat", "/ipfs/"+prov.CID.String()+"/watermarked/content"); got != string(marked) {
			t.Errorf("by the provenance record it came back as %d bytes", len(got))
		}
	}
}
