package account_test

import (
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// A user has so many sessions; of more, the one that was unused the longest ends.
func TestSessionsAreBounded(t *testing.T) {
	f := setup(t)
	few, _ := f.process(func(c *account.Config) { c.SessionsPerUser = 3 })
	f.register("user@example.com")
	f.register("other@example.com")
	others := f.login("other@example.com")
	var all []*account.Tokens
	open := func() {
		t.Helper()
		f.clock.advance(time.Second)
		tokens, err := few.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: password})
		must(t, err)
		all = append(all, tokens)
	}
	for range 3 {
		open()
	}
	f.clock.advance(time.Second)
	refreshed, err := few.Refresh(t.Context(), all[0].RefreshToken) // the oldest is in use
	must(t, err)
	_, err = few.Refresh(t.Context(), refreshed.RefreshToken)
	must(t, err)
	open()
	for i, code := range []asset.Code{"", asset.Unauthorized, "", ""} {
		_, err := f.bearer(all[i].AccessToken)
		held(t, "a session of four", err, code)
	}
	open()
	_, err = f.bearer(all[2].AccessToken)
	held(t, "the next", err, asset.Unauthorized)
	p, err := f.bearer(all[4].AccessToken)
	must(t, err)
	_, n, err := f.Sessions(t.Context(), p, db.Page{Number: 1, Size: 10})
	must(t, err)
	want(t, "live", n, 3)
	_, err = f.bearer(others.AccessToken)
	held(t, "another's", err, "")
}
