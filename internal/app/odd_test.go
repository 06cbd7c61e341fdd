package app_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/verify"
)

// Malformed, hostile and unusual files are uploaded and verified: each is either
// certified or refused with a code of the contract, and what was refused leaves
// nothing. Every 16th file is taken; CERTANA_LONG=1 takes them all.
func TestOddFiles(t *testing.T) {
	every := 16
	if os.Getenv("CERTANA_LONG") != "" {
		every = 1
	}
	d := apptest.Start(t)
	accepted := 0
	for i, f := range oddFiles(t) {
		if i%every != 0 {
			continue
		}
		began := time.Now()
		file := d.Spool(t, f.data)
		if _, err := d.Verifier.Verify(t.Context(), file, verify.Options{TamperMap: true}); err != nil {
			refused(t, f.name, err)
		}
		a, err := d.Pipeline.Accept(t.Context(), pipeline.Upload{OrganizationID: d.Org, File: file, Options: apptest.AllTracks})
		if cerr := file.Close(); cerr != nil {
			t.Fatal(cerr)
		}
		if err != nil {
			refused(t, f.name, err)
			continue
		}
		accepted++
		if a, err = d.Pipeline.Wait(t.Context(), a.ID, time.Minute); err != nil || a.Status != asset.Completed {
			t.Errorf("%s was accepted and is %s: %s (%v)", f.name, a.Status, a.ProcessingError, err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Logf("%s took %s", f.name, took.Round(time.Millisecond))
		}
	}
	if accepted == 0 {
		t.Error("not one file was accepted")
	}
	eventually(t, "three files for each accepted picture and no other", func() bool { return len(d.Files(t)) == 3*accepted })
}

// refused checks that a file was refused as the contract says.
func refused(t *testing.T, name string, err error) {
	t.Helper()
	for _, code := range []asset.Code{asset.InvalidFileType, asset.FileTooLarge, asset.Conflict} {
		if asset.Is(err, code) {
			return
		}
	}
	t.Errorf("%s: %v", name, err)
}

type oddFile struct {
	name string
	data []byte
}

// oddFiles reads the corpus of odd files beside the repository.
func oddFiles(t *testing.T) (out []oddFile) {
	t.Helper()
	f, err := os.Open(corpus.Need(t, "corpus", "odd.tar.gz"))
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
		if errors.Is(err, io.EOF) {
			return out
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
		out = append(out, oddFile{h.Name, data})
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 600 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("not within 30 s: %s", what)
}
