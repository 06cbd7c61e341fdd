package account_test

import (
	"testing"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/vault"
)

// BenchmarkAuthenticate is what every request pays to be known: the database is
// asked each time, so that a revocation holds at once.
func BenchmarkAuthenticate(b *testing.B) {
	ctx := b.Context()
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	d, err := db.Open(ctx, db.DefaultConfig(b.TempDir()))
	check(err)
	b.Cleanup(func() { d.Close() })
	v, err := vault.New(make([]byte, vault.KeySize))
	check(err)
	s, err := account.New(ctx, account.DefaultConfig(issuer), d, v, orgKeys{})
	check(err)
	_, err = s.Register(ctx, account.Registration{Email: "a@example.com", Password: password})
	check(err)
	tokens, err := s.Login(ctx, account.SignIn{Email: "a@example.com", Password: password})
	check(err)
	p, err := s.Authenticate(ctx, account.Credentials{Bearer: tokens.AccessToken})
	check(err)
	_, key, err := s.CreateAPIKey(ctx, p, account.NewAPIKey{Name: "k", Scopes: []string{"read"}})
	check(err)
	for name, c := range map[string]account.Credentials{"token": {Bearer: tokens.AccessToken}, "key": {APIKey: key}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Authenticate(ctx, c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("login", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Login(ctx, account.SignIn{Email: "a@example.com", Password: password}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
