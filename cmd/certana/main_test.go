package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/certana/certana/internal/demo"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"certana": main,
		"demo":    runDemo,
	})
}

// runDemo is cmd/demo over the program under test.
func runDemo() {
	program, err := exec.LookPath("certana")
	if err == nil {
		err = demo.Run(context.Background(), demo.Options{Server: program, Out: "out", Log: os.Stdout})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
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
			"port":   port,
			"get":    get,
			"call":   callAPI,
			"keep":   keep,
		},
	})
}

// keep NAME PATTERN puts what the pattern's group matches in the last standard
// output into the environment.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep NAME PATTERN")
	}
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("the last output has no %s", args[1])
	}
	ts.Setenv(args[0], found[1])
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

// port NAME puts a free loopback port into an environment variable.
func port(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: port NAME")
	}
	l, err := net.Listen("tcp", "localhost:0")
	ts.Check(err)
	defer l.Close()
	_, p, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], p)
}

// get STATUS URL FILE asks a server, waiting until it listens, and keeps the
// body in a file.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: get STATUS URL FILE")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var res *http.Response
	for range 300 {
		if res, err = http.Get(args[1]); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), body, 0o644))
	if res.Header.Get("X-Request-Id") == "" {
		ts.Fatalf("GET %s: the answer has no X-Request-Id", args[1])
	}
	if res.StatusCode != want {
		ts.Fatalf("GET %s: %s, want %d: %s", args[1], res.Status, want, body)
	}
}

// call STATUS METHOD URL FILE [BODY] asks a server with a JSON body, with the key
// in $KEY or the access token in $TOKEN where one is set, and keeps the answer's
// body in a file. A GET is asked again for a while: what another process ended is
// ended here within a second.
func callAPI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || len(args) > 5 {
		ts.Fatalf("usage: call STATUS METHOD URL FILE [BODY]")
	}
	tries := 1
	if args[1] == http.MethodGet {
		tries = 50
	}
	var status string
	var body []byte
	for range tries {
		status, body = askAPI(ts, args)
		if strings.HasPrefix(status, args[0]) {
			ts.Check(os.WriteFile(ts.MkAbs(args[3]), body, 0o644))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("%s %s: %s, want %s: %s", args[1], args[2], status, args[0], body)
}

func askAPI(ts *testscript.TestScript, args []string) (status string, body []byte) {
	req, err := http.NewRequest(args[1], args[2], nil)
	ts.Check(err)
	if len(args) == 5 {
		req.Body = io.NopCloser(strings.NewReader(args[4]))
		req.Header.Set("Content-Type", "application/json")
	}
	if key := ts.Getenv("KEY"); key != "" {
		req.Header.Set("X-API-Key", key)
	}
	if token := ts.Getenv("TOKEN"); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	ts.Check(err)
	return res.Status, body
}
