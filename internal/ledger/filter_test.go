package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

func leafNumber(i uint64) [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
}

func TestFilter(t *testing.T) {
	f := newFilter(0)
	n := uint64(f.limit)
	for i := range n {
		f.add(leafNumber(i))
	}
	for i := range n {
		if !f.maybe(leafNumber(i)) {
			t.Fatalf("leaf %d was forgotten", i)
		}
	}
	if f.full() {
		t.Error("full at its limit")
	}
	wrong := 0
	for i := range n {
		if f.maybe(leafNumber(n + i)) {
			wrong++
		}
	}
	// 0.06% expected at full load; 0.1% is 10 standard deviations away.
	if rate := float64(wrong) / float64(n); rate > 0.001 {
		t.Errorf("%.4f%% false answers", 100*rate)
	}
	f.add(leafNumber(2 * n))
	if !f.full() {
		t.Error("not full beyond its limit")
	}
}

func TestFilterGrows(t *testing.T) {
	l := openLog(t, t.TempDir())
	first := appendMany(t, l, "entry", 300)
	l.mu.Lock()
	l.seen.limit = 300
	l.mu.Unlock()
	appendMany(t, l, "more", 10)
	for i, index := range appendMany(t, l, "entry", 300) {
		if index != first[i] {
			t.Fatalf("statement %d moved from %d to %d", i, first[i], index)
		}
	}
	if l.seen.limit <= 310 {
		t.Error("the filter was not made anew")
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l, err := OpenLog(b.Context(), options(b.TempDir()))
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close(b.Context())
			b.SetParallelism(writers)
			var next atomic.Uint64
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					statement := make([]byte, 400)
					h := leafNumber(next.Add(1))
					copy(statement, h[:])
					if _, err := l.Append(b.Context(), statement); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func BenchmarkVerifySignature(b *testing.B) {
	k := NewOrgKey()
	statement := make([]byte, 400)
	sig := k.Sign(statement)
	for b.Loop() {
		if err := VerifySignature(k.Public(), statement, sig); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProveAndVerify(b *testing.B) {
	l, err := OpenLog(b.Context(), options(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close(b.Context())
	var wg sync.WaitGroup
	for i := range 2000 {
		wg.Go(func() {
			if _, err := l.Append(b.Context(), fmt.Appendf(nil, "entry %d", i)); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	statement, err := l.Entry(b.Context(), 777)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p, err := l.Prove(b.Context(), 777)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Verify(l.VerifierKey(), statement); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndexOfAbsent(b *testing.B) {
	l, err := OpenLog(b.Context(), options(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close(b.Context())
	const n = 5000
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := l.Append(b.Context(), fmt.Appendf(nil, "entry %d", i)); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	for b.Loop() {
		if _, found, err := l.IndexOf(b.Context(), [32]byte{}, 0); err != nil || found {
			b.Fatal(found, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/leaf")
}
