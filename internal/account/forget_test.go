package account_test

import (
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

// What ran out is forgotten, and nothing that still works.
func TestForgetting(t *testing.T) {
	f := setup(t)
	f.clock.at.Store(time.Now().UnixMicro()) // Forgetting goes by the real clock
	f.register("user@example.com")
	live := f.login("user@example.com")
	run := account.Forgetting{Rows: f.db}.Run
	must(t, run(t.Context()))
	_, err := f.Refresh(t.Context(), live.RefreshToken)
	must(t, err)

	// Another session ran out eight days ago.
	f.clock.advance(-38 * 24 * time.Hour)
	old := f.login("user@example.com")
	if _, _, err := f.db.ClaimIdempotency(t.Context(), "user", "POST /x", "key", "one"); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(38 * 24 * time.Hour)
	_, err = f.Refresh(t.Context(), old.RefreshToken)
	wantCode(t, "a session that ran out", err, asset.TokenExpired)
	must(t, run(t.Context()))
	_, err = f.Refresh(t.Context(), old.RefreshToken)
	wantCode(t, "a session that was forgotten", err, asset.Unauthorized)
	if n, err := f.db.ExpireIdempotency(t.Context()); err != nil || n != 0 {
		t.Errorf("%d keys were left behind, %v", n, err)
	}
	must(t, run(t.Context()))
}

// The token of a message that ran out is forgotten, and no other.
func TestForgettingMailTokens(t *testing.T) {
	f := setup(t)
	f.clock.at.Store(time.Now().Add(-47 * time.Hour).UnixMicro())
	f.register("user@example.com")
	f.clock.advance(-2 * time.Hour)
	f.register("older@example.com")
	must(t, account.Forgetting{Rows: f.db}.Run(t.Context()))
	left, err := f.db.DeleteMailTokens(t.Context(), time.Now().Add(48*time.Hour))
	must(t, err)
	want(t, "left", left, 1)
}
