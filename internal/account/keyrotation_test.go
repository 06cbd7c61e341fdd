package account_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func TestRotateKey(t *testing.T) {
	f := setup(t)
	p, stranger := f.session("user@example.com"), f.session("other@example.com")
	old, oldSecret, err := f.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "till", Scopes: []string{"read", "verify"}, ExpiresInDays: days(90)})
	must(t, err)
	_, _, err = f.RotateAPIKey(t.Context(), stranger, old.ID, time.Hour)
	wantCode(t, "by a stranger", err, asset.NotFound)
	for _, overlap := range []time.Duration{-time.Hour, account.MaxKeyOverlap + 1} {
		_, _, err = f.RotateAPIKey(t.Context(), p, old.ID, overlap)
		wantCode(t, overlap.String(), err, asset.ValidationError)
	}
	k, secret, err := f.RotateAPIKey(t.Context(), p, old.ID, 24*time.Hour)
	must(t, err)
	want(t, "name", k.Name, "till")
	want(t, "scopes", fmt.Sprint(k.Scopes), "[read verify]")
	want(t, "end", k.ExpiresAt.UTC(), old.ExpiresAt.UTC())
	want(t, "of", *k.RotatedFrom, old.ID)
	keys, _, err := f.APIKeys(t.Context(), p, all)
	must(t, err)
	want(t, "the old one's successor", *keys[1].ReplacedBy, k.ID)
	want(t, "the old one's end", keys[1].ExpiresAt.UTC(), f.clock.now().UTC().Add(24*time.Hour))
	_, _, err = f.RotateAPIKey(t.Context(), p, old.ID, time.Hour)
	wantCode(t, "a second time", err, asset.Conflict)

	// Both work during the overlap, then the new one alone.
	f.clock.advance(24*time.Hour - time.Second)
	for _, s := range []string{oldSecret, secret} {
		_, err = f.ValidateAPIKey(t.Context(), s)
		must(t, err)
	}
	f.clock.advance(time.Second)
	_, err = f.ValidateAPIKey(t.Context(), oldSecret)
	wantCode(t, "after the overlap", err, asset.InvalidAPIKey)
	_, err = f.ValidateAPIKey(t.Context(), secret)
	must(t, err)

	// No overlap ends the old one at once; an overlap lengthens no life.
	next, nextSecret, err := f.RotateAPIKey(t.Context(), p, k.ID, 0)
	must(t, err)
	_, err = f.ValidateAPIKey(t.Context(), secret)
	wantCode(t, "without overlap", err, asset.InvalidAPIKey)
	f.clock.advance(89*24*time.Hour - time.Hour)
	p, err = f.bearer(f.login("user@example.com").AccessToken) // the session is over
	must(t, err)
	_, lastSecret, err := f.RotateAPIKey(t.Context(), p, next.ID, account.MaxKeyOverlap)
	must(t, err)
	f.clock.advance(time.Hour)
	for _, s := range []string{nextSecret, lastSecret} {
		_, err = f.ValidateAPIKey(t.Context(), s)
		wantCode(t, "beyond its own end", err, asset.InvalidAPIKey)
	}
}

func TestRotateKeyRules(t *testing.T) {
	f := setup(t)
	owner := f.session("owner@example.com")
	wide, _, err := f.CreateAPIKey(t.Context(), owner, account.NewAPIKey{Name: "wide", Scopes: []string{"read", "write"}})
	must(t, err)
	id := asset.NewID()
	as := func(client string, key *asset.ID, scopes ...string) account.Principal {
		return account.Principal{UserID: owner.UserID, OrganizationID: owner.OrganizationID, Role: "owner", Scopes: scopes, KeyID: key, ClientID: client}
	}
	// A key with admin alone would hold write by rotating one that has it.
	for name, p := range map[string]account.Principal{
		"a key without admin":            as("", &id, "read", "write"),
		"a key with admin, short of one": as("", &id, "read", "admin"),
		"a program without admin":        as("client", nil, "read", "write"),
	} {
		_, _, err := f.RotateAPIKey(t.Context(), p, wide.ID, time.Hour)
		wantCode(t, name, err, asset.InsufficientScope)
	}
	_, _, err = f.CreateAPIKey(t.Context(), as("client", nil, "read"), account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	wantCode(t, "a program that makes a key without admin", err, asset.InsufficientScope)

	platform, _, err := f.CreatePlatformKey(t.Context(), "root", nil)
	must(t, err)
	o, err := f.db.OrganizationByID(t.Context(), platform.OrganizationID)
	must(t, err)
	itself := account.Principal{UserID: o.OwnerID, OrganizationID: o.ID, Role: "owner", Scopes: []string{"admin"}}
	_, _, err = f.RotateAPIKey(t.Context(), itself, platform.ID, time.Hour)
	wantCode(t, "a platform key, by its owner", err, asset.Forbidden)
	k, _, err := f.RotateOperatorKey(t.Context(), o, platform.ID, time.Hour)
	must(t, err)
	want(t, "by the command line", fmt.Sprint(k.Scopes), "[platform]")

	must(t, f.RevokeAPIKey(t.Context(), owner, wide.ID))
	_, _, err = f.RotateAPIKey(t.Context(), owner, wide.ID, time.Hour)
	wantCode(t, "a revoked key", err, asset.Conflict)
}

// Of many who rotate a key at the same time one gets a successor, in any process.
func TestRotateKeyAtOnce(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	other, _ := f.process(nil)
	old, _, err := f.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	must(t, err)
	var done atomic.Int64
	var running sync.WaitGroup
	for i := range 12 {
		s := []*account.Service{f.Service, other}[i%2]
		running.Go(func() {
			_, _, err := s.RotateAPIKey(t.Context(), p, old.ID, time.Hour)
			if err == nil {
				done.Add(1)
			} else if !asset.Is(err, asset.Conflict) {
				t.Error(err)
			}
		})
	}
	running.Wait()
	want(t, "successors", done.Load(), 1)
	_, total, err := f.APIKeys(t.Context(), p, all)
	must(t, err)
	want(t, "keys", total, 2)
}

// The life of a key is in the audit log, its secret is not.
func TestKeyAudit(t *testing.T) {
	f := setup(t)
	p := f.session("user@example.com")
	old, _, err := f.CreateAPIKey(t.Context(), p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	must(t, err)
	k, _, err := f.RotateAPIKey(t.Context(), p, old.ID, time.Hour)
	must(t, err)
	must(t, f.RevokeAPIKey(t.Context(), p, k.ID))
	must(t, f.RevokeAPIKey(t.Context(), p, k.ID)) // changes nothing and says nothing
	events, _, err := f.db.AuditEvents(t.Context(), db.AuditFilter{OrganizationID: &p.OrganizationID, Page: all})
	must(t, err)
	var told []string
	for _, e := range events {
		if e.Target == old.ID.String() || e.Target == k.ID.String() {
			told = append(told, e.Action)
		}
	}
	want(t, "told", fmt.Sprint(told), "[api_key.revoked api_key.rotated api_key.created]")
}
