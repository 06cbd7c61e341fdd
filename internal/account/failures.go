package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// failureWindow is the span in which logins that failed are one story.
const failureWindow = 15 * time.Minute

// wrongPassword records a login that failed, but not each: the audit log keeps what it
// is told for ever, and anybody can fail. Of a user, from one network, in a quarter of
// an hour, the 1st, 10th, 100th … is recorded, with the count; of all unknown addresses
// together likewise. What was typed is not kept, which may be a password in the wrong
// field. A known address and an unknown one take the same steps: what is not recorded
// writes another row instead.
func (s *Service) wrongPassword(ctx context.Context, u *db.User) error {
	start := s.now().Truncate(failureWindow)
	w := db.Window{Start: start, End: start.Add(failureWindow)}
	who := "unknown"
	if u.ID != (asset.ID{}) {
		who = u.ID.String()
	}
	sum := sha256.Sum256([]byte(networkOf(ctx)))
	name := "login-failed/" + hex.EncodeToString(sum[:16]) + "/" + who
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, _, err := tx.Count(ctx, name, w, 1, 1<<62)
		if err != nil {
			return err
		}
		if !powerOfTen(n) {
			_, _, err := tx.Count(ctx, name+"/silent", w, 1, 1<<62)
			return err
		}
		return s.recordFailure(ctx, tx, u, "password", n)
	})
}

func powerOfTen(n int64) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}
