package account

import (
	"context"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Tokens are what a login or a refresh answers.
type Tokens struct {
	AccessToken  string
	RefreshToken string
	ExpiresIn    int // seconds that the access token works
}

// refreshPrefix is how refresh tokens of sessions begin.
const refreshPrefix = "cert_rt_"

// Login opens a session. An unknown address and a wrong password are the same
// INVALID_CREDENTIALS, after the same work. Whoever knows the password is told
// more: FORBIDDEN when the account is suspended, SECOND_FACTOR_REQUIRED when a code
// is needed and none was given; a code that is wrong or was used is
// INVALID_CREDENTIALS.
func (s *Service) Login(ctx context.Context, in SignIn) (*Tokens, error) {
	refresh := refreshPrefix + randomText()
	session := &db.Session{ID: asset.NewID(), CurrentHash: hashSecret(refresh)}
	_, err := s.signIn(ctx, in, func(ctx context.Context, tx *db.Tx, u *db.User) error {
		s.open(ctx, session, u.ID)
		if err := tx.InsertSession(ctx, session); err != nil {
			return err
		}
		ended, err := tx.RevokeUnusedSessions(ctx, u.ID, session.ID, s.config.SessionsPerUser)
		if err != nil || ended == 0 {
			return err
		}
		return record(ctx, tx, Principal{UserID: u.ID}, Event{Action: ActionSessionRevoked, Details: map[string]any{"unused": ended}})
	})
	if err != nil {
		return nil, err
	}
	return s.tokens(ctx, session, refresh)
}

// maxUserAgent bounds what is kept of a User-Agent header, in bytes.
const maxUserAgent = 256

// open fills a new session.
func (s *Service) open(ctx context.Context, session *db.Session, user asset.ID) {
	now := s.now()
	from := originOf(ctx)
	ends := now.Add(s.config.SessionTTL)
	session.UserID, session.CreatedAt, session.LastUsedAt = user, now, &now
	session.EndsAt = &ends
	session.ExpiresAt = s.expiry(session)
	session.Address = from.Address
	session.UserAgent = strings.ToValidUTF8(from.UserAgent[:min(len(from.UserAgent), maxUserAgent)], "")
}

// expiry is how long a session lives from now on if nobody refreshes it: never
// beyond its end. Sessions from before there was one end as if there had been.
func (s *Service) expiry(session *db.Session) time.Time {
	ends := session.CreatedAt.Add(s.config.SessionTTL)
	if session.EndsAt != nil {
		ends = *session.EndsAt
	}
	if unused := s.now().Add(s.config.RefreshTTL); unused.Before(ends) {
		return unused
	}
	return ends
}

func (s *Service) tokens(ctx context.Context, session *db.Session, refresh string) (*Tokens, error) {
	org, err := s.db.PersonalOrganization(ctx, session.UserID)
	if err != nil {
		return nil, err
	}
	access, err := s.keys.sign(ctx, tokenClaims{User: session.UserID, Session: session.ID, Organization: org.ID})
	if err != nil {
		return nil, err
	}
	return &Tokens{AccessToken: access, RefreshToken: refresh, ExpiresIn: int(s.config.AccessTTL.Seconds())}, nil
}

// Refresh answers a new access token and a successor of the refresh token.
//
// The token used last stays good until a successor of it is used, so that a
// client which never got the answer may ask again. Uses at the same time, and
// within a minute, get the same successor; later ones a sibling. The first of them
// to be used becomes the one used last; its predecessor and its siblings are dead
// from then on. A dead token that comes back was copied by somebody, and who is
// the thief cannot be known: the whole session ends.
func (s *Service) Refresh(ctx context.Context, token string) (*Tokens, error) {
	hash := hashSecret(token)
	refused := asset.Errorf(asset.Unauthorized, nil, "the refresh token is not valid")
	var session *db.Session
	var failure error
	var successor string
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		failure = nil
		t, found, err := tx.RefreshTokenByHash(ctx, hash)
		if err != nil {
			return err
		}
		session = found
		switch {
		case t == nil || session.RevokedAt != nil:
			failure = refused
			return nil
		case !session.ExpiresAt.After(s.now()):
			failure = asset.Errorf(asset.TokenExpired, nil, "the session has expired")
			return nil
		case t.Generation <= session.Generation && hash != session.CurrentHash:
			failure = refused // and commit: it is told after
			return s.endReused(ctx, tx, session)
		}
		u, err := tx.UserByID(ctx, session.UserID)
		if err != nil {
			return err
		}
		if u.SuspendedAt != nil {
			failure = errSuspended()
			return nil
		}
		// Here the token is the current one, or a successor of it: only the
		// current token ever got successors, one generation up.
		if err := tx.AdvanceSession(ctx, t, s.expiry(session)); err != nil {
			return err
		}
		successor, err = s.succeed(ctx, tx, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	if failure != nil {
		return nil, failure
	}
	return s.tokens(ctx, session, successor)
}

// succeed answers the successor of a session's current token.
func (s *Service) succeed(ctx context.Context, tx *db.Tx, t *db.RefreshToken) (string, error) {
	last, err := tx.NewestRefreshToken(ctx, t.SessionID, t.Generation+1)
	if err != nil {
		return "", err
	}
	token, made, known := s.successors.next(refreshPrefix, t.Hash, last.Hash, last.CreatedAt, s.now())
	if known {
		return token, nil
	}
	return token, tx.InsertRefreshToken(ctx, &db.RefreshToken{
		Hash: hashSecret(token), SessionID: t.SessionID, Generation: t.Generation + 1, CreatedAt: made})
}

// endReused ends a session whose dead token came back.
func (s *Service) endReused(ctx context.Context, tx *db.Tx, session *db.Session) error {
	if err := tx.RevokeSession(ctx, session.ID); err != nil {
		return err
	}
	return record(ctx, tx, Principal{}, Event{Action: ActionSessionReused, User: &session.UserID, Target: session.ID.String()})
}

// Logout ends the caller's session at once: its access token and its refresh
// tokens work no more, in any process.
func (s *Service) Logout(ctx context.Context, p Principal) error {
	if p.SessionID == nil {
		return asset.Errorf(asset.Unauthorized, nil, "logging out needs the access token of the session")
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.RevokeSession(ctx, *p.SessionID); err != nil {
			return err
		}
		return record(ctx, tx, p, Event{Action: ActionLoggedOut, Target: p.SessionID.String()})
	})
}
