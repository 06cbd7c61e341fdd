package account

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/certana/certana/internal/db"
)

const recoveryCodes = 10

// newRecoveryCodes makes codes of 80 random bits, written as four groups of four
// in Base32, and the hashes that are kept: nobody guesses 80 bits, so that the
// hash needs neither salt nor cost.
func newRecoveryCodes() (codes, hashes []string) {
	for range recoveryCodes {
		c := strings.ToLower(rand.Text()[:16])
		codes = append(codes, c[:4]+"-"+c[4:8]+"-"+c[8:12]+"-"+c[12:])
		hashes = append(hashes, hashSecret(c))
	}
	return codes, hashes
}

// useRecoveryCode uses a recovery code up, however it is spaced and in whatever
// case, and tells the user.
func (s *Service) useRecoveryCode(ctx context.Context, tx *db.Tx, u *db.User, code string) (bool, error) {
	bare := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	ok, left, err := tx.UseRecoveryCode(ctx, u.ID, hashSecret(bare))
	if err != nil || !ok {
		return false, err
	}
	return true, s.notify(ctx, tx, u.Email, "A recovery code was used",
		fmt.Sprintf("A recovery code was used in place of a code of your authenticator; %d are left.", left))
}
