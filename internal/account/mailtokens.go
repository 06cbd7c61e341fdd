package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// How long the token of a message works.
const (
	verifyTTL = 48 * time.Hour
	changeTTL = 48 * time.Hour
	resetTTL  = time.Hour
)

// newMailToken adds a token, which ends the earlier ones for the same purpose. The
// database keeps its hash alone.
func newMailToken(ctx context.Context, tx *db.Tx, user asset.ID, purpose, email string, expires time.Time) (string, error) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // crypto/rand ends the program rather than fail
	token := "cert_mt_" + base64.RawURLEncoding.EncodeToString(b)
	return token, tx.InsertMailToken(ctx, &db.MailToken{Hash: hashSecret(token), UserID: user, Purpose: purpose,
		Email: email, ExpiresAt: expires.UTC()})
}

func errMailToken() error {
	return asset.Errorf(asset.Unauthorized, nil, "the token is not valid, was used, or has expired: ask for another")
}

// redeem uses a token up in the transaction of what it allows, and answers it with
// its user, locked. A token that was sent to an address which is no longer the
// user's, nor to become it, is refused like any other that is not valid.
func redeem(ctx context.Context, tx *db.Tx, token string, purposes ...string) (*db.MailToken, *db.User, error) {
	t, err := tx.LiveMailToken(ctx, hashSecret(token), purposes...)
	if err != nil {
		return nil, nil, err
	}
	if t == nil {
		return nil, nil, errMailToken()
	}
	u, err := tx.LockUser(ctx, t.UserID)
	if err != nil {
		return nil, nil, err
	}
	if t.Purpose != db.ChangeEmail && strings.ToLower(t.Email) != u.EmailKey {
		return nil, nil, errMailToken()
	}
	used, err := tx.UseMailToken(ctx, t.Hash)
	if err != nil {
		return nil, nil, err
	}
	if !used { // by somebody else, while the user was waited for
		return nil, nil, errMailToken()
	}
	return t, u, nil
}
