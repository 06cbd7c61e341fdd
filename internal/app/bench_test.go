package app_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/certana/certana/internal/align"
	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/attack"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/cid"
	"github.com/certana/certana/internal/fingerprint"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/verify"
	"github.com/certana/certana/internal/watermark"
)

// TestBenchTable prints what `make bench` shows: the cost of each step, in ms
// and as a ratio to libjpeg-turbo's decode and encode of the same picture in
// the same run, medians of CERTANA_BENCH runs. It measures and never fails for
// a figure, so it runs only when asked for.
func TestBenchTable(t *testing.T) {
	runs := 0
	if _, err := fmt.Sscan(os.Getenv("CERTANA_BENCH"), &runs); err != nil || runs < 1 {
		t.Skip("CERTANA_BENCH=RUNS makes this print the table of costs")
	}
	d := apptest.Open(t, t.TempDir())
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "picture\tstep\tms\tratio\t")
	for i, size := range []struct{ w, h int }{{768, 512}, {1632, 1224}, {4000, 3000}} {
		b := newBench(t, d, size.w, size.h, uint64(i+1))
		b.run(runs)
		b.print(out)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

// step is one measured thing: prepare is not counted.
type step struct {
	name    string
	prepare func() any
	work    func(any)
	times   []time.Duration
}

type bench struct {
	t     *testing.T
	label string
	steps []step
}

func newBench(t *testing.T, d *apptest.Deployment, w, h int, seed uint64) *bench {
	data := apptest.JPEG(t, synth.Photo(w, h, seed), 92)
	decode := func(b []byte) *raster.Picture {
		p, err := raster.Decode(b, raster.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	unique := uint64(seed << 32)
	accept := func() any {
		unique++
		file := d.Spool(t, withComment(data, unique))
		a, err := d.Pipeline.Accept(t.Context(), pipeline.Upload{OrganizationID: d.Org, File: file, Options: apptest.AllTracks})
		if err != nil {
			t.Fatal(err)
		}
		return a.ID
	}
	certify := func(id any) {
		if err := d.Pipeline.Certify(t.Context(), id.(asset.ID)); err != nil {
			t.Fatal(err)
		}
	}
	// One registered asset stands for all verifications: its copies.
	id := accept()
	certify(id)
	if err := d.Pipeline.Trace(t.Context(), id.(asset.ID)); err != nil {
		t.Fatal(err)
	}
	rendition := readBlob(t, d, id.(asset.ID))
	verified := func(data []byte) func(any) {
		return func(any) {
			if _, err := d.Verifier.Verify(t.Context(), d.Spool(t, data), verify.Options{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	marked := decode(rendition)
	again, err := raster.EncodeJPEG(marked.RGB(0), 95)
	if err != nil {
		t.Fatal(err)
	}
	picture := func() any { return decode(data) }
	return &bench{t: t, label: fmt.Sprintf("%.1f MP", float64(w*h)/1e6), steps: []step{
		{name: "transcode (libjpeg-turbo)", work: func(any) { _, _ = raster.TranscodeJPEG(data) }},
		{name: "decode", work: func(any) { decode(data) }},
		{name: "embed A", prepare: picture, work: func(p any) { _, _ = d.Tracks[0].Embed(p.(*raster.Picture), watermark.Payload(unique)) }},
		{name: "encode", prepare: picture, work: func(p any) { _, _ = raster.Encode(p.(*raster.Picture)) }},
		{name: "decode A", prepare: func() any { return marked.Luma(1024) }, work: func(any) { d.Tracks[0].Decode(marked.Luma(1024)) }},
		{name: "PDQ", prepare: picture, work: func(p any) { fingerprint.PDQ(p.(*raster.Picture).Luma(align.WorkingSide)) }},
		{name: "features", prepare: picture, work: func(p any) { align.Extract(p.(*raster.Picture).Luma(align.WorkingSide), 1500) }},
		{name: "CID of the content", work: func(any) { _, _, _ = cid.Content(bytes.NewReader(data), nil) }},
		{name: "whole certify", prepare: accept, work: certify},
		{name: "whole verify, the rendition itself", work: verified(rendition)},
		{name: "whole verify, saved again at Q95", work: verified(again)},
		{name: "whole verify, crop 75% and JPEG 70", work: verified(attacked(t, marked, "crop_jpeg", 0.75))},
		{name: "whole verify, rotate 3°, crop, JPEG 80", work: verified(attacked(t, marked, "rot_crop_jpeg", 3))},
		{name: "whole verify, unrelated", work: verified(apptest.JPEG(t, synth.Photo(w, h, seed+100), 92))},
	}}
}

// run takes the steps in turn, run after run, so that a slow moment of the
// machine meets all of them alike.
func (b *bench) run(runs int) {
	for range runs {
		for i := range b.steps {
			s := &b.steps[i]
			var in any
			if s.prepare != nil {
				in = s.prepare()
			}
			began := time.Now()
			s.work(in)
			s.times = append(s.times, time.Since(began))
		}
	}
}

func (b *bench) print(out io.Writer) {
	median := func(s step) float64 {
		slices.Sort(s.times)
		return s.times[len(s.times)/2].Seconds() * 1e3
	}
	base := median(b.steps[0])
	for _, s := range b.steps {
		ms := median(s)
		fmt.Fprintf(out, "%s\t%s\t%.1f\t%.1f\t\n", b.label, s.name, ms, ms/base)
	}
}

func attacked(t *testing.T, p *raster.Picture, name string, strength float64) []byte {
	r, err := attack.Apply(p.RGB(0), name, strength, 1)
	if err != nil {
		t.Fatal(err)
	}
	return r.Encoded
}

func readBlob(t *testing.T, d *apptest.Deployment, id asset.ID) []byte {
	b, err := d.Blobs.ReadAll(context.Background(), blob.AssetKey(id, asset.Watermarked), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withComment makes other bytes of the same picture: a JPEG comment segment
// after the start of image.
func withComment(jpeg []byte, n uint64) []byte {
	out := append([]byte{}, jpeg[:2]...)
	out = append(out, 0xFF, 0xFE, 0, 10)
	out = binary.BigEndian.AppendUint64(out, n)
	return append(out, jpeg[2:]...)
}

// The folder of a deployment holds nothing but what docs/formats.md names.
func TestDataFolder(t *testing.T) {
	dir := t.TempDir()
	apptest.Open(t, dir)
	known := map[string]bool{"master.key": true, "certana.db": true, "certana.db-wal": true, "certana.db-shm": true,
		"certana.db.lock": true, "blobs": true, "log": true, "tmp": true}
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("%s is not a documented part of the data folder", e.Name())
		}
	}
}
