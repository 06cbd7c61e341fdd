package watermark

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

//go:generate sh -c "python3 testdata/format.py > testdata/format.json"

// golden is what testdata/format.py, an implementation of its own, makes of
// the written formats.
type golden struct {
	Keys []struct {
		Key    string            `json:"key"`
		Words  []uint32          `json:"words"`
		Perm   []int             `json:"perm"`
		Minted map[string]string `json:"minted"`
	} `json:"keys"`
}

func loadGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/format.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestFormatGolden(t *testing.T) {
	g := loadGolden(t)
	if len(g.Keys) != 2 {
		t.Fatalf("%d keys in the golden file", len(g.Keys))
	}
	for i, k := range g.Keys {
		key, err := ParseKey(k.Key)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 && key != TestKey {
			t.Errorf("the published test key changed to %x", TestKey)
		}
		s := key.Stream("a label")
		for j, w := range k.Words {
			if got := s.Uint32(); got != w {
				t.Errorf("word %d is %d, want %d", j, got, w)
			}
		}
		for j, v := range key.Stream("p").Perm(len(k.Perm)) {
			if v != k.Perm[j] {
				t.Errorf("perm[%d] is %d, want %d", j, v, k.Perm[j])
			}
		}
		for n, want := range k.Minted {
			number, _ := strconv.ParseUint(n, 10, 64)
			p, err := Mint(key, number)
			if err != nil || p.String() != want {
				t.Errorf("Mint(%s) = %s, %v; want %s", n, p, err, want)
			}
		}
	}
}

func TestOpenUndoesMint(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var other Key
	for i := range 500 {
		n := r.Uint64() >> 24
		p, err := Mint(TestKey, n)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := Open(TestKey, p); !ok || got != n {
			t.Fatalf("Open(Mint(%d)) = %d, %v", n, got, ok)
		}
		// Chance alone passes 2⁻²⁴ of them.
		if _, ok := Open(other, p); ok {
			t.Errorf("payload %d opens under another key", i)
		}
		if _, ok := Open(TestKey, Payload(r.Uint64())); ok {
			t.Errorf("random payload %d opens", i)
		}
	}
	if _, err := Mint(TestKey, 1<<40); err == nil {
		t.Error("a number of 41 bits was minted")
	}
}

func TestParse(t *testing.T) {
	if p, err := ParsePayload("0123456789ABCDEF"); err != nil || p != 0x0123456789abcdef || p.String() != "0123456789abcdef" {
		t.Errorf("got %v, %v", p, err)
	}
	for _, s := range []string{"", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeg", "+123456789abcdef", "0x23456789abcdef"} {
		if _, err := ParsePayload(s); err == nil {
			t.Errorf("payload %q was taken", s)
		}
	}
	for _, s := range []string{"", "00", string(make([]byte, 64))} {
		if _, err := ParseKey(s); err == nil {
			t.Errorf("key %q was taken", s)
		}
	}
}

func TestIntnIsUniform(t *testing.T) {
	s := TestKey.Stream("uniform")
	var count [7]int
	const n = 70000
	for range n {
		count[s.Intn(7)]++
	}
	for v, c := range count {
		// Five standard deviations of a binomial of mean 10,000.
		if c < 9537 || c > 10463 {
			t.Errorf("%d came %d times of %d", v, c, n)
		}
	}
}

func TestRGBAddedMSEIsWhatAddDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	pic := NewRGB(61, 40)
	for i := range pic.Pix {
		pic.Pix[i] = uint8(r.IntN(256)) // saturated samples among them
	}
	pattern := func(y int, dst []float32) {
		for x := range dst {
			dst[x] = float32((x*7+y*3)%11) - 5
		}
	}
	w := [3]float32{0.3, 0.6, 0.1}
	told := pic.AddedMSE(pattern, 3, w, 1)
	marked := pic.Clone()
	marked.Add(pattern, 3, w)
	sum := 0.0
	for i, v := range pic.Pix {
		d := float64(v) - float64(marked.Pix[i])
		sum += d * d
	}
	if got := sum / float64(len(pic.Pix)); got != told || got == 0 {
		t.Errorf("told %g, did %g", told, got)
	}
	// A stride beyond the height still looks at one row.
	if v := pic.AddedMSE(pattern, 3, w, 1000); !(v > 0) {
		t.Errorf("a long stride tells %g", v)
	}
}
