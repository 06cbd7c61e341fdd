package quota_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/quota"
)

// What a request costs, by where its rates are kept: of a key with the default
// limits thousandfold, so that each is let through in blocks of the same share;
// and a try that is taken and given back, as a login that succeeds.
func BenchmarkLimits(b *testing.B) {
	for _, shared := range []bool{true, false} {
		rows, err := db.Open(b.Context(), dbtest.In(b, b.TempDir()))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { rows.Close() })
		c := quota.DefaultConfig()
		c.Shared = shared
		c.KeyPerHour, c.KeyPerDay = 5_000_000, 50_000_000
		c.Logins, c.LoginsPerUser, c.LoginsPerUserAnywhere = 1e9, 1e9, 1e9
		s := service(b, c, rows)
		where := fmt.Sprintf("shared=%v", shared)
		b.Run(where+"/key", func(b *testing.B) {
			id := asset.NewID()
			for b.Loop() {
				if _, err := s.Key(b.Context(), id); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(where+"/first-of-a-block", func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Key(b.Context(), asset.NewID()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(where+"/attempt", func(b *testing.B) {
			addr := netip.MustParseAddr("192.0.2.1")
			for b.Loop() {
				g, err := s.Attempt(b.Context(), quota.Login, addr, "user@example.com")
				if err == nil {
					err = g.GiveBack(b.Context(), 1)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func service(b *testing.B, c quota.Config, rows *db.DB) *quota.Service {
	b.Helper()
	s, err := quota.New(c, rows, nil)
	if err != nil {
		b.Fatal(err)
	}
	return s
}
