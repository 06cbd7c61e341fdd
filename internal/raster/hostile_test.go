package raster

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/certana/certana/internal/corpus"
)

// TestHostileFiles puts every file of the collection of odd and hostile
// pictures through the whole room, in a process of its own: the decoders are C,
// and a crash there must fail one test and name the file.
func TestHostileFiles(t *testing.T) {
	archive := corpus.Need(t, "corpus", "odd.tar.gz")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // a hang, not a slow machine
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestHostileChild$", "-test.v")
	cmd.Env = append(os.Environ(), "CERTANA_HOSTILE="+archive, "GOMEMLIMIT=400MiB")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the child died: %v\n%s", err, out[max(0, len(out)-4000):])
	}
	if n := strings.Count(string(out), "\nfile "); n < 600 {
		t.Errorf("only %d files were read", n)
	}
	if kib := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; kib > 1<<20 {
		t.Errorf("%d MiB resident", kib>>10)
	}
}

func TestHostileChild(t *testing.T) {
	path := os.Getenv("CERTANA_HOSTILE")
	if path == "" {
		t.Skip("runs as the child of TestHostileFiles")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("\nfile " + h.Name + "\n")
		exercise(t, h.Name, data)
	}
}

// exercise runs one file through everything, and checks what must hold for
// whatever bytes there are.
func exercise(t testing.TB, name string, data []byte) {
	ReadMetadata(data)
	_, strict := Decode(data, Options{})
	p, err := Decode(data, Options{Lenient: true})
	var e *Error
	if err != nil {
		if !errors.As(err, &e) {
			t.Errorf("%s: an untyped error: %v", name, err)
		}
		if strict == nil {
			t.Errorf("%s: refused leniently only: %v", name, err)
		}
		return
	}
	if (strict != nil) != p.Damaged() {
		t.Errorf("%s: strict says %v, damaged %v", name, strict, p.Damaged())
	}
	p.Luma(512)
	p.RGB(256)
	p.AddedMSE(checks, 1, [3]float32{1, 1, 1}, 8)
	p.Add(checks, 1, [3]float32{1, 1, 1})
	rendition, err := Encode(p)
	if err != nil {
		t.Errorf("%s: cannot be written: %v", name, err)
		return
	}
	carried, err := Carry(data, rendition)
	if err != nil {
		t.Errorf("%s: metadata cannot be carried: %v", name, err)
		return
	}
	if len(carried) > len(rendition)+len(data)+1<<16 {
		t.Errorf("%s: the rendition grew from %d + %d to %d bytes", name, len(data), len(rendition), len(carried))
	}
	q, err := Decode(carried, Options{Limits: Limits{MaxBytes: 1 << 30}})
	if err != nil || q.info != p.info {
		t.Errorf("%s: the rendition reads as %v (%v), want %v", name, q, err, p.info)
		return
	}
	plain, err := Decode(rendition, Options{Limits: Limits{MaxBytes: 1 << 30}})
	if err != nil || q.info.Orientation == 1 && !bytes.Equal(plain.RGB(64).Pix, q.RGB(64).Pix) {
		t.Errorf("%s: carrying metadata changes the picture (%v)", name, err)
	}
}
