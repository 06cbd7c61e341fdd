package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func TestMemberRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		owner, org := organization(t, d, "acme")
		guest, theirs := organization(t, d, "guest")
		must(t, d.PutMembership(t.Context(), org, guest, "owner"))
		all, total, err := d.Members(t.Context(), org, firstPage)
		must(t, err)
		want(t, "members", words(total, all[0].Email, all[1].UserID == guest, all[1].Role), "2 acme@example.com true owner")
		owners, err := d.Owners(t.Context(), org)
		must(t, err)
		want(t, "owners", words(len(owners), owners[0] == owner), "2 true")
		n, err := d.CountOwned(t.Context(), guest)
		must(t, err)
		want(t, "owned", n, 2)
		must(t, d.PutMembership(t.Context(), org, guest, "viewer"))
		m, err := d.MemberByID(t.Context(), org, guest)
		must(t, err)
		want(t, "role", m.Role, "viewer")
		_, err = d.MemberByID(t.Context(), theirs, owner)
		wantCode(t, "no member", err, asset.NotFound)

		for i, of := range []asset.ID{guest, guest, owner} {
			must(t, d.InsertAPIKey(t.Context(), &db.APIKey{ID: asset.NewID(), OrganizationID: org, UserID: of, Hash: words("h", i)}))
		}
		n, err = d.RevokeKeysOf(t.Context(), org, guest)
		must(t, err)
		want(t, "keys ended", n, 2)
		client := &db.OAuthClient{ID: asset.NewID(), OrganizationID: org, Kind: "public"}
		must(t, d.InsertOAuthClient(t.Context(), client))
		must(t, d.InsertOAuthGrant(t.Context(), &db.OAuthGrant{ID: asset.NewID(), ClientID: client.ID, UserID: guest, OrganizationID: org, CodeHash: "c"}))
		n, err = d.RevokeGrantsOf(t.Context(), org, guest)
		must(t, err)
		want(t, "grants ended", n, 1)
	})
}

func TestOrganizationChanges(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		must(t, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			o, err := tx.LockOrganization(ctx, org)
			if err != nil {
				return err
			}
			o.Name, o.Slug, o.Plan, o.DeletedAt, o.EraseAt = "Acme it's\x00", "acme-2", "pro", &now, &now
			return tx.UpdateOrganization(ctx, o)
		}))
		o, err := d.OrganizationByID(t.Context(), org)
		must(t, err)
		want(t, "changed", words(o.Name, o.Slug, o.Plan, o.EraseAt.Equal(now), o.Personal), "Acme it's acme-2 pro true true")
		plans, err := d.OwnedPlans(t.Context(), user)
		must(t, err)
		want(t, "plans of deleted ones", len(plans), 0)
		o.Slug = "other"
		wantCode(t, "slug in use", d.UpdateOrganization(t.Context(), o), asset.Conflict)
		_, err = d.OrganizationInUse(t.Context(), asset.NewID())
		wantCode(t, "none in use", err, asset.NotFound)
		_, err = d.LockOrganization(t.Context(), asset.NewID())
		wantCode(t, "none", err, asset.NotFound)

		due, err := d.OrganizationsToErase(t.Context(), now, 10)
		must(t, err)
		want(t, "due", words(len(due), due[0] == org), "1 true")
		due, err = d.OrganizationsToErase(t.Context(), now.Add(-time.Microsecond), 10)
		must(t, err)
		want(t, "due before", len(due), 0)
		done, err := d.EraseOrganization(t.Context(), other, "x", "x")
		must(t, err)
		want(t, "erasing what was not deleted", done, false)
	})
}

func TestErasureRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		kept, keptOrg := organization(t, d, "kept")
		for _, of := range []asset.ID{org, keptOrg} {
			newAsset(t, d, of, "a "+of.String())
			must(t, d.InsertVerification(t.Context(), &db.Verification{ID: asset.NewID(), OrganizationID: &of, Verdict: "unknown", Result: db.JSON("{}")}))
			for _, s := range []string{"S1", "S2"} {
				must(t, d.InsertSerial(t.Context(), &db.Serial{OrganizationID: of, SerialNumber: s, ImageKey: "k/" + s, DateOfSealing: "2024-01-01 00:00:00"}))
			}
			must(t, d.InsertOrgKey(t.Context(), &db.OrgKey{ID: of.String(), OrganizationID: of, PublicKey: []byte("public"), SealedPrivate: []byte("private")}))
			w := &db.Webhook{ID: asset.NewID(), OrganizationID: of, URL: "http://localhost", Active: true}
			must(t, d.InsertWebhook(t.Context(), w))
			must(t, d.InsertDelivery(t.Context(), &db.WebhookDelivery{ID: asset.NewID(), WebhookID: w.ID, Event: "e", Body: []byte("{}"), Status: db.DeliveryPending}))
		}
		must(t, d.InsertAPIKey(t.Context(), &db.APIKey{ID: asset.NewID(), OrganizationID: org, UserID: user, Hash: "h"}))
		must(t, d.InsertAPIKey(t.Context(), &db.APIKey{ID: asset.NewID(), OrganizationID: keptOrg, UserID: kept, Hash: "k"}))
		n, err := d.FailDeliveriesOf(t.Context(), org, "over")
		must(t, err)
		want(t, "deliveries given up", n, 1)

		ids, err := d.AssetsLeft(t.Context(), org, 10)
		must(t, err)
		want(t, "assets left", len(ids), 1)
		_, err = d.DeleteAsset(t.Context(), org, ids[0])
		must(t, err)
		ids, err = d.AssetsLeft(t.Context(), org, 10)
		must(t, err)
		want(t, "assets left then", len(ids), 0)
		serials, err := d.SerialsLeft(t.Context(), org, 1)
		must(t, err)
		want(t, "first item", words(len(serials), serials[0].ImageKey), "1 k/S1")
		n, err = d.EraseSerials(t.Context(), org, serials[0].Position)
		must(t, err)
		want(t, "items erased", n, 1)
		n, err = d.EraseSerials(t.Context(), org, 2)
		must(t, err)
		want(t, "items erased then", n, 1)
		n, err = d.EraseVerifications(t.Context(), org, 10)
		must(t, err)
		want(t, "verifications erased", n, 1)

		o, err := d.OrganizationByID(t.Context(), org)
		must(t, err)
		now := time.Now()
		o.DeletedAt, o.EraseAt = &now, &now
		must(t, d.UpdateOrganization(t.Context(), o))
		hooks, err := d.ActiveWebhooks(t.Context(), org)
		must(t, err)
		want(t, "webhooks of a deleted organization", len(hooks), 0)
		for _, first := range []bool{true, false} {
			done, err := d.EraseOrganization(t.Context(), org, "Erased", "erased-1")
			must(t, err)
			want(t, "done", done, first)
		}
		k, _, err := d.APIKeyByHash(t.Context(), "h")
		must(t, err)
		want(t, "key", k == nil, true)
		key, err := d.OrgKeyByID(t.Context(), org.String())
		must(t, err)
		want(t, "signing key", words(string(key.PublicKey), len(key.SealedPrivate), key.RetiredAt != nil), "public 0 true")
		o, err = d.OrganizationByID(t.Context(), org)
		must(t, err)
		want(t, "tombstone", words(o.Name, o.Slug, o.ErasedAt != nil), "Erased erased-1 true")
		all, err := d.Organizations(t.Context())
		must(t, err)
		want(t, "organizations", len(all), 1)

		// The other organization lost nothing.
		members, assets, err := d.OrganizationCounts(t.Context(), keptOrg)
		must(t, err)
		serialsKept, err := d.Serials(t.Context(), keptOrg)
		must(t, err)
		hooks, err = d.ActiveWebhooks(t.Context(), keptOrg)
		must(t, err)
		k, _, err = d.APIKeyByHash(t.Context(), "k")
		must(t, err)
		_, history, err := d.VerificationHistory(t.Context(), db.HistoryFilter{OrganizationID: keptOrg, Page: firstPage})
		must(t, err)
		key, err = d.OrgKeyByID(t.Context(), keptOrg.String())
		must(t, err)
		want(t, "kept", words(members, assets, serialsKept, len(hooks), k != nil, history, string(key.SealedPrivate)), "1 1 2 1 true 1 private")
	})
}

func TestInvitationRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		c.Now = func() time.Time { return now }
		d := open(t, c)
		user, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		invite := func(email, hash string) *db.Invitation {
			i := &db.Invitation{ID: asset.NewID(), OrganizationID: org, Email: email, Role: "viewer", Hash: hash, InvitedBy: user, ExpiresAt: now.Add(time.Hour)}
			must(t, d.InsertInvitation(t.Context(), i))
			return i
		}
		pending := func() int {
			_, total, err := d.Invitations(t.Context(), org, firstPage)
			must(t, err)
			return total
		}
		invite("Jane@example.com", "h1")
		second := invite("jane@EXAMPLE.com", "h2") // in place of the first
		third := invite("joe@example.com", "h3")
		want(t, "pending", pending(), 2)
		first, err := d.InvitationByHash(t.Context(), "h1")
		must(t, err)
		want(t, "replaced", first.Pending(now), false)
		n, err := d.CountInvitations(t.Context(), org, now.Add(-time.Hour))
		must(t, err)
		want(t, "made", n, 3)
		_, err = d.RevokeInvitation(t.Context(), other, second.ID)
		wantCode(t, "another organization's", err, asset.NotFound)
		gone, err := d.RevokeInvitation(t.Context(), org, second.ID)
		must(t, err)
		want(t, "taken back", gone.Email, second.Email)
		_, err = d.RevokeInvitation(t.Context(), org, second.ID)
		wantCode(t, "taken back again", err, asset.NotFound)
		must(t, d.AcceptInvitation(t.Context(), third.ID))
		want(t, "pending at last", pending(), 0)
		none, err := d.InvitationByHash(t.Context(), "h4")
		must(t, err)
		want(t, "no such token", none == nil, true)

		invite("ann@example.com", "h5")
		now = now.Add(time.Hour)
		want(t, "expired", pending(), 0)
		invite("ann@example.com", "h6")
		n, err = d.RevokeInvitationsBy(t.Context(), org, user)
		must(t, err)
		want(t, "taken back with their maker", n, 1)
	})
}

func TestPlatformRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme_1")
		_, other := organization(t, d, "acmeX1")
		newAsset(t, d, org, "a")
		for what, total := range map[string]int{"": 2, "ACME_1": 1, "%": 0, "example": 2, `\`: 0} {
			_, n, err := d.Users(t.Context(), what, firstPage)
			must(t, err)
			want(t, "users with "+what, n, total)
		}
		_, n, err := d.AllOrganizations(t.Context(), "e_1", firstPage)
		must(t, err)
		want(t, "organizations", n, 1)
		members, assets, err := d.OrganizationSizes(t.Context(), []asset.ID{org, other})
		must(t, err)
		want(t, "sizes", words(members[org], members[other], assets[org], assets[other]), "1 1 1 0")
		_, assets, err = d.OrganizationSizes(t.Context(), nil)
		must(t, err)
		want(t, "sizes of none", len(assets), 0)

		s := &db.Session{ID: asset.NewID(), UserID: user, CurrentHash: "h", ExpiresAt: time.Now().Add(time.Hour)}
		must(t, d.InsertSession(t.Context(), s))
		k := &db.APIKey{ID: asset.NewID(), OrganizationID: org, UserID: user, Hash: "k"}
		must(t, d.InsertAPIKey(t.Context(), k))
		check := func(what, expected string) {
			t.Helper()
			live, _, err := d.SessionRole(t.Context(), s.ID, user, org)
			must(t, err)
			_, there, err := d.APIKeyByHash(t.Context(), "k")
			must(t, err)
			want(t, what, words(live, there.Role, there.Suspended, there.Deleted), expected)
		}
		check("at first", "true owner false false")
		now := time.Now()
		must(t, d.SuspendUser(t.Context(), user, &now))
		check("a suspended user", "false  false false")
		must(t, d.SuspendUser(t.Context(), user, nil))
		check("a restored user", "true owner false false")
		o, err := d.OrganizationByID(t.Context(), org)
		must(t, err)
		o.SuspendedAt, o.DeletedAt = &now, &now
		must(t, d.UpdateOrganization(t.Context(), o))
		check("an organization shut out", "true owner true true")

		_, n, err = d.AllAPIKeys(t.Context(), firstPage)
		must(t, err)
		want(t, "keys", n, 1)
		found, err := d.AnyAPIKey(t.Context(), k.ID)
		must(t, err)
		want(t, "key", found.OrganizationID, org)
		_, err = d.AnyAPIKey(t.Context(), org)
		wantCode(t, "no key", err, asset.NotFound)
	})
}
