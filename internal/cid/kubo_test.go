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

func (k kubo) try(stdin io.Reader, args ...string) (string, error) {
	cmd := exec.Command(k.program, args...)
	cmd.Env = append(os.Environ(), "IPFS_PATH="+k.repo, "IPFS_TELEMETRY=off")
	cmd.Stdin = stdin
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		k.t.Logf("ipfs %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), err
}

func (k kubo) run(stdin io.Reader, args ...string) string {
	k.t.Helper()
	out, err := k.try(stdin, args...)
	if err != nil {
		k.t.Fatal(err)
	}
	return out
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

// A private export imports without pins; the watermarked part then pins by
// itself. A whole export imports as it is.
func TestKuboImports(t *testing.T) {
	marked, _ := io.ReadAll(patternOf(700_000))
	for _, private := range []bool{true, false} {
		k := newKubo(t)
		e := sampleExport(t)
		args := []string{"--offline", "dag", "import", "--pin-roots=false"}
		if !private {
			e.OriginalContent = patternOf(1_000_000)
			args = args[:3]
		}
		var car bytes.Buffer
		if err := WriteCAR(&car, e); err != nil {
			t.Fatal(err)
		}
		k.run(&car, args...)
		got := k.run(nil, "--offline", "cat", "/ipfs/"+e.Provenance.Watermarked.String()+"/content")
		if got != string(marked) {
			t.Errorf("the watermarked picture came back as %d bytes", len(got))
		}
		prov, err := e.Provenance.Block()
		if err != nil {
			t.Fatal(err)
		}
		if got := k.run(nil, "--offline", "cat", "/ipfs/"+prov.CID.String()+"/watermarked/content"); got != string(marked) {
			t.Errorf("by the provenance record it came back as %d bytes", len(got))
		}
		k.run(nil, "--offline", "pin", "add", e.Provenance.Watermarked.String())
		_, err = k.try(nil, "--offline", "pin", "add", prov.CID.String())
		if private != (err != nil) {
			t.Errorf("private %v: pinning the whole record: %v", private, err)
		}
	}
}
