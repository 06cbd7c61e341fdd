package account

import (
	"context"

	"github.com/certana/certana/internal/db"
)

// ActionUserReclaimed is the event of reclaim.
const ActionUserReclaimed = "user.reclaimed"

// reclaim gives an account to whoever proved first that they read at its address.
// Until then nothing said that who registered it does: somebody may have done so to
// wait for the owner of the address to come. What they left that would let them in
// afterwards, or lock the owner out, ends: second factor, keys, invitations,
// identities at other issuers, and in the personal organization clients, webhooks and
// other members. What the logins opened ends with the password. all are the
// memberships, locked.
func (s *Service) reclaim(ctx context.Context, tx *db.Tx, u *db.User, all []belonging, email string) error {
	if err := tx.SetVerifiedEmail(ctx, u.ID, email); err != nil {
		return err
	}
	if err := tx.RevokeMadeBy(ctx, u.ID); err != nil {
		return err
	}
	for _, b := range all {
		if b.Personal && b.OwnerID == u.ID {
			if err := tx.RevokeOpenings(ctx, b.ID, u.ID); err != nil {
				return err
			}
		}
	}
	if err := record(ctx, tx, Principal{UserID: u.ID}, Event{Action: ActionUserReclaimed}); err != nil {
		return err
	}
	return s.notify(ctx, tx, email, "Your account is yours",
		"You were the first to prove that this e-mail address is yours. What had been made with the account\n"+
			"before no longer works: API keys, a second factor and invitations, and in your personal organization\n"+
			"OAuth2 clients, webhooks and other members. Make anew what you need.")
}
