package fingerprint

import (
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
)

type id [16]byte

func idOf(n int) (v id) {
	for i := range 4 {
		v[i] = byte(n >> (8 * i))
	}
	return v
}

func randomHash(r *rand.Rand) Hash {
	return Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
}

// flipped returns h with exactly n distinct bits changed.
func flipped(r *rand.Rand, h Hash, n int) Hash {
	for _, k := range r.Perm(256)[:n] {
		h[k>>6] ^= 1 << (k & 63)
	}
	return h
}

func TestLinear(t *testing.T)     { conform(t, func() Index[id] { return NewLinear[id]() }) }
func TestMultiIndex(t *testing.T) { conform(t, func() Index[id] { return NewMultiIndex[id]() }) }

// conform is the suite that every Index must pass.
func conform(t *testing.T, fresh func() Index[id]) {
	t.Run("empty", func(t *testing.T) {
		x := fresh()
		x.Remove(idOf(1))
		if got := x.Search(Hash{}, 256); len(got) != 0 || x.Len() != 0 {
			t.Errorf("found %v among %d", got, x.Len())
		}
	})
	t.Run("exact at every distance", func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		x, q := fresh(), randomHash(r)
		for d := 0; d <= 64; d++ {
			x.Add(idOf(d), flipped(r, q, d))
		}
		for _, limit := range []int{-1, 0, 1, 15, 30, 31, 32, 63, 64, 256} {
			got := x.Search(q, limit)
			if want := min(limit, 64) + 1; len(got) != want {
				t.Errorf("within %d: %d entries, want %d", limit, len(got), want)
			}
			for i, m := range got {
				if m.Distance != i || m.ID != idOf(i) || m.Hash.Distance(q) != i {
					t.Errorf("within %d: entry %d is %+v", limit, i, m)
				}
			}
		}
	})
	t.Run("worst case for bands", func(t *testing.T) {
		x, q := fresh(), Hash{}
		far := Hash{0x0003000300030003, 0x0003000300030003, 0x0003000300030003, 0x0001000300030003}
		x.Add(idOf(1), far) // 31 bits: two in every band but one
		if got := x.Search(q, 31); len(got) != 1 || got[0].Distance != 31 {
			t.Errorf("found %+v", got)
		}
	})
	t.Run("several hashes, same pair, ties", func(t *testing.T) {
		x := fresh()
		x.Add(idOf(1), Hash{1})
		x.Add(idOf(1), Hash{2})
		x.Add(idOf(2), Hash{1})
		x.Add(idOf(1), Hash{1})
		if x.Len() != 3 {
			t.Errorf("%d entries, want 3", x.Len())
		}
		want := []Match[id]{{idOf(1), Hash{1}, 1}, {idOf(1), Hash{2}, 1}, {idOf(2), Hash{1}, 1}}
		if got := x.Search(Hash{}, 5); !reflect.DeepEqual(got, want) {
			t.Errorf("found %+v", got)
		}
		x.Remove(idOf(1))
		if got := x.Search(Hash{}, 5); !reflect.DeepEqual(got, want[2:]) || x.Len() != 1 {
			t.Errorf("after removal %+v, %d", got, x.Len())
		}
		x.Add(idOf(1), Hash{1})
		if got := x.Search(Hash{}, 5); len(got) != 2 || got[1].ID != idOf(1) {
			t.Errorf("added again %+v", got)
		}
	})
	t.Run("equals the scan under churn", func(t *testing.T) { churn(t, fresh()) })
	t.Run("concurrent", func(t *testing.T) { hammer(t, fresh()) })
}

// churn adds and removes at random and compares every answer with Linear's.
func churn(t *testing.T, x Index[id]) {
	r := rand.New(rand.NewPCG(3, 4))
	twin := NewLinear[id]()
	centres := make([]Hash, 20)
	for i := range centres {
		centres[i] = randomHash(r)
	}
	for step := range 40000 {
		c := centres[r.IntN(len(centres))]
		v := idOf(r.IntN(9000))
		if r.IntN(5) < 1 || step > 32000 && r.IntN(3) > 0 {
			x.Remove(v)
			twin.Remove(v)
		} else {
			h := flipped(r, c, r.IntN(80))
			x.Add(v, h)
			twin.Add(v, h)
		}
		if step%100 == 0 {
			q, d := flipped(r, c, r.IntN(8)), r.IntN(50)
			if got, want := x.Search(q, d), twin.Search(q, d); !reflect.DeepEqual(got, want) {
				t.Fatalf("step %d within %d: %d entries, want %d", step, d, len(got), len(want))
			}
		}
	}
	if x.Len() != twin.Len() {
		t.Errorf("%d entries, want %d", x.Len(), twin.Len())
	}
}

// hammer searches, adds and removes at the same time; each goroutine must see
// what it added itself. The race detector does the rest.
func hammer(t *testing.T, x Index[id]) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 9))
			for i := range 1500 {
				v, h := idOf(g*10000+i), randomHash(r)
				x.Add(v, h)
				if got := x.Search(h, 10); len(got) == 0 || got[0].ID != v {
					t.Errorf("own entry not found: %+v", got)
				}
				if i%2 == 0 {
					x.Remove(v)
				}
				x.Len()
			}
		})
	}
	wg.Wait()
	if x.Len() != 3000 {
		t.Errorf("%d entries, want 3000", x.Len())
	}
}

func benchmarkSearch(b *testing.B, x Index[id], distance int) {
	r := rand.New(rand.NewPCG(5, 6))
	queries := make([]Hash, 64)
	for i := range 1_000_000 {
		h := randomHash(r)
		x.Add(idOf(i), h)
		if i < len(queries) {
			queries[i] = flipped(r, h, 20)
		}
	}
	i := 0
	for b.Loop() {
		if len(x.Search(queries[i%len(queries)], distance)) == 0 {
			b.Fatal("not found")
		}
		i++
	}
}

func BenchmarkLinear1M(b *testing.B)     { benchmarkSearch(b, NewLinear[id](), 31) }
func BenchmarkMultiIndex1M(b *testing.B) { benchmarkSearch(b, NewMultiIndex[id](), 31) }
