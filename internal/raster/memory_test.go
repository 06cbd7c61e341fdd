package raster

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFiftyMegapixels draws on the largest pictures that are accepted, in a
// process of its own, which must stay well under 1 GiB resident.
func TestFiftyMegapixels(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	for _, f := range []Format{JPEG, PNG} {
		src := NewRGB8(8660, 5773)
		for i := range src.Pix {
			src.Pix[i] = uint8(i%src.W/3 + i>>20)
		}
		data, err := Encode(src.Picture(f))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "large"+f.Ext())
		write(t, path, data)
		cmd := exec.Command(os.Args[0], "-test.run=^TestLargeChild$")
		cmd.Env = append(os.Environ(), "CERTANA_LARGE="+path)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", f, err, out)
		}
		mib := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
		t.Logf("%s of %d MiB: %d MiB resident", f, len(data)>>20, mib)
		if mib > 768 {
			t.Errorf("%s: %d MiB resident", f, mib)
		}
	}
}

func TestLargeChild(t *testing.T) {
	path := os.Getenv("CERTANA_LARGE")
	if path == "" {
		t.Skip("runs as the child of TestFiftyMegapixels")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Decode(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.Luma(1024)
	p.RGB(512)
	p.AddedMSE(checks, 1, [3]float32{.299, .587, .114}, 8)
	p.Add(checks, 1, [3]float32{.299, .587, .114})
	rendition, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Carry(data, rendition); err != nil {
		t.Fatal(err)
	}
}
