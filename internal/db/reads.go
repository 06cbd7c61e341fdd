package db

import (
	"context"
	"sync"
	"time"

	"github.com/certana/certana/internal/asset"
)

// Reads answers reads that are made again and again, as fresh as a query: many
// who ask at the same time share one, and an answer is kept for as long as nothing
// at all was committed to the database. Whatever process commits, whoever asks
// after that is told.
type Reads[K comparable, V any] struct {
	line coalescer[K, V]

	mu    sync.Mutex
	epoch uint64
	kept  map[K]kept[V]
}

type kept[V any] struct {
	value V
	at    time.Time
}

const (
	// keptFor bounds how long an answer is kept that depends on the time of day.
	keptFor = time.Second
	// maxKept bounds the memory; beyond it, all are read anew.
	maxKept = 10000
)

// Epochs is *DB.
type Epochs interface {
	Epoch(ctx context.Context) (epoch uint64, at time.Time, ok bool)
}

// Epoch is a number that is another one, and higher, when anything was committed
// since an earlier call, and the time. It is not ok when the database does not
// answer.
func (d *DB) Epoch(ctx context.Context) (epoch uint64, at time.Time, ok bool) {
	f, _ := ctx.Value(firstKey{}).(*first)
	if f != nil && f.of == d {
		return f.epoch, f.at, true
	}
	epoch, err := d.epochs.now(ctx)
	if at = d.now(); f != nil && err == nil {
		f.of, f.epoch, f.at = d, epoch, at
	}
	return epoch, at, err == nil
}

type firstKey struct{}

// first is an epoch that was looked for earlier in the same request.
type first struct {
	of    *DB
	epoch uint64
	at    time.Time
}

// OneEpoch is for a request that only reads, in one goroutine: what it gets
// through Reads is as fresh as when it asked for the first time, and it asks for
// the epoch once.
func OneEpoch(ctx context.Context) context.Context {
	return context.WithValue(ctx, firstKey{}, new(first))
}

// Get answers what read does of the same database. The value is shared: it must
// not be changed.
func (r *Reads[K, V]) Get(ctx context.Context, d Epochs, key K, read func(context.Context) (V, error)) (V, error) {
	epoch, at, ok := d.Epoch(ctx)
	if !ok {
		return r.line.do(ctx, key, read)
	}
	if v, ok := r.find(key, epoch, at); ok {
		return v, nil
	}
	// Read after the epoch was: what is committed meanwhile may be in the answer,
	// and is another epoch.
	v, err := r.line.do(ctx, key, read)
	if err == nil {
		r.keep(key, epoch, kept[V]{v, at})
	}
	return v, err
}

func (r *Reads[K, V]) find(key K, epoch uint64, now time.Time) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.kept[key]
	age := now.Sub(k.at)
	return k.value, ok && r.epoch == epoch && age >= 0 && age < keptFor
}

func (r *Reads[K, V]) keep(key K, epoch uint64, k kept[V]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if epoch < r.epoch {
		return
	}
	if r.kept == nil || epoch > r.epoch || len(r.kept) >= maxKept {
		r.epoch, r.kept = epoch, map[K]kept[V]{}
	}
	r.kept[key] = k
}

// frequent are the reads that every authenticated request makes.
type frequent struct {
	keys     Reads[string, foundKey]
	sessions Reads[[3]asset.ID, foundSession]
}

type (
	foundKey struct {
		key   *APIKey
		there Standing
	}
	foundSession struct {
		live  bool
		there Standing
	}
)

// APIKeyByHash is that of Queries, through Reads.
func (d *DB) APIKeyByHash(ctx context.Context, hash string) (*APIKey, Standing, error) {
	found, err := d.frequent.keys.Get(ctx, d, hash, func(ctx context.Context) (v foundKey, err error) {
		v.key, v.there, err = d.Queries.APIKeyByHash(ctx, hash)
		return v, err
	})
	if err != nil || found.key == nil {
		return nil, Standing{}, err
	}
	own := *found.key
	return &own, found.there, nil
}

// SessionRole is that of Queries, through Reads.
func (d *DB) SessionRole(ctx context.Context, session, user, org asset.ID) (live bool, there Standing, err error) {
	found, err := d.frequent.sessions.Get(ctx, d, [3]asset.ID{session, user, org}, func(ctx context.Context) (v foundSession, err error) {
		v.live, v.there, err = d.Queries.SessionRole(ctx, session, user, org)
		return v, err
	})
	return found.live, found.there, err
}
