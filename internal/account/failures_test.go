package account_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Whoever fails to log in for a day does not fill the audit log, which forgets nothing.
func TestFailuresAreCounted(t *testing.T) {
	f := setup(t)
	u := f.register("user@example.com")
	fail := func(address, email string, times int) {
		t.Helper()
		ctx := account.WithOrigin(t.Context(), account.Origin{Address: address})
		for i := range times {
			if email == "" {
				_, err := f.Login(ctx, account.SignIn{Email: fmt.Sprintf("nobody%d@example.com", i), Password: password})
				wantCode(t, address, err, asset.InvalidCredentials)
				continue
			}
			_, err := f.Login(ctx, account.SignIn{Email: email, Password: another})
			wantCode(t, address, err, asset.InvalidCredentials)
		}
	}
	counts := func() string {
		t.Helper()
		all, _, err := f.db.AuditEvents(t.Context(), db.AuditFilter{Action: account.ActionLoginFailed, Page: db.Page{Number: 1, Size: 100}})
		must(t, err)
		said := ""
		for i := range all {
			e := all[len(all)-1-i]
			said += fmt.Sprintf("%s %v %s; ", e.Address, e.UserID != nil && *e.UserID == u.ID, e.Details)
		}
		return said
	}
	fail("192.0.2.1", "", 12)
	fail("192.0.2.1", "user@example.com", 101)
	fail("2001:db8::1", "", 1)
	fail("2001:db8::2", "", 1) // of the same network
	said := `192.0.2.1 false {"count":1,"wrong":"password"}; 192.0.2.1 false {"count":10,"wrong":"password"}; ` +
		`192.0.2.1 true {"count":1,"wrong":"password"}; 192.0.2.1 true {"count":10,"wrong":"password"}; 192.0.2.1 true {"count":100,"wrong":"password"}; ` +
		`2001:db8::1 false {"count":1,"wrong":"password"}; `
	want(t, "recorded", counts(), said)
	f.clock.advance(15 * time.Minute)
	fail("192.0.2.1", "", 1)
	want(t, "a quarter of an hour later", counts(), said+`192.0.2.1 false {"count":1,"wrong":"password"}; `)
}
