package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Tokens are what a login or a refresh answers.
type Tokens struct {
	AccessToken  string
	RefreshToken string
	ExpiresIn    int // seconds that the access token works
}

func newRefreshToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // crypto/rand ends the program rather than fail
	return "cert_rt_" + base64.RawURLEncoding.EncodeToString(b)
}

// Login opens a session. An unknown address and a wrong password are the same
// INVALID_CREDENTIALS, after the same work.
func (s *Service) Login(ctx context.Context, email, password string) (*Tokens, error) {
	u, err := s.db.UserByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	if u == nil {
		u = &db.User{}
	}
	ok, stale, err := s.hasher.verify(ctx, u.PasswordHash, password)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, asset.Errorf(asset.InvalidCredentials, nil, "Invalid email or password")
	}
	if stale {
		if hash, err := s.hasher.hash(ctx, password); err == nil {
			// Renewing can wait for the next login when it fails now.
			_ = s.db.SetPasswordHash(ctx, u.ID, hash)
		}
	}
	return s.openSession(ctx, u.ID)
}

func (s *Service) openSession(ctx context.Context, user asset.ID) (*Tokens, error) {
	refresh := newRefreshToken()
	session := &db.Session{
		ID: asset.NewID(), UserID: user, CurrentHash: hashSecret(refresh),
		CreatedAt: s.now(), ExpiresAt: s.now().Add(s.config.RefreshTTL),
	}
	if err := s.db.InsertSession(ctx, session); err != nil {
		return nil, err
	}
	return s.tokens(ctx, session, refresh)
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
// The token used last stays good until one of its successors is used, so that a
// client which never got the answer may ask again. The first successor to be
// used becomes the one used last; its predecessor and its siblings are dead from
// then on. A dead token that comes back was copied by somebody, and who is the
// thief cannot be known: the whole session ends.
func (s *Service) Refresh(ctx context.Context, token string) (*Tokens, error) {
	hash := hashSecret(token)
	refused := asset.Errorf(asset.Unauthorized, nil, "the refresh token is not valid")
	var session *db.Session
	var failure error
	successor := newRefreshToken()
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
			failure = refused
			return tx.RevokeSession(ctx, session.ID) // and commit: failure is told after
		}
		// Here the token is the current one, or a successor of it: only the
		// current token ever got successors, one generation up.
		if err := tx.AdvanceSession(ctx, t, s.now().Add(s.config.RefreshTTL)); err != nil {
			return err
		}
		return tx.InsertRefreshToken(ctx, &db.RefreshToken{
			Hash: hashSecret(successor), SessionID: session.ID, Generation: t.Generation + 1,
		})
	})
	if err != nil {
		return nil, err
	}
	if failure != nil {
		return nil, failure
	}
	return s.tokens(ctx, session, successor)
}

// Logout ends the caller's session at once: its access token and its refresh
// tokens work no more, in any process.
func (s *Service) Logout(ctx context.Context, p Principal) error {
	if p.SessionID == nil {
		return asset.Errorf(asset.Unauthorized, nil, "logging out needs the access token of the session")
	}
	return s.db.RevokeSession(ctx, *p.SessionID)
}
