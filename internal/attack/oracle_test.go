package attack

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/certana/certana/internal/corpus"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

// answer is what the reference says of one attack.
type answer struct {
	W      int       `json:"w"`
	H      int       `json:"h"`
	Box    []int     `json:"box,omitempty"`
	Pad    []int     `json:"pad,omitempty"`
	Matrix []float64 `json:"matrix,omitempty"`

	rgb     []uint8
	encoded []byte
}

// everything is all suites, what stands in several once.
func everything() []Attack {
	all := slices.Concat(Suite(), Extras(), Beyond(), Large())
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(a Attack) bool {
		again := seen[a.Label()]
		seen[a.Label()] = true
		return again
	})
}

// suiteDir is the folder of the reference suite in Python, which is not part of
// this repository.
func suiteDir(t testing.TB) string {
	dir := filepath.Dir(corpus.Need(t, "eval", "attacks.py"))
	if out, err := exec.Command("/usr/bin/python3", "-c", "import cv2, PIL, numpy").CombinedOutput(); err != nil {
		t.Skipf("/usr/bin/python3 has no cv2, PIL and numpy: %s", bytes.TrimSpace(out))
	}
	return dir
}

// ask runs the reference over one picture.
func ask(t testing.TB, m *raster.RGB8, seed int64, list []Attack) []answer {
	t.Helper()
	suite, dir := suiteDir(t), t.TempDir()
	jobs := make([][2]any, len(list))
	for i, a := range list {
		jobs[i] = [2]any{a.Name, a.Strength}
	}
	stdin, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	raw := filepath.Join(dir, "in.rgb")
	if err := os.WriteFile(raw, m.Pix, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "testdata/oracle.py", suite, raw,
		strconv.Itoa(m.W), strconv.Itoa(m.H), strconv.FormatInt(seed, 10), dir)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), os.Stderr
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []answer
	if err := json.Unmarshal(stdout, &answers); err != nil {
		t.Fatal(err)
	}
	for i := range answers {
		answers[i].rgb, err = os.ReadFile(filepath.Join(dir, strconv.Itoa(i)+".rgb"))
		if err != nil {
			t.Fatal(err)
		}
		answers[i].encoded, _ = os.ReadFile(filepath.Join(dir, strconv.Itoa(i)+".bin"))
	}
	return answers
}

func psnr(a, b []uint8) float64 {
	var sum float64
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/sum)
}

// checkGeometry compares size, box, pad and matrix.
func checkGeometry(t *testing.T, r Result, want answer) {
	t.Helper()
	if r.RGB.W != want.W || r.RGB.H != want.H {
		t.Errorf("size %d×%d, want %d×%d", r.RGB.W, r.RGB.H, want.W, want.H)
	}
	if want.Box != nil && (r.Box == nil || !slices.Equal(r.Box[:], want.Box)) {
		t.Errorf("box %v, want %v", r.Box, want.Box)
	}
	if want.Pad != nil && (r.Pad == nil || !slices.Equal(r.Pad[:], want.Pad)) {
		t.Errorf("pad %v, want %v", r.Pad, want.Pad)
	}
	if len(r.Matrix) != len(want.Matrix) {
		t.Fatalf("matrix %v, want %v", r.Matrix, want.Matrix)
	}
	for i, v := range want.Matrix {
		if math.Abs(r.Matrix[i]-v) > 1e-6*max(1, math.Abs(v)) {
			t.Errorf("matrix %v, want %v", r.Matrix, want.Matrix)
			break
		}
	}
}

// TestAgainstPython holds every attack against Pillow, OpenCV and NumPy. On
// Debian 12 nearly all agree to the last bit, files included. What may differ by
// a level here and there: the vectorised HSV of OpenCV, ties between equally
// full palette boxes, and warps and noise where the last bit of a float64
// decides a rounding. Text is another font's.
func TestAgainstPython(t *testing.T) {
	suiteDir(t)
	for _, c := range []struct {
		w, h int
		seed int64
	}{{320, 214, 3}, {301, 403, 12}} {
		m := raster.FromImage(synth.Photo(c.w, c.h, uint64(c.seed)))
		list := everything()
		for i, want := range ask(t, m, c.seed, list) {
			a := list[i]
			t.Run(strconv.Itoa(c.w)+"/"+a.Label(), func(t *testing.T) {
				r, err := Apply(m, a.Name, a.Strength, c.seed)
				if err != nil {
					t.Fatal(err)
				}
				checkGeometry(t, r, want)
				if len(r.RGB.Pix) != len(want.rgb) {
					t.FailNow()
				}
				ref := &raster.RGB8{W: want.W, H: want.H, Pix: want.rgb}
				if a.Name == "overlay" {
					checkText(t, r, ref)
				}
				got := psnr(r.RGB.Pix, ref.Pix)
				if !math.IsInf(got, 1) {
					t.Logf("PSNR to the reference is %.2f dB", got)
				}
				if got < 60 {
					t.Errorf("PSNR to the reference is %.2f dB, want 60", got)
				}
				if (r.Encoded == nil) != (want.encoded == nil) {
					t.Errorf("%d encoded bytes, want %d", len(r.Encoded), len(want.encoded))
				}
			})
		}
	}
}

// checkText compares how much text there is in the box, then blanks both boxes.
func checkText(t *testing.T, r Result, ref *raster.RGB8) {
	t.Helper()
	var ink [2]float64
	x, y, w, h := r.Box[0], r.Box[1], r.Box[2], r.Box[3]
	for k, m := range []*raster.RGB8{r.RGB, ref} {
		for j := y; j < y+h; j++ {
			for i := x; i < x+w; i++ {
				p := row(m, j)[3*i : 3*i+3]
				ink[k] += float64(p[1]-30) / 225
				clear(p)
			}
		}
	}
	if ratio := ink[0] / ink[1]; ratio < 0.6 || ratio > 1.4 {
		t.Errorf("the text covers %.0f pixels, want about %.0f", ink[0], ink[1])
	}
}

// TestRandomAgainstPython compares long runs of each generator method.
func TestRandomAgainstPython(t *testing.T) {
	suiteDir(t)
	const script = `
import json, numpy as np
out = []
for seed in (0, 1, 4294967296, 12345678901234567890, 18446744073709551615):
    r = np.random.default_rng(seed)
    out.append({"integers": [int(r.integers(0, n)) for n in (1, 2, 3, 1000, 2**31 + 5, 2**32) * 50],
                "uniform": r.uniform(-1, 1, 50).tolist(), "normal": r.normal(0, 1, 200000).tolist()[::97]})
print(json.dumps(out))`
	stdout, err := exec.Command("/usr/bin/python3", "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []struct {
		Integers        []int
		Uniform, Normal []float64
	}
	if err := json.Unmarshal(stdout, &want); err != nil {
		t.Fatal(err)
	}
	for i, seed := range []uint64{0, 1, 1 << 32, 12345678901234567890, math.MaxUint64} {
		r := newRand(seed)
		for j, v := range want[i].Integers {
			if got := r.integer([]int{1, 2, 3, 1000, 1<<31 + 5, 1 << 32}[j%6]); got != v {
				t.Fatalf("seed %d: integer %d is %d, want %d", seed, j, got, v)
			}
		}
		for j, v := range want[i].Uniform {
			if got := r.uniform(-1, 1); got != v {
				t.Fatalf("seed %d: uniform %d is %v, want %v", seed, j, got, v)
			}
		}
		for j := range 200000 {
			got := r.normal()
			if j%97 == 0 && math.Abs(got-want[i].Normal[j/97]) > 1e-12 {
				t.Fatalf("seed %d: normal %d is %v, want %v", seed, j, got, want[i].Normal[j/97])
			}
		}
	}
}
