package account_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

var firstPage = db.Page{Number: 1, Size: 20}

func TestSessions(t *testing.T) {
	f := setup(t)
	u := f.register("user@example.com")
	open := func(address, agent string) (*account.Tokens, account.Principal) {
		f.clock.advance(time.Minute)
		tokens, err := f.Login(account.WithOrigin(t.Context(), account.Origin{Address: address, UserAgent: agent}),
			account.SignIn{Email: "user@example.com", Password: password})
		must(t, err)
		p, err := f.bearer(tokens.AccessToken)
		must(t, err)
		return tokens, p
	}
	_, first := open("192.0.2.1", "curl/8.5")
	tokens, second := open("2001:db8::1", strings.Repeat("é", 300)+"\x00\xff")
	theirs := f.session("other@example.com")
	f.clock.advance(time.Hour - time.Minute)
	_, err := f.Refresh(t.Context(), tokens.RefreshToken)
	must(t, err)

	all, total, err := f.Sessions(t.Context(), second, firstPage)
	must(t, err)
	want(t, "sessions", fmt.Sprint(total, len(all), all[0].ID == *second.SessionID, all[1].ID == *first.SessionID), "2 2 true true")
	want(t, "current", fmt.Sprint(all[0].Current, all[1].Current), "true false")
	want(t, "from", all[1].Address+" "+all[1].UserAgent, "192.0.2.1 curl/8.5")
	want(t, "a long user agent", all[0].UserAgent, strings.Repeat("é", 128))
	want(t, "last used", fmt.Sprint(all[0].LastUsedAt.UTC(), all[1].LastUsedAt.UTC()), fmt.Sprint(f.clock.now().UTC(), all[1].CreatedAt.UTC()))

	wantCode(t, "another's session", f.RevokeSession(t.Context(), theirs, *first.SessionID), asset.NotFound)
	must(t, f.RevokeSession(t.Context(), second, *first.SessionID))
	wantCode(t, "again", f.RevokeSession(t.Context(), second, *first.SessionID), asset.NotFound)
	other, _ := f.process(nil)
	_, total, err = other.Sessions(t.Context(), second, firstPage)
	must(t, err)
	want(t, "sessions left", total, 1)
	must(t, f.RevokeSessions(t.Context(), second))
	_, err = f.bearer(tokens.AccessToken)
	wantCode(t, "the one that asked", err, asset.Unauthorized)
	_, _, err = f.Sessions(t.Context(), theirs, firstPage)
	must(t, err)
	want(t, "audit log", fmt.Sprint(f.actions(u.ID)), "[user.registered user.logged_in user.logged_in session.revoked session.revoked]")

	program := second
	program.SessionID = nil
	_, _, err = f.Sessions(t.Context(), program, firstPage)
	wantCode(t, "listing by a program", err, asset.Forbidden)
	wantCode(t, "ending by a program", f.RevokeSession(t.Context(), program, *first.SessionID), asset.Forbidden)
	wantCode(t, "ending all by a program", f.RevokeSessions(t.Context(), program), asset.Forbidden)
}

// However often it is refreshed, a session ends 90 days after its login; one from
// before that was so ends as if it had been.
func TestSessionEnds(t *testing.T) {
	for name, before := range map[string]bool{"a session": false, "one from before": true} {
		t.Run(name, func(t *testing.T) {
			f := setup(t)
			f.register("user@example.com")
			tokens := f.login("user@example.com")
			if before {
				must(t, f.db.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.SQL().ExecContext(ctx, "UPDATE sessions SET ends_at = NULL")
					return err
				}))
			}
			var err error
			for range 4 {
				f.clock.advance(22 * 24 * time.Hour)
				tokens, err = f.Refresh(t.Context(), tokens.RefreshToken)
				must(t, err)
			}
			f.clock.advance(2*24*time.Hour - time.Second)
			tokens, err = f.Refresh(t.Context(), tokens.RefreshToken)
			must(t, err)
			f.clock.advance(time.Second)
			_, err = f.bearer(tokens.AccessToken)
			if err == nil {
				t.Error("the access token outlives its session")
			}
			_, err = f.Refresh(t.Context(), tokens.RefreshToken)
			wantCode(t, "after 90 days", err, asset.TokenExpired)
		})
	}
}

// Used by many at once, a refresh token gives one successor: the first that is
// used. The others, and the token itself, are dead then, and end the session.
func TestRefreshAtOnce(t *testing.T) {
	f := setup(t)
	u := f.register("user@example.com")
	first := f.login("user@example.com")
	other, _ := f.process(nil)
	const many = 100
	successors := make([]*account.Tokens, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			s := f.Service
			if i%2 == 1 {
				s = other
			}
			var err error
			if successors[i], err = s.Refresh(t.Context(), first.RefreshToken); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	var rows int
	must(t, f.db.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.SQL().QueryRowContext(ctx, "SELECT count(*) FROM sessions").Scan(&rows)
	}))
	want(t, "families", rows, 1)
	for _, s := range successors {
		want(t, "the successor", s.RefreshToken, successors[0].RefreshToken)
	}

	// It goes on, again and again, and the answer may be lost; the first token was
	// used once more, later, by who knows whom.
	f.clock.advance(time.Minute)
	late, err := other.Refresh(t.Context(), first.RefreshToken)
	must(t, err)
	chosen := successors[many/3]
	for range 3 {
		_, err := other.Refresh(t.Context(), chosen.RefreshToken) // lost
		must(t, err)
		chosen, err = f.Refresh(t.Context(), chosen.RefreshToken)
		must(t, err)
	}
	_, err = f.bearer(chosen.AccessToken)
	must(t, err)

	// Its sibling ends it for everybody.
	_, err = f.Refresh(t.Context(), late.RefreshToken)
	wantCode(t, "a sibling", err, asset.Unauthorized)
	_, err = f.Refresh(t.Context(), chosen.RefreshToken)
	wantCode(t, "the one that went on", err, asset.Unauthorized)
	_, err = other.Authenticate(t.Context(), account.Credentials{Bearer: chosen.AccessToken})
	wantCode(t, "its access token", err, asset.Unauthorized)
	want(t, "audit log", fmt.Sprint(f.actions(u.ID)), "[user.registered user.logged_in session.token_reused]")
}

// Of the successors used at once one goes on at most; the others end the session.
func TestSiblingsAtOnce(t *testing.T) {
	f := setup(t)
	f.register("user@example.com")
	first := f.login("user@example.com")
	var siblings []string
	for range 10 {
		f.clock.advance(time.Minute)
		tokens, err := f.Refresh(t.Context(), first.RefreshToken)
		must(t, err)
		siblings = append(siblings, tokens.RefreshToken)
	}
	n := atOnce(t, len(siblings), asset.Unauthorized, func(i int) error {
		_, err := f.Refresh(t.Context(), siblings[i])
		return err
	})
	want(t, "siblings that were taken", n, 1)
	_, err := f.bearer(first.AccessToken)
	wantCode(t, "the session", err, asset.Unauthorized)
}
