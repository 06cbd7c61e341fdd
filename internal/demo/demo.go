// Package demo walks the whole corridor as a stranger would, over HTTP alone:
// register, log in, upload, read the commitment, verify. It is a demonstration
// and a check at once: the verdicts that it prints are the server's, and it
// fails when they are not the right ones.
package demo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Options of one run.
type Options struct {
	Server string    // path of the certana program
	Out    string    // folder for the pictures to look at
	Log    io.Writer // progress, and the four lines at the end
}

// expected are the verdicts of the four cases.
var expected = map[string]string{"a": "authentic", "b": "authentic", "c": "forged", "d": "unknown"}

// Run demonstrates. It leaves nothing running and nothing behind but the
// pictures in o.Out.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cases, err := rehearse(ctx, o)
	if err != nil {
		return err
	}
	// The server is gone by now: these lines are the last that is printed.
	wrong := false
	for _, c := range cases {
		fmt.Fprintf(o.Log, "demo: %s %s\n", c.name, c.verdict)
		wrong = wrong || c.verdict != expected[c.name]
	}
	if wrong {
		return errors.New("these are not the right verdicts")
	}
	return nil
}

// attempt is one picture that was verified.
type attempt struct{ name, verdict string }

// rehearse is everything that needs the server.
func rehearse(ctx context.Context, o Options) (_ []attempt, err error) {
	say := func(format string, args ...any) { fmt.Fprintf(o.Log, format+"\n", args...) }
	pictures, err := choosePictures()
	if err != nil {
		return nil, err
	}
	say("The photographs: %s", pictures.origin)

	data, err := os.MkdirTemp("", "certana-demo-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	s, err := startServer(ctx, o.Server, data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	say("The server: %s, its data in %s", s.url, data)

	c := &client{base: s.url + "/v1", http: newHTTPClient()}
	if err := c.signIn(ctx); err != nil {
		return nil, err
	}
	say("Registered and logged in.")
	a, err := c.upload(ctx, pictures.name, pictures.photograph)
	if err != nil {
		return nil, err
	}
	say("Uploaded %s, which is now an asset:", pictures.name)
	say("  id               %s", a.ID)
	say("  content_hash     %s", a.ContentHash)
	say("  cid              %s", a.CID)
	say("  ipfs_cid         %s", a.IPFSCID)
	say("  watermarked_cid  %s", a.WatermarkedCID)
	k, err := c.commitment(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	say("Its commitment in the log:")
	say("  commitment_id    %s", k.ID)
	say("  commitment_hash  %s", k.Hash)
	say("  tx_hash          %s", k.TxHash)
	say("  signature        %s", k.Signature)
	say("  status           %s", k.Status)

	marked, err := c.content(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	submitted, err := pictures.submissions(marked)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return nil, err
	}
	say("Verifying:")
	var done []attempt
	for _, p := range submitted {
		v, err := c.verify(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", p.what, err)
		}
		say("  %s: %s: %s, confidence %.3f (%s)", p.name, p.what, v.Verdict, v.Confidence, v.Details)
		if p.keep {
			if err := keep(o, marked, p, v, say); err != nil {
				return nil, err
			}
		}
		done = append(done, attempt{p.name, v.Verdict})
	}
	return done, nil
}

// keep writes the forged picture, its tamper map, and both beside what was
// certified, for people to look at.
func keep(o Options, marked []byte, p submission, v verification, say func(string, ...any)) error {
	files := map[string][]byte{"demo-forged" + filepath.Ext(p.file): p.data}
	if v.TamperMap != nil {
		tampered, err := base64.StdEncoding.DecodeString(*v.TamperMap)
		if err != nil {
			return fmt.Errorf("the tamper map is not base64: %w", err)
		}
		files["demo-tamper-map.png"] = tampered
		if files["demo-panel.png"], err = panel(marked, p.data, tampered); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(o.Out, name)
		if err := os.WriteFile(path, files[name], 0o644); err != nil {
			return err
		}
		say("     see %s", path)
	}
	return nil
}
