package account_test

import (
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

// A token that names a key which is not known makes the keys be read again, once a
// second at most: whoever sends many such tokens costs no queries. The clock stands
// still, so that every reading would be seen by what it brought.
func TestUnknownKeysCostNoQueries(t *testing.T) {
	f := setup(t)
	other, _ := f.process(nil)
	f.register("user@example.com")
	f.clock.advance(2 * time.Second) // the keys may be read again
	flood := func() {
		for range 1000 {
			_, err := f.bearer(unknownKid)
			wantCode(t, "an unknown key", err, asset.Unauthorized)
		}
	}
	flood() // reads the keys, the first time
	_, err := other.RotateSigningKey(t.Context())
	must(t, err)
	tokens, err := other.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: password})
	must(t, err)
	flood()
	_, err = f.bearer(tokens.AccessToken)
	wantCode(t, "a new key, within the second", err, asset.Unauthorized)
	f.clock.advance(2 * time.Second)
	_, err = f.bearer(tokens.AccessToken)
	must(t, err)
}

// unknownKid is {"alg":"ES256","kid":"nobody","typ":"JWT"}, {} and a signature of
// zeros.
const unknownKid = "eyJhbGciOiJFUzI1NiIsImtpZCI6Im5vYm9keSIsInR5cCI6IkpXVCJ9.e30." +
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
