package account

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Session is a login as its user sees it.
type Session struct {
	db.Session
	Current bool // it is the one that asks
}

// Sessions lists a page of the caller's sessions that still work, newest first.
func (s *Service) Sessions(ctx context.Context, p Principal, page db.Page) ([]Session, int, error) {
	if err := inPerson(p); err != nil {
		return nil, 0, err
	}
	rows, total, err := s.db.LiveSessions(ctx, p.UserID, page)
	all := make([]Session, 0, len(rows))
	for _, r := range rows {
		all = append(all, Session{Session: r, Current: r.ID == *p.SessionID})
	}
	return all, total, err
}

// RevokeSession ends one of the caller's sessions at once, or answers NOT_FOUND.
func (s *Service) RevokeSession(ctx context.Context, p Principal, id asset.ID) error {
	if err := inPerson(p); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.RevokeSessionOf(ctx, p.UserID, id); err != nil {
			return err
		}
		return record(ctx, tx, p, Event{Action: ActionSessionRevoked, Target: id.String()})
	})
}

// RevokeSessions ends all sessions of the caller at once, and what they allowed
// OAuth2 clients.
func (s *Service) RevokeSessions(ctx context.Context, p Principal) error {
	if err := inPerson(p); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.endAllSessions(ctx, tx, p.UserID); err != nil {
			return err
		}
		return record(ctx, tx, p, Event{Action: ActionSessionRevoked, Details: map[string]any{"all": true}})
	})
}

// endAllSessions ends everything that a user's logins opened.
func (s *Service) endAllSessions(ctx context.Context, tx *db.Tx, user asset.ID) error {
	return tx.EndLogins(ctx, user)
}
