package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/webhook"
)

func TestCreate(t *testing.T) {
	w := sqlite(t, webhook.DefaultConfig())
	good := webhook.Fields{URL: "https://your-domain.com/webhook", Description: "ours",
		Events: []string{webhook.AssetProcessed, webhook.VerificationCompleted}, Active: true}
	h, secret, err := w.hooks.Create(t.Context(), w, w.org, good)
	w.must(err)
	if !regexp.MustCompile(`^whsec_[A-Za-z0-9+/]{43}=$`).MatchString(secret) {
		t.Errorf("secret %q", secret)
	}
	got, err := w.hooks.Get(t.Context(), w.org, h.ID)
	w.must(err)
	want(w, "kept", words(got.URL, got.Description, got.Events, got.Active, got.CreatedAt.Equal(got.UpdatedAt)),
		"https://your-domain.com/webhook ours [asset.processed verification.completed] true true")
	for name, change := range map[string]func(*webhook.Fields){
		"url":         func(f *webhook.Fields) { f.URL = "http://your-domain.com/webhook" },
		"no events":   func(f *webhook.Fields) { f.Events = nil },
		"unknown":     func(f *webhook.Fields) { f.Events = []string{"asset.processed", "asset.eaten"} },
		"test event":  func(f *webhook.Fields) { f.Events = []string{webhook.TestEvent} },
		"twice":       func(f *webhook.Fields) { f.Events = []string{"asset.failed", "asset.failed"} },
		"description": func(f *webhook.Fields) { f.Description = strings.Repeat("é", 501) },
		"not UTF-8":   func(f *webhook.Fields) { f.Description = "\xff" },
	} {
		f := good
		change(&f)
		_, _, err := w.hooks.Create(t.Context(), w, w.org, f)
		w.code(name, err, asset.ValidationError)
		var e *asset.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 {
			t.Errorf("%s: names no field: %v", name, err)
		}
	}
}

func TestLimitPerOrganization(t *testing.T) {
	each(t, func(w *world) {
		c := config()
		c.MaxPerOrganization = 2
		w.hooks = w.service(c)
		done := make(chan error, 6)
		for range 6 {
			go func() {
				_, _, err := w.hooks.Create(w.Context(), w, w.org, webhook.Fields{URL: "https://example.com", Events: webhook.Events(), Active: true})
				done <- err
			}()
		}
		made := 0
		for range 6 {
			if err := <-done; err == nil {
				made++
			} else {
				w.code("one too many", err, asset.QuotaExceeded)
			}
		}
		want(w, "made", made, 2)
		w.org = w.organization("other")
		w.create("https://example.com")
	})
}

func TestUpdate(t *testing.T) {
	each(t, func(w *world) {
		h, _ := w.create("https://example.com/1")
		d := w.pending(h)
		url, none := "https://example.com/2", false
		got, err := w.hooks.Update(w.Context(), w, w.org, h.ID, webhook.Patch{URL: &url})
		w.must(err)
		want(w, "patched", words(got.URL, got.Events, got.Active), url+" [asset.processed] true")
		want(w, "pending stays", w.delivery(h, d.ID).Status, "pending")
		_, err = w.hooks.Update(w.Context(), w, w.org, h.ID, webhook.Patch{Events: &[]string{}, URL: &h.URL})
		w.code("no events", err, asset.ValidationError)
		got, err = w.hooks.Get(w.Context(), w.org, h.ID)
		w.must(err)
		want(w, "a refused patch changes nothing", got.URL, url)

		_, err = w.hooks.Update(w.Context(), w, w.org, h.ID, webhook.Patch{Active: &none})
		w.must(err)
		d = w.delivery(h, d.ID)
		want(w, "switched off", d.Status+": "+d.Error, "failed: the webhook is not active")
		_, err = w.hooks.Redeliver(w.Context(), w.org, h.ID, d.ID)
		w.code("redeliver while off", err, asset.Conflict)
		_, err = w.hooks.Test(w.Context(), w.org, h.ID)
		w.code("test while off", err, asset.Conflict)
	})
}

func TestListAndDelete(t *testing.T) {
	each(t, func(w *world) {
		for i := range 3 {
			w.wait(time.Second)
			w.create(fmt.Sprint("https://example.com/", i))
		}
		all, total, err := w.hooks.List(w.Context(), w.org, db.Page{Number: 1, Size: 2})
		w.must(err)
		want(w, "page", words(total, len(all), all[0].URL, all[1].URL), "3 2 https://example.com/2 https://example.com/1")
		d := w.pending(&all[0])
		w.must(w.hooks.Delete(w.Context(), w, w.org, all[0].ID))
		w.code("delete again", w.hooks.Delete(w.Context(), w, w.org, all[0].ID), asset.NotFound)
		_, err = w.rows.DeliveryByID(w.Context(), d.ID)
		w.code("its delivery", err, asset.NotFound)
		w.attempt(d) // a job that is left over does nothing
	})
}

// TestOtherOrganizations: nothing of a webhook shows to another organization.
func TestOtherOrganizations(t *testing.T) {
	w := sqlite(t, config())
	h, _ := w.create("https://example.com")
	d := w.pending(h)
	other, ctx := w.organization("other"), t.Context()
	theirs, _, err := w.hooks.Create(ctx, w, other, webhook.Fields{URL: "https://example.com", Events: webhook.Events(), Active: true})
	w.must(err)
	page := db.Page{Number: 1, Size: 10}
	for name, f := range map[string]func() error{
		"get":    func() error { _, err := w.hooks.Get(ctx, other, h.ID); return err },
		"update": func() error { _, err := w.hooks.Update(ctx, w, other, h.ID, webhook.Patch{}); return err },
		"delete": func() error { return w.hooks.Delete(ctx, w, other, h.ID) },
		"rotate": func() error { _, _, _, err := w.hooks.RotateSecret(ctx, w, other, h.ID); return err },
		"test":   func() error { _, err := w.hooks.Test(ctx, other, h.ID); return err },
		"list": func() error {
			_, _, err := w.hooks.Deliveries(ctx, other, h.ID, webhook.Filter{Page: page})
			return err
		},
		"delivery": func() error { _, err := w.hooks.Delivery(ctx, other, h.ID, d.ID); return err },
		"through another webhook": func() error {
			_, err := w.hooks.Delivery(ctx, other, theirs.ID, d.ID)
			return err
		},
		"redeliver": func() error { _, err := w.hooks.Redeliver(ctx, other, h.ID, d.ID); return err },
		"redeliver through another webhook": func() error {
			_, err := w.hooks.Redeliver(ctx, other, theirs.ID, d.ID)
			return err
		},
	} {
		w.code(name, f(), asset.NotFound)
	}
	all, _, err := w.hooks.List(ctx, other, page)
	w.must(err)
	want(w, "their webhooks", len(all), 1)
	want(w, "their deliveries", len(func() []webhook.Delivery {
		all, _, err := w.hooks.Deliveries(ctx, other, theirs.ID, webhook.Filter{Page: page})
		w.must(err)
		return all
	}()), 0)
}

// TestSecretIsSealed looks for a secret in the database's files.
func TestSecretIsSealed(t *testing.T) {
	c := db.DefaultConfig(t.TempDir())
	w := open(t, c, config())
	h, secret := w.create("https://canary.example.com/here")
	rows, err := w.rows.WebhookSecrets(t.Context(), h.ID)
	w.must(err)
	if _, err := w.vault.Open("webhook/"+asset.NewID().String()+"/"+rows[0].ID.String(), rows[0].Sealed); err == nil {
		t.Error("a secret opens for another webhook")
	}
	key, err := w.vault.Open("webhook/"+h.ID.String()+"/"+rows[0].ID.String(), rows[0].Sealed)
	w.must(err)
	w.must(w.rows.Close())
	b, err := os.ReadFile(strings.TrimPrefix(c.URL, "sqlite://"))
	w.must(err)
	if !bytes.Contains(b, []byte("canary.example.com")) {
		t.Error("the file does not even hold the URL")
	}
	if bytes.Contains(b, key) || bytes.Contains(b, []byte(strings.TrimPrefix(secret, "whsec_"))) {
		t.Error("the file holds the secret")
	}
}

// TestRotation: both secrets verify for 24 hours, then the new one alone.
func TestRotation(t *testing.T) {
	each(t, func(w *world) {
		r := receive(w.T, always(http.StatusOK))
		h, first := w.create(r.URL)
		_, second, until, err := w.hooks.RotateSecret(w.Context(), w, w.org, h.ID)
		w.must(err)
		if d := until.Sub(w.now()); d < 23*time.Hour || d > 24*time.Hour {
			w.Errorf("the overlap is %s", d)
		}
		w.attempt(w.pending(h))
		w.must(verified(w.T, first, r.requests()[0]))
		w.must(verified(w.T, second, r.requests()[0]))
		if s := strings.Fields(r.requests()[0].Get("webhook-signature")); len(s) != 2 || s[0] == s[1] || !strings.HasPrefix(s[1], "v1,") {
			w.Errorf("signatures %q", s)
		}
		w.wait(24*time.Hour + time.Second)
		w.attempt(w.pending(h))
		want(w, "signatures after the overlap", len(strings.Fields(r.requests()[1].Get("webhook-signature"))), 1)
		// The library's clock is not ours; that of the test is a day ahead.
		for secret, ok := range map[string]bool{first: false, second: true} {
			if err := verifiedAnyTime(w.T, secret, r.requests()[1]); (err == nil) != ok {
				w.Errorf("after the overlap: %v", err)
			}
		}
		secrets := []string{second}
		for range 7 {
			_, s, _, err := w.hooks.RotateSecret(w.Context(), w, w.org, h.ID)
			w.must(err)
			secrets = append(secrets, s)
		}
		w.attempt(w.pending(h))
		for i, s := range secrets {
			if err := verifiedAnyTime(w.T, s, r.requests()[2]); (err == nil) != (i >= 3) {
				w.Errorf("secret %d of 8: %v", i+1, err)
			}
		}
	})
}

func TestFilteredDeliveries(t *testing.T) {
	each(t, func(w *world) {
		r := receive(w.T, always(http.StatusOK))
		h, _ := w.create(r.URL)
		done := w.pending(h)
		w.attempt(done)
		w.wait(time.Second)
		open := w.pending(h)
		w.wait(time.Second)
		test, err := w.hooks.Test(w.Context(), w.org, h.ID)
		w.must(err)
		for _, c := range []struct {
			f    webhook.Filter
			want []asset.ID
		}{
			{webhook.Filter{}, []asset.ID{test.ID, open.ID, done.ID}},
			{webhook.Filter{Status: "delivered"}, []asset.ID{done.ID}},
			{webhook.Filter{Status: "pending"}, []asset.ID{test.ID, open.ID}},
			{webhook.Filter{Status: "pending", Event: webhook.AssetProcessed}, []asset.ID{open.ID}},
			{webhook.Filter{Event: webhook.TestEvent}, []asset.ID{test.ID}},
			{webhook.Filter{Status: "failed"}, []asset.ID{}},
		} {
			c.f.Page = db.Page{Number: 1, Size: 10}
			all, total, err := w.hooks.Deliveries(w.Context(), w.org, h.ID, c.f)
			w.must(err)
			got := []asset.ID{}
			for _, d := range all {
				got = append(got, d.ID)
			}
			want(w, fmt.Sprintf("%+v", c.f), words(got, total), words(c.want, len(c.want)))
		}
		for _, f := range []webhook.Filter{{Status: "lost"}, {Event: "asset.eaten"}, {}} {
			_, _, err := w.hooks.Deliveries(w.Context(), w.org, h.ID, f) // the last has no page
			w.code("filter", err, asset.ValidationError)
		}
	})
}

func TestConfig(t *testing.T) {
	if err := webhook.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*webhook.Config){
		"timeout":              func(c *webhook.Config) { c.Timeout = 0 },
		"timeout is 1s to 60s": func(c *webhook.Config) { c.Timeout = 61 * time.Second },
		"max_per_organization": func(c *webhook.Config) { c.MaxPerOrganization = 0 },
		"workers":              func(c *webhook.Config) { c.Workers = 257 },
		"retention":            func(c *webhook.Config) { c.Retention = time.Minute },
	} {
		c := webhook.DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := webhook.New(webhook.Parts{Config: c}); err == nil {
			t.Errorf("%s: New took it", name)
		}
	}
}

// TestAnnounceOutsiders: an event reaches the active webhooks of its own
// organization that asked for it, and no others.
func TestAnnounceOutsiders(t *testing.T) {
	each(t, func(w *world) {
		add := func(org asset.ID, active bool, events ...string) *webhook.Webhook {
			h, _, err := w.hooks.Create(w.Context(), w, org, webhook.Fields{URL: "https://example.com", Events: events, Active: active})
			w.must(err)
			return h
		}
		one, two := add(w.org, true, webhook.AssetFailed), add(w.org, true, webhook.Events()...)
		others := []*webhook.Webhook{add(w.org, true, webhook.AssetProcessed), add(w.org, false, webhook.AssetFailed)}
		theirs := add(w.organization("other"), true, webhook.AssetFailed)
		w.announce(webhook.AssetFailed, map[string]any{"asset_id": asset.NewID()})
		a, b := w.deliveries(one), w.deliveries(two)
		if len(a) != 1 || len(b) != 1 || a[0].ID == b[0].ID || !bytes.Equal(a[0].Body, b[0].Body) {
			w.Errorf("deliveries %+v and %+v", a, b)
		}
		for _, h := range others {
			want(w, "deliveries of an outsider", len(w.deliveries(h)), 0)
		}
		all, _, err := w.rows.ListDeliveries(w.Context(), db.DeliveryFilter{WebhookID: theirs.ID, Page: db.Page{Number: 1, Size: 10}})
		w.must(err)
		want(w, "deliveries of another organization", len(all), 0)
		w.must(w.rows.Tx(w.Context(), func(ctx context.Context, tx *db.Tx) error {
			var n int
			err := tx.SQL().QueryRowContext(ctx, "SELECT count(*) FROM river_job WHERE kind = 'webhook_deliver'").Scan(&n)
			want(w, "jobs", n, 2)
			return err
		}))
	})
}

// Every change is in the audit log, without the address's path, and whoever may make
// none any more changes nothing.
func TestChangesAreRecorded(t *testing.T) {
	each(t, func(w *world) {
		h, _ := w.create("https://example.com/secret-path")
		off := false
		_, err := w.hooks.Update(w.Context(), w, w.org, h.ID, webhook.Patch{Active: &off})
		w.must(err)
		_, _, _, err = w.hooks.RotateSecret(w.Context(), w, w.org, h.ID)
		w.must(err)
		secrets, err := w.rows.WebhookSecrets(w.Context(), h.ID)
		w.must(err)

		w.gone = asset.Errorf(asset.Forbidden, nil, "gone")
		on := true
		_, _, err = w.hooks.Create(w.Context(), w, w.org, webhook.Fields{URL: "https://example.com", Events: webhook.Events()})
		w.code("create", err, asset.Forbidden)
		_, err = w.hooks.Update(w.Context(), w, w.org, h.ID, webhook.Patch{Active: &on})
		w.code("update", err, asset.Forbidden)
		_, _, _, err = w.hooks.RotateSecret(w.Context(), w, w.org, h.ID)
		w.code("rotate", err, asset.Forbidden)
		w.code("delete", w.hooks.Delete(w.Context(), w, w.org, h.ID), asset.Forbidden)
		all, total, err := w.hooks.List(w.Context(), w.org, db.Page{Number: 1, Size: 10})
		w.must(err)
		want(w, "webhooks", total, 1)
		want(w, "active", all[0].Active, false)
		after, err := w.rows.WebhookSecrets(w.Context(), h.ID)
		w.must(err)
		want(w, "secrets", len(after), len(secrets))

		w.gone = nil
		w.must(w.hooks.Delete(w.Context(), w, w.org, h.ID))
		events, _, err := w.rows.AuditEvents(w.Context(), db.AuditFilter{OrganizationID: &w.org, Page: db.Page{Number: 1, Size: 10}})
		w.must(err)
		var told []string
		for _, e := range events {
			told = append(told, e.Action)
			want(w, "target", e.Target, h.ID.String())
			if strings.Contains(string(e.Details), "secret-path") || !strings.Contains(string(e.Details), `"host":"example.com"`) {
				w.Errorf("details: %s", e.Details)
			}
		}
		want(w, "told", strings.Join(told, " "), "webhook.deleted webhook.secret_rotated webhook.updated webhook.created")
	})
}
