package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

var firstPage = db.Page{Number: 1, Size: 100}

func TestUsersAndOrganizations(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		err := d.InsertUser(t.Context(), &db.User{ID: asset.NewID(), Email: "ACME@example.com"})
		wantCode(t, "the same address in another case", err, asset.Conflict)
		u, err := d.UserByEmail(t.Context(), "Acme@Example.COM")
		must(t, err)
		want(t, "user", u.ID, user)
		u, err = d.UserByEmail(t.Context(), "nobody@example.com\x00")
		must(t, err)
		if u != nil {
			t.Error("a user of no address")
		}
		// A conflict in a transaction leaves the transaction usable.
		must(t, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			o := &db.Organization{ID: asset.NewID(), Name: "x", Slug: "acme", OwnerID: user, Plan: "pro"}
			wantCode(t, "slug in use", tx.InsertOrganization(ctx, o), asset.Conflict)
			o.Slug = "second"
			return tx.InsertOrganization(ctx, o)
		}))
		plans, err := d.OwnedPlans(t.Context(), user)
		must(t, err)
		want(t, "plans", len(plans), 2)
		all, total, err := d.OrganizationsOf(t.Context(), user, db.Page{Number: 2, Size: 1})
		must(t, err)
		want(t, "total", total, 2)
		want(t, "second page", all[0].Slug, "second")
		personal, err := d.PersonalOrganization(t.Context(), user)
		must(t, err)
		want(t, "personal", personal.ID, org)
		role, err := d.RoleOf(t.Context(), org, asset.NewID())
		must(t, err)
		want(t, "a stranger's role", role, "")
		newAsset(t, d, org, "x")
		members, assets, err := d.OrganizationCounts(t.Context(), org)
		must(t, err)
		want(t, "counts", fmt.Sprint(members, assets), "1 1")
	})
}

func TestSessionRole(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		now := time.Date(2024, 1, 1, 0, 0, 0, 123456789, time.UTC)
		c.Now = func() time.Time { return now }
		d := open(t, c)
		user, org := organization(t, d, "acme")
		other, otherOrg := organization(t, d, "other")
		s := &db.Session{ID: asset.NewID(), UserID: user, CurrentHash: "h", ExpiresAt: now.Add(time.Hour)}
		must(t, d.InsertSession(t.Context(), s))
		check := func(what string, user, org asset.ID, live bool, role string) {
			t.Helper()
			gotLive, there, err := d.SessionRole(t.Context(), s.ID, user, org)
			must(t, err)
			want(t, what, fmt.Sprint(gotLive, there.Role), fmt.Sprint(live, role))
		}
		check("live", user, org, true, "owner")
		check("elsewhere", user, otherOrg, true, "")
		check("another's session", other, otherOrg, false, "")
		now = now.Add(time.Hour)
		check("over", user, org, false, "")
		now = now.Add(-time.Minute)
		must(t, d.RevokeSession(t.Context(), s.ID))
		check("revoked", user, org, false, "")
		n, err := d.DeleteSessions(t.Context(), now.Add(2*time.Hour))
		must(t, err)
		want(t, "forgotten", n, 1)
		token, _, err := d.RefreshTokenByHash(t.Context(), "h")
		must(t, err)
		if token != nil {
			t.Error("the token outlived its session")
		}
	})
}

func TestCommitments(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		a, b := newAsset(t, d, org, "a"), newAsset(t, d, org, "b")
		first := &asset.Commitment{ID: asset.NewID(), AssetID: a.ID, OrgID: org, Statement: []byte{0, 255, '\''}, Hash: "h1", Signature: "s", KeyID: "k", Wanted: true}
		must(t, d.InsertCommitment(t.Context(), first))
		again := &asset.Commitment{ID: asset.NewID(), AssetID: a.ID, OrgID: org, Statement: []byte("other"), Hash: "h2"}
		must(t, d.InsertCommitment(t.Context(), again))
		want(t, "answer to a second statement", fmt.Sprintf("%+v", again), fmt.Sprintf("%+v", first))
		unwanted := &asset.Commitment{ID: asset.NewID(), AssetID: b.ID, OrgID: org, Statement: []byte("b"), Hash: "h3"}
		must(t, d.InsertCommitment(t.Context(), unwanted))

		pending := func() (hashes string) {
			all, err := d.CommitmentsPending(t.Context(), 10)
			must(t, err)
			for _, c := range all {
				hashes += c.Hash + " "
			}
			return hashes
		}
		want(t, "pending", pending(), "h1 ")
		must(t, d.WantCommitment(t.Context(), unwanted.ID, []byte(`{"a": 1}`)))
		must(t, d.WantCommitment(t.Context(), unwanted.ID, nil))
		want(t, "pending when asked for", pending(), "h1 h3 ")
		md, err := d.CommitmentMetadata(t.Context(), unwanted.ID)
		must(t, err)
		want(t, "metadata", string(md), `{"a": 1}`)

		_, err = d.LastCommitment(t.Context())
		wantCode(t, "the last of none", err, asset.NotFound)
		leaf, at := int64(0), time.Date(2024, 1, 15, 10, 30, 5, 0, time.UTC)
		first.LeafIndex, first.TxHash, first.Status, first.OnChainAt = &leaf, "tx", asset.CommitFinalized, &at
		must(t, d.UpdateCommitment(t.Context(), first))
		want(t, "pending when one is in", pending(), "h3 ")
		for what, find := range map[string]func() (*asset.Commitment, error){
			"id":    func() (*asset.Commitment, error) { return d.CommitmentByID(t.Context(), first.ID) },
			"asset": func() (*asset.Commitment, error) { return d.CommitmentByAsset(t.Context(), a.ID) },
			"hash":  func() (*asset.Commitment, error) { return d.CommitmentByHash(t.Context(), "h1") },
			"order": func() (*asset.Commitment, error) { return d.LastCommitment(t.Context()) },
		} {
			got, err := find()
			must(t, err)
			want(t, "leaf by "+what, *got.LeafIndex, 0)
			want(t, "time by "+what, *got.OnChainAt, at)
			want(t, "statement by "+what, string(got.Statement), "\x00\xff'")
		}
		_, err = d.CommitmentByHash(t.Context(), "h2")
		wantCode(t, "the second statement", err, asset.NotFound)
	})
}

func TestHistory(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		day := func(n int) time.Time { return time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC) }
		add := func(org *asset.ID, v asset.Verdict, at time.Time) {
			must(t, d.InsertVerification(t.Context(), &db.Verification{ID: asset.NewID(), OrganizationID: org, Verdict: v, Confidence: .5, VerifiedAt: at}))
		}
		for n, v := range []asset.Verdict{asset.Authentic, asset.Forged, asset.Unknown, asset.Authentic} {
			add(&org, v, day(n+1))
		}
		add(&other, asset.Authentic, day(2))
		add(nil, asset.Authentic, day(2))
		start, end := day(2), day(3)
		for _, s := range []struct {
			name   string
			filter db.HistoryFilter
			days   string
		}{
			{"all", db.HistoryFilter{}, "4 3 2 1 "},
			{"authentic", db.HistoryFilter{Verdict: asset.Authentic}, "4 1 "},
			{"from", db.HistoryFilter{Start: &start}, "4 3 2 "},
			{"to", db.HistoryFilter{End: &end}, "3 2 1 "},
			{"between", db.HistoryFilter{Start: &start, End: &end, Verdict: asset.Forged}, "2 "},
		} {
			s.filter.OrganizationID, s.filter.Page = org, firstPage
			all, total, err := d.VerificationHistory(t.Context(), s.filter)
			must(t, err)
			days := ""
			for _, v := range all {
				days += fmt.Sprint(v.VerifiedAt.UTC().Day(), " ")
			}
			want(t, s.name, days, s.days)
			want(t, s.name+": total", total, len(all))
		}
		_, _, err := d.VerificationHistory(t.Context(), db.HistoryFilter{OrganizationID: org, Page: firstPage, Verdict: "maybe"})
		wantCode(t, "unknown verdict", err, asset.ValidationError)
	})
}

func TestIdempotency(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		c.Now = func() time.Time { return now }
		d := open(t, c)
		claim := func(key, hash string) (*db.IdempotencyClaim, *db.IdempotentAnswer, error) {
			return d.ClaimIdempotency(t.Context(), "user", "POST /x", key, hash)
		}
		first, answer, err := claim("k", "h")
		must(t, err)
		if first == nil || answer != nil {
			t.Fatal("a new key was not claimed")
		}
		_, _, err = claim("k", "h")
		wantCode(t, "while it is under way", err, asset.Conflict)
		must(t, d.CompleteIdempotency(t.Context(), first, db.IdempotentAnswer{Status: 201, Headers: db.JSON(`{"a":"b"}`), Body: []byte("\x00body")}))
		_, answer, err = claim("k", "h")
		must(t, err)
		want(t, "replayed", fmt.Sprintf("%d %s %s", answer.Status, answer.Headers, answer.Body), `201 {"a":"b"} `+"\x00body")
		_, _, err = claim("k", "other")
		wantCode(t, "another request", err, asset.Conflict)
		if c, _, err := d.ClaimIdempotency(t.Context(), "another", "POST /x", "k", "other"); c == nil || err != nil {
			t.Errorf("another principal's key: %v", err)
		}

		given, _, err := claim("given back", "h")
		must(t, err)
		must(t, d.ReleaseIdempotency(t.Context(), given))
		if again, _, err := claim("given back", "other"); again == nil || err != nil {
			t.Errorf("after it was given back: %v", err)
		}

		dead, _, err := claim("dead", "h")
		must(t, err)
		now = now.Add(6 * time.Minute)
		if again, _, err := claim("dead", "h"); again == nil || err != nil {
			t.Errorf("after its claimer died: %v", err)
		}
		// The one thought dead comes back: it must not answer for its successor.
		must(t, d.CompleteIdempotency(t.Context(), dead, db.IdempotentAnswer{Status: 200}))
		_, _, err = claim("dead", "h")
		wantCode(t, "after the dead one's answer", err, asset.Conflict)

		now = now.Add(24 * time.Hour)
		if again, _, err := claim("k", "other"); again == nil || err != nil {
			t.Errorf("a day later: %v", err)
		}
		n, err := d.ExpireIdempotency(t.Context())
		must(t, err)
		want(t, "forgotten", n, 2)
	})
}

// TestSerialPositions removes and adds at random and holds the positions to
// 1, 2, 3 … without a gap.
func TestSerialPositions(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		live := map[string]bool{}
		add := func(i int) {
			name := fmt.Sprint(i)
			must(t, d.InsertSerial(t.Context(), &db.Serial{OrganizationID: org, SerialNumber: name, DateOfSealing: "2024-01-01 00:00:00"}))
			live[name] = true
		}
		must(t, d.InsertSerial(t.Context(), &db.Serial{OrganizationID: other, SerialNumber: "0", DateOfSealing: "2024-01-01 00:00:00"}))
		for i := range 12 {
			add(i)
		}
		for _, i := range []int{11, 0, 5, 5, 7, 1} { // the last, the first, inner ones, one twice
			must(t, d.DeleteSerial(t.Context(), org, fmt.Sprint(i)))
			delete(live, fmt.Sprint(i))
		}
		add(20)
		err := d.InsertSerial(t.Context(), &db.Serial{OrganizationID: org, SerialNumber: "20", DateOfSealing: "2024-01-01 00:00:00"})
		wantCode(t, "a serial twice", err, asset.Conflict)
		positions := map[int64]bool{}
		must(t, d.EachSerial(t.Context(), func(s *db.Serial) error {
			if s.OrganizationID == org {
				positions[s.Position] = live[s.SerialNumber]
			}
			return nil
		}))
		want(t, "rows", len(positions), len(live))
		for i := range len(live) {
			if !positions[int64(i+1)] {
				t.Errorf("no live item at position %d: %v", i+1, positions)
			}
		}
		for range 20 {
			s, err := d.RandomSerial(t.Context(), org)
			must(t, err)
			if !live[s.SerialNumber] {
				t.Errorf("drew %s", s.SerialNumber)
			}
		}
		s, err := d.RandomSerial(t.Context(), asset.NewID())
		must(t, err)
		if s != nil {
			t.Error("drew an item of an organization that has none")
		}
	})
}

func TestEachAsset(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		const n = 300 // more than one reading
		must(t, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for i := range n {
				a := &asset.Asset{ID: asset.NewID(), OrganizationID: org, ContentHash: fmt.Sprint(i)}
				if err := tx.InsertAsset(ctx, a, mint); err != nil {
					return err
				}
			}
			return nil
		}))
		var last int64
		must(t, d.EachAsset(t.Context(), func(a *asset.Asset) error {
			want(t, "number", a.Number, last+1)
			last = a.Number
			return nil
		}))
		want(t, "assets", last, n)
		enough := errors.New("enough")
		want(t, "error", d.EachAsset(t.Context(), func(*asset.Asset) error { return enough }), enough)
	})
}
