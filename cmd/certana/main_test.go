package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"certana": func() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the command line as a user does: every file of testdata is
// one session, in an empty folder with an empty environment.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"photo":  photo,
			"shrink": shrink,
			"exits":  exits,
		},
	})
}

// photo FILE W H SEED makes a photograph-like picture; the name tells the
// format, .jpg or .png.
func photo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: photo FILE W H SEED")
	}
	var n [3]int
	for i, a := range args[1:] {
		v, err := strconv.Atoi(a)
		ts.Check(err)
		n[i] = v
	}
	save(ts, args[0], synth.Photo(n[0], n[1], uint64(n[2])))
}

// shrink OUT IN PERCENT QUALITY resizes a picture and saves it as JPEG, as a
// messenger does.
func shrink(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: shrink OUT IN PERCENT QUALITY")
	}
	data, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	p, err := raster.Decode(data, raster.Options{})
	ts.Check(err)
	percent, err := strconv.Atoi(args[2])
	ts.Check(err)
	quality, err := strconv.Atoi(args[3])
	ts.Check(err)
	w, h := p.Size()
	out, err := raster.EncodeJPEG(p.RGB(max(w, h)*percent/100), quality)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o644))
}

func save(ts *testscript.TestScript, name string, img image.Image) {
	var b bytes.Buffer
	if strings.HasSuffix(name, ".png") {
		ts.Check(png.Encode(&b, img))
	} else {
		data, err := raster.EncodeJPEG(raster.FromImage(img), 92)
		ts.Check(err)
		b.Write(data)
	}
	ts.Check(os.WriteFile(ts.MkAbs(name), b.Bytes(), 0o644))
}

// exits CODE ARGS… runs certana and checks the exit code; stdout and stderr can
// be looked at afterwards as after exec.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("certana", args[1:]...); err != nil {
		var x *exec.ExitError
		if !errors.As(err, &x) {
			ts.Fatalf("certana: %v", err)
		}
		got = x.ExitCode()
	}
	if got != want {
		ts.Fatalf("certana %s: exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}
