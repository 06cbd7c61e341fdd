package account

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/certana/certana/internal/asset"
)

// TestHashingIsBounded fills the one slot and the queue behind it: the next is
// told to come back, and one that waits may give up.
func TestHashingIsBounded(t *testing.T) {
	h := newHasher(Argon2{MemoryKiB: 8, Passes: 1, Lanes: 1}, 1)
	leave, err := h.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range h.queue {
		wg.Go(func() {
			if _, err := h.hash(ctx, "x"); !errors.Is(err, context.Canceled) {
				t.Errorf("one that waited: %v", err)
			}
		})
	}
	waiting := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.waiting
	}
	for waiting() < h.queue {
		runtime.Gosched()
	}
	if _, err := h.hash(t.Context(), "x"); !asset.Is(err, asset.RateLimited) {
		t.Errorf("one too many: %v", err)
	}
	cancel()
	wg.Wait()
	leave()
	if _, err := h.hash(t.Context(), "x"); err != nil {
		t.Errorf("when all is quiet again: %v", err)
	}
}

func TestVerify(t *testing.T) {
	h := newHasher(Argon2{MemoryKiB: 64, Passes: 2, Lanes: 1}, 1)
	made := h.make("correct horse")
	for _, s := range []struct {
		name, phc, password string
		ok                  bool
	}{
		{"right", made, "correct horse", true},
		{"wrong", made, "correct horsf", false},
		// From src/test.c of the reference implementation (P-H-C/phc-winner-argon2).
		{"the reference's", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", true},
		{"no password set", "", "", false},
		{"the dummy opens nothing", "", h.dummy, false},
	} {
		ok, _, err := h.verify(t.Context(), s.phc, s.password)
		if err != nil || ok != s.ok {
			t.Errorf("%s: %v %v", s.name, ok, err)
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	for _, s := range []string{
		"", "$", "$argon2id$v=19$m=8,t=1,p=1$YWFhYWFhYWE$YWFhYWFhYWFhYWFhYWFhYQ",
		"$argon2id$v=19$m=4294967295,t=1,p=1$YWFhYWFhYWE$YWFhYWFhYWFhYWFhYWFhYQ",
		"$argon2i$v=19$m=8,t=1,p=1$YWFhYWFhYWE$YWFhYWFhYWFhYWFhYWFhYQ",
		"$argon2id$v=19$m=8,t=0,p=0$YWFhYWFhYWE$YWFhYWFhYWFhYWFhYWFhYQ",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cost, salt, sum, err := parsePHC(s)
		if err != nil {
			return
		}
		if cost.MemoryKiB > 1<<21 || cost.Passes > 64 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
			t.Errorf("%q was let through: %+v, %d and %d bytes", s, cost, len(salt), len(sum))
		}
	})
}

// TestKeyChecksum: every change of one character is noticed before the database
// is asked.
func TestKeyChecksum(t *testing.T) {
	key := newKey()
	if !wellFormed(key) {
		t.Fatalf("%q is not well formed", key)
	}
	for i := range key {
		for _, c := range []byte(base62) {
			if changed := key[:i] + string(c) + key[i+1:]; c != key[i] && wellFormed(changed) {
				t.Errorf("%q passes for %q", changed, key)
			}
		}
	}
}

// One network does not take all places in the queue; the whole of it is bounded too.
func TestHashingIsShared(t *testing.T) {
	h := newHasher(Argon2{MemoryKiB: 8, Passes: 1, Lanes: 1}, 1)
	leave, err := h.enter(t.Context()) // nobody goes on from here
	if err != nil {
		t.Fatal(err)
	}
	from := func(address string) context.Context { return WithOrigin(t.Context(), Origin{Address: address}) }
	for _, c := range []struct {
		address, neighbour string
		places             int
	}{
		{"192.0.2.1", "192.0.2.1", h.share}, {"2001:db8::1", "2001:db8::ffff", h.share}, {"::ffff:192.0.2.9", "192.0.2.9", h.share},
		{"", "", h.queue - 3*h.share},
	} {
		for i := range c.places {
			if !h.wait(networkOf(from(c.address))) {
				t.Errorf("%s: refused at %d", c.address, i)
			}
		}
		_, err := h.enter(from(c.neighbour))
		if !asset.Is(err, asset.RateLimited) {
			t.Errorf("%s: %v", c.neighbour, err)
		}
	}
	h.waited(networkOf(from("192.0.2.1")))
	done := make(chan error, 1)
	go func() {
		leave, err := h.enter(from("2001:db8:0:1::1"))
		if err == nil {
			leave()
		}
		done <- err
	}()
	leave()
	if err := <-done; err != nil {
		t.Errorf("another network: %v", err)
	}
	if h.from["192.0.2.1"] != h.share-1 || len(h.from) != 4 {
		t.Errorf("waiting: %v", h.from)
	}
}
