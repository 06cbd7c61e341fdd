package db_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// What is kept for many who ask is never older than their question, whoever
// commits: this handle, or another one, as another process has it.
func TestReadsAreFresh(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		here, there := open(t, c), open(t, c)
		var kept db.Reads[string, int64]
		var committed, reads atomic.Int64
		read := func(ctx context.Context) (int64, error) {
			reads.Add(1)
			v, err := here.Setting(ctx, "n")
			if err != nil {
				return 0, err
			}
			return strconv.ParseInt(string(v), 10, 64)
		}
		put := func(d *db.DB, n int64) error {
			defer committed.Store(n)
			return d.PutSetting(context.Background(), "n", fmt.Append(nil, n))
		}
		must(t, put(here, 0))
		var all sync.WaitGroup
		var asked atomic.Int64
		stop := make(chan bool)
		for range 4 {
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					asked.Add(1)
					least := committed.Load()
					got, err := kept.Get(context.Background(), here, "k", read)
					if err != nil || got < least {
						t.Errorf("read %d, %v, after %d was committed", got, err, least)
						return
					}
				}
			})
		}
		for n := range int64(100) {
			must(t, put([]*db.DB{here, there}[n%2], n))
			time.Sleep(time.Millisecond) // or there would be nothing to keep
		}
		close(stop)
		all.Wait()
		if r, a := reads.Load(), asked.Load(); r >= a {
			t.Errorf("%d reads for %d questions: nothing was shared or kept", r, a)
		}
	})
}

// A failure is not kept, nor is what was read before somebody committed.
func TestReadsKeepNoFailure(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		var kept db.Reads[string, string]
		_, err := kept.Get(t.Context(), d, "k", func(context.Context) (string, error) { return "", asset.Invalid("no") })
		wantCode(t, "failure", err, asset.ValidationError)
		for _, answer := range []string{"first", "second"} {
			got, err := kept.Get(t.Context(), d, "k", func(ctx context.Context) (string, error) {
				return answer, d.PutSetting(ctx, "x", []byte(answer)) // committed while it reads
			})
			must(t, err)
			want(t, "answer", got, answer)
		}
	})
}

// A key, its creator's role and a session are looked up anew as soon as another
// process changed them.
func TestRevokedElsewhere(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		here, there := open(t, c), open(t, c)
		user, org := organization(t, here, "acme")
		k := &db.APIKey{ID: asset.NewID(), OrganizationID: org, UserID: user, Hash: "h", Scopes: db.Strings{"read"}}
		must(t, here.InsertAPIKey(t.Context(), k))
		s := &db.Session{ID: asset.NewID(), UserID: user, CurrentHash: "h", ExpiresAt: time.Now().Add(time.Hour)}
		must(t, here.InsertSession(t.Context(), s))
		now := func() string {
			t.Helper()
			k, held, err := here.APIKeyByHash(t.Context(), "h")
			must(t, err)
			live, there, err := here.SessionRole(t.Context(), s.ID, user, org)
			must(t, err)
			return words(k.RevokedAt != nil, held.Role, live, there.Role)
		}
		want(t, "first", now(), "false owner true owner")
		want(t, "kept", now(), "false owner true owner")
		must(t, there.PutMembership(t.Context(), org, user, "viewer"))
		want(t, "another role", now(), "false viewer true viewer")
		must(t, there.RevokeAPIKey(t.Context(), k.ID))
		want(t, "key revoked", now(), "true viewer true viewer")
		must(t, there.RevokeSession(t.Context(), s.ID))
		want(t, "session revoked", now(), "true viewer false")
	})
}

// A request that only reads sees what was committed before it, not at its end.
func TestOneEpoch(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d, ctx := open(t, c), db.OneEpoch(t.Context())
		before, _, ok := d.Epoch(ctx)
		want(t, "ok", ok, true)
		must(t, d.PutSetting(ctx, "k", []byte("v")))
		again, _, _ := d.Epoch(ctx)
		want(t, "in the same request", again, before)
		for name, ctx := range map[string]context.Context{"another": db.OneEpoch(t.Context()), "none": t.Context()} {
			if after, _, _ := d.Epoch(ctx); after <= before {
				t.Errorf("%s request after the commit: %d, before %d", name, after, before)
			}
		}
		other, _, ok := open(t, c).Epoch(ctx)
		want(t, "of another handle", words(ok, other), words(true, 1))
	})
}
