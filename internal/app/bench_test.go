package app_test

import (
	"encoding/binary"
	"syscall"
	"testing"
	"time"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/verify"
)

// The whole of a certification and of a verification at 2 MP, for profiles;
// `make bench` prints the table by parts. cpu-ms/op is the processor's time,
// which a busy machine changes less than the clock's.

func BenchmarkCertify(b *testing.B) {
	d := apptest.Open(b, b.TempDir())
	data := apptest.JPEG(b, synth.Photo(1632, 1224, 1), 92)
	var used time.Duration
	for i := 0; b.Loop(); i++ {
		file := d.Spool(b, withComment(data, uint64(i)))
		before := processorTime(b)
		a, err := d.Pipeline.Accept(b.Context(), pipeline.Upload{OrganizationID: d.Org, File: file, Options: apptest.AllTracks})
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Pipeline.Certify(b.Context(), a.ID); err != nil {
			b.Fatal(err)
		}
		used += processorTime(b) - before
	}
	b.ReportMetric(used.Seconds()*1e3/float64(b.N), "cpu-ms/op")
}

func BenchmarkVerifySavedAgain(b *testing.B) {
	d := apptest.Start(b)
	a := d.Register(b, d.Org, apptest.JPEG(b, synth.Photo(1632, 1224, 1), 92))
	p, err := raster.Decode(d.Rendition(b, a), raster.Options{})
	if err != nil {
		b.Fatal(err)
	}
	file := d.Spool(b, apptest.JPEG(b, p.RGB(0).Image(), 92))
	if r, err := d.Verifier.Verify(b.Context(), file, verify.Options{}); err != nil || r.Verdict != asset.Authentic {
		b.Fatal(r.Details, err)
	}
	var used time.Duration
	for b.Loop() {
		before := processorTime(b)
		if _, err := d.Verifier.Verify(b.Context(), file, verify.Options{}); err != nil {
			b.Fatal(err)
		}
		used += processorTime(b) - before
	}
	b.ReportMetric(used.Seconds()*1e3/float64(b.N), "cpu-ms/op")
}

func BenchmarkTranscode(b *testing.B) {
	data := apptest.JPEG(b, synth.Photo(1632, 1224, 1), 92)
	before := processorTime(b)
	for b.Loop() {
		if _, err := raster.TranscodeJPEG(data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((processorTime(b)-before).Seconds()*1e3/float64(b.N), "cpu-ms/op")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// withComment makes other bytes of the same picture: a JPEG comment segment
// after the start of image.
func withComment(jpeg []byte, n uint64) []byte {
	out := append([]byte{}, jpeg[:2]...)
	out = append(out, 0xFF, 0xFE, 0, 10)
	out = binary.BigEndian.AppendUint64(out, n)
	return append(out, jpeg[2:]...)
}
