package account

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// ForgotPassword has a token sent to an address if a user has it. Whether one has
// is looked up by a job, so that what happens here, and how long it takes, is the
// same for every address.
func (s *Service) ForgotPassword(ctx context.Context, address string) error {
	email, err := checkEmail(address)
	if err != nil {
		return err
	}
	if s.config.Queue == nil {
		return errNoMail()
	}
	id := asset.NewID()
	plain, err := json.Marshal(resetRequest{Email: email, Site: s.config.Issuer, From: originOf(ctx)})
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.config.Queue.Enqueue(ctx, tx, ResetJob{ID: id, Sealed: s.sealer.Seal(resetPurpose(id), plain), At: s.now()}, nil)
	})
}

func resetPurpose(id asset.ID) string { return "reset/" + id.String() }

type resetRequest struct {
	Email, Site string
	From        Origin
}

// ResetJob looks up whom a reset was asked for, and sends them a token. What was
// typed is sealed: it is somebody's address, and the queue's table keeps it.
type ResetJob struct {
	ID     asset.ID  `json:"id"`
	Sealed []byte    `json:"sealed"`
	At     time.Time `json:"at"`
}

// Kind names the job in the queue's table; it never changes.
func (ResetJob) Kind() string { return "account_reset" }

// InsertOpts are the queue of the message that comes of it.
func (ResetJob) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: MailQueue} }

type resetter struct {
	river.WorkerDefaults[ResetJob]
	Mailing
}

// Work implements river.Worker. Run twice it makes two tokens, of which the last
// works.
func (w *resetter) Work(ctx context.Context, job *river.Job[ResetJob]) error {
	if w.Now().Sub(job.Args.At) > resetTTL {
		return river.JobCancel(errors.New("whoever asked has asked again or given up"))
	}
	plain, err := w.Sealer.Open(resetPurpose(job.Args.ID), job.Args.Sealed)
	if err != nil {
		return river.JobCancel(err)
	}
	var r resetRequest
	if err := json.Unmarshal(plain, &r); err != nil {
		return river.JobCancel(err)
	}
	u, err := w.Rows.UserByEmail(ctx, r.Email)
	if err != nil || u == nil || u.SuspendedAt != nil {
		return err
	}
	return w.Rows.Tx(WithOrigin(ctx, r.From), func(ctx context.Context, tx *db.Tx) error { return w.sendReset(ctx, tx, u, r.Site) })
}

func (w *resetter) sendReset(ctx context.Context, tx *db.Tx, u *db.User, site string) error {
	u, err := tx.LockUser(ctx, u.ID)
	if err != nil {
		return err
	}
	until := w.Now().Add(resetTTL)
	token, err := newMailToken(ctx, tx, u.ID, db.ResetPassword, u.Email, until)
	if err != nil {
		return err
	}
	if err := record(ctx, tx, Principal{}, Event{Action: ActionResetRequested, User: &u.ID}); err != nil {
		return err
	}
	return post{queue: w.Queue, sealer: w.Sealer}.send(ctx, tx, message{to: u.Email, until: until, subject: "Set a new password",
		text: tokenText("Somebody asked for a new password of your account at %s. If it was you, set it\nwith this token:",
			site, token, "/v1/auth/password/reset", resetTTL)})
}

// ResetPassword sets a new password by the token of a message, which works once.
// All sessions end; a second factor stays, unless the token is the first proof that
// the address is the user's (see reclaim). UNAUTHORIZED when the token is not valid.
func (s *Service) ResetPassword(ctx context.Context, token, password string) error {
	if err := checkPassword(password); err != nil {
		return asset.Invalid(asset.AsError(err).Fields[0].Msg, "new_password")
	}
	// Looked up first to spare the hash; the transaction decides.
	found, err := s.db.LiveMailToken(ctx, hashSecret(token), db.ResetPassword)
	if err != nil {
		return err
	}
	if found == nil {
		return errMailToken()
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := lockMemberships(ctx, tx, found.UserID) // before the user, as everybody does
		if err != nil {
			return err
		}
		t, u, err := redeem(ctx, tx, token, db.ResetPassword)
		if err != nil {
			return err
		}
		if u.EmailVerifiedAt == nil { // whoever read the token reads there
			if err := s.reclaim(ctx, tx, u, all, t.Email); err != nil {
				return err
			}
		}
		return s.setPassword(ctx, tx, Principal{UserID: u.ID}, u, hash, ActionPasswordReset)
	})
}
