package db_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func TestAuditLog(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		user, org := organization(t, d, "acme")
		at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		for i, action := range []string{"session.opened", "api_key.created", "api_key.revoked"} {
			must(t, d.InsertAuditEvent(t.Context(), &db.AuditEvent{OrganizationID: &org, UserID: &user, ActorKind: "user", ActorID: user.String(),
				Action: action, Target: "x\x00", Address: "192.0.2.1", At: at.Add(time.Duration(i) * time.Hour)}))
		}
		must(t, d.InsertAuditEvent(t.Context(), &db.AuditEvent{ActorKind: "system", Action: "start", Details: db.JSON(`{"it's":1}`)}))
		other := asset.NewID()
		for _, f := range []struct {
			filter db.AuditFilter
			total  int
			first  string
		}{
			{db.AuditFilter{}, 4, "start"},
			{db.AuditFilter{OrganizationID: &org}, 3, "api_key.revoked"},
			{db.AuditFilter{OrganizationID: &other}, 0, ""},
			{db.AuditFilter{UserID: &user, Action: "session.opened"}, 1, "session.opened"},
			{db.AuditFilter{Since: at.Add(time.Hour), Until: at.Add(2 * time.Hour)}, 1, "api_key.created"},
		} {
			f.filter.Page = firstPage
			all, total, err := d.AuditEvents(t.Context(), f.filter)
			must(t, err)
			first := ""
			if len(all) > 0 {
				first = all[0].Action
			}
			want(t, "events", words(total, first), words(f.total, f.first))
		}
		for _, statement := range []string{"UPDATE audit_events SET action = 'nothing'", "DELETE FROM audit_events"} {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.SQL().ExecContext(ctx, statement)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}
