package db_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func newWebhook(t *testing.T, d *db.DB, org asset.ID, url string) *db.Webhook {
	t.Helper()
	w := &db.Webhook{ID: asset.NewID(), OrganizationID: org, URL: url, Description: "x\x00", Events: db.Strings{"asset.processed"}, Active: true}
	must(t, d.InsertWebhook(t.Context(), w))
	return w
}

func TestWebhookRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		first, second := newWebhook(t, d, org, "http://one"), newWebhook(t, d, org, "http://two")
		n, err := d.CountWebhooks(t.Context(), org)
		must(t, err)
		want(t, "count", n, 2)
		_, err = d.OrgWebhook(t.Context(), other, first.ID)
		wantCode(t, "another organization's", err, asset.NotFound)
		got, err := d.OrgWebhook(t.Context(), org, first.ID)
		must(t, err)
		want(t, "found", words(got.URL, got.Description, got.Events, got.Active), "http://one x [asset.processed] true")

		got.URL, got.Events = "http://three", nil
		must(t, d.UpdateWebhook(t.Context(), got))
		disabled, err := d.DisableWebhook(t.Context(), first.ID, "http://one", "gone")
		must(t, err)
		want(t, "disabled for an address it left", disabled, false)
		disabled, err = d.DisableWebhook(t.Context(), first.ID, "http://three", "gone")
		must(t, err)
		want(t, "disabled", disabled, true)
		got, err = d.WebhookByID(t.Context(), first.ID)
		must(t, err)
		want(t, "disabled", words(got.Active, got.DisabledReason, got.DisabledAt != nil, len(got.Events)), "false gone true 0")
		active, err := d.ActiveWebhooks(t.Context(), org)
		must(t, err)
		want(t, "active", words(len(active), active[0].ID), words(1, second.ID))
		all, total, err := d.ListWebhooks(t.Context(), org, db.Page{Number: 1, Size: 1})
		must(t, err)
		want(t, "newest first", words(total, all[0].ID), words(2, second.ID))

		wantCode(t, "delete another's", d.DeleteWebhook(t.Context(), other, first.ID), asset.NotFound)
		must(t, d.DeleteWebhook(t.Context(), org, first.ID))
		wantCode(t, "update what is gone", d.UpdateWebhook(t.Context(), first), asset.NotFound)
	})
}

func TestWebhookSecretRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		c.Now = func() time.Time { return now }
		d := open(t, c)
		_, org := organization(t, d, "acme")
		w := newWebhook(t, d, org, "http://one")
		secret := func(name string) *db.WebhookSecret {
			now = now.Add(time.Second)
			return &db.WebhookSecret{ID: asset.NewID(), WebhookID: w.ID, Sealed: []byte(name)}
		}
		must(t, d.InsertWebhookSecret(t.Context(), secret("1")))
		live := func(what, names string) {
			t.Helper()
			all, err := d.WebhookSecrets(t.Context(), w.ID)
			must(t, err)
			got := ""
			for _, s := range all {
				got += string(s.Sealed)
			}
			want(t, what, got, names)
		}
		for _, name := range []string{"2", "3"} {
			s := secret(name)
			must(t, d.RotateWebhookSecret(t.Context(), s, now.Add(time.Hour), 2))
		}
		live("the newest two", "32")
		now = now.Add(2 * time.Hour)
		live("after the overlap", "3")
	})
}

func TestDeliveryRows(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		w := newWebhook(t, d, org, "http://one")
		now := time.Now().UTC().Truncate(time.Microsecond)
		due := now.Add(-time.Minute)
		var all []*db.WebhookDelivery
		for i := range 3 {
			x := &db.WebhookDelivery{ID: asset.NewID(), WebhookID: w.ID, Event: fmt.Sprint("e", i), Body: []byte{0, 255},
				Status: db.DeliveryPending, NextAttemptAt: &due, CreatedAt: now.Add(time.Duration(i-10) * time.Minute)}
			must(t, d.InsertDelivery(t.Context(), x))
			all = append(all, x)
		}
		status := int64(200)
		for n := int64(1); n <= db.MaxAttemptLog+2; n++ {
			must(t, d.InsertAttempt(t.Context(), &db.WebhookAttempt{DeliveryID: all[0].ID, Number: n, URL: w.URL,
				RequestHeaders: db.JSON(`{"a":"b"}`), ResponseStatus: &status, ResponseBody: "ok\x00"}))
		}
		overdue, err := d.OverdueDeliveries(t.Context(), now, 10)
		must(t, err)
		want(t, "overdue", len(overdue), 3)

		all[0].Status, all[0].Attempts, all[0].DeliveredAt, all[0].NextAttemptAt = db.DeliveryDelivered, db.MaxAttemptLog+2, &now, nil
		must(t, d.UpdateDelivery(t.Context(), all[0]))
		got, err := d.WebhookDelivery(t.Context(), w.ID, all[0].ID)
		must(t, err)
		want(t, "log", words(len(got.Log), got.Log[0].Number, got.Log[0].ResponseBody, string(got.Log[0].RequestHeaders)), `50 3 ok {"a":"b"}`)
		want(t, "body", words(got.Body), "[0 255]")
		_, err = d.WebhookDelivery(t.Context(), asset.NewID(), all[0].ID)
		wantCode(t, "another webhook's", err, asset.NotFound)
		got, err = d.DeliveryByID(t.Context(), all[1].ID)
		must(t, err)
		want(t, "due", got.NextAttemptAt.UTC(), due)

		listed, total, err := d.ListDeliveries(t.Context(), db.DeliveryFilter{WebhookID: w.ID, Page: firstPage, Status: db.DeliveryDelivered, Event: "e0"})
		must(t, err)
		want(t, "delivered", words(total, len(listed[0].Log), listed[0].Log[0].Number), "1 1 52")
		n, err := d.FailDeliveries(t.Context(), w.ID, "gone")
		must(t, err)
		want(t, "given up", n, 2)
		n, err = d.ExpireDeliveries(t.Context(), now.Add(-9*time.Minute), 1)
		must(t, err)
		want(t, "forgotten, one at most", n, 1)
		_, total, err = d.ListDeliveries(t.Context(), db.DeliveryFilter{WebhookID: w.ID, Page: firstPage})
		must(t, err)
		want(t, "left", total, 2)
	})
}
