package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/image/tiff"

	"github.com/certana/certana/internal/realrun"
	"github.com/certana/certana/internal/synth"
)

// everyRow is the table, in the order in which it is asked: later rows speak of
// what earlier ones made.
var everyRow = slices.Concat(accountRows, assetRows, verifyRows, oauthRows, sealingRows, limitRows, webhookRows, faultRows, lastAccountRows, lastAssetRows)

// servers are the processes that the rows ask, by name, with their settings.
var servers = map[string][]string{
	"": {
		"webhooks.allow_private=true",                   // the receiver is on loopback
		"pipeline.wait=60s", "pipeline.commit_wait=60s", // a slow machine must not turn completed into processing
		"pipeline.workers=1", // what a large picture keeps busy
	},
	"small": {"pipeline.max_bytes=10000", "quotas.free_uploads=1", "quotas.key_per_hour=2", "quotas.logins_per_user=2", "pipeline.wait=60s"},
	"short": {"account.access_ttl=1s"},
	"fixed": {"sealing.random_max_id=1"},
}

// TestPages asks everything that the two pages print.
func TestPages(t *testing.T) {
	w := &world{servers: map[string]*realrun.Server{}, names: map[string]string{}, files: pictures(t), hooks: newReceiver(t)}
	for name, settings := range servers {
		w.servers[name] = start(t, settings...)
	}
	w.names["receiver"], w.names["server"] = w.hooks.URL, w.servers[""].URL
	w.names["sealed_base64"] = base64.StdEncoding.EncodeToString(w.files["sealed"])
	sum := sha256.Sum256(w.files["binary"])
	w.names["binary_hash"], w.names["binary_size"] = hex.EncodeToString(sum[:]), strconv.Itoa(len(w.files["binary"]))
	for _, r := range everyRow {
		t.Run(r.part, func(t *testing.T) { r.run(t, w) })
	}
}

// pictures are the files that rows send, by the names that they are sent under.
func pictures(t *testing.T) map[string][]byte {
	t.Helper()
	asJPEG := func(w, h int, seed uint64) []byte {
		return encode(t, func(b *bytes.Buffer) error {
			return jpeg.Encode(b, synth.Photo(w, h, seed), &jpeg.Options{Quality: 90})
		})
	}
	webp, err := os.ReadFile(filepath.Join("testdata", "small.webp"))
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"binary":   asJPEG(1920, 1080, 1),
		"stranger": asJPEG(320, 240, 2),
		"small":    asJPEG(160, 120, 3),
		"sealed":   asJPEG(160, 120, 4),
		"large": encode(t, func(b *bytes.Buffer) error {
			return jpeg.Encode(b, enlarged{synth.Photo(900, 675, 5)}, &jpeg.Options{Quality: 90})
		}),
		"doomed": asJPEG(160, 120, 6),
		"png":    encode(t, func(b *bytes.Buffer) error { return png.Encode(b, synth.Photo(192, 128, 7)) }),
		"tiff":   encode(t, func(b *bytes.Buffer) error { return tiff.Encode(b, synth.Photo(192, 128, 8), nil) }),
		"webp":   webp,
		"text":   []byte("This is no picture.\n"),
	}
}

// enlarged is a picture four times as wide and high.
type enlarged struct{ *image.NRGBA }

func (e enlarged) Bounds() image.Rectangle {
	b := e.NRGBA.Bounds()
	return image.Rectangle{b.Min.Mul(4), b.Max.Mul(4)}
}

func (e enlarged) At(x, y int) color.Color { return e.NRGBA.At(x/4, y/4) }

func encode(t *testing.T, into func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := into(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBaseURL checks that the page's own address is the default.
func TestBaseURL(t *testing.T) {
	path, err := realrun.Program()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "config", "print", "--data", t.TempDir()).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^base_url: http://localhost:8000\s`).Match(out) {
		t.Errorf("not http://localhost:8000:\n%s", out)
	}
}
