package httpapi

import (
	"context"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/httpapi/gen"
)

// ListSessions lists the caller's sessions that still work.
func (s *server) ListSessions(ctx context.Context, r gen.ListSessionsRequestObject) (gen.ListSessionsResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.Sessions(ctx, callerOf(ctx).Principal, p)
	if err != nil {
		return nil, err
	}
	return gen.ListSessions200JSONResponse{Items: each(found, sessionBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

func sessionBody(v account.Session) gen.Session {
	b := gen.Session{ID: v.ID, CreatedAt: v.CreatedAt.UTC(), ExpiresAt: v.ExpiresAt.UTC(),
		Address: v.Address, UserAgent: v.UserAgent, Current: v.Current}
	if v.LastUsedAt != nil {
		at := v.LastUsedAt.UTC()
		b.LastUsedAt = &at
	}
	return b
}

// RevokeSession ends one of the caller's sessions.
func (s *server) RevokeSession(ctx context.Context, r gen.RevokeSessionRequestObject) (gen.RevokeSessionResponseObject, error) {
	if err := s.Accounts.RevokeSession(ctx, callerOf(ctx).Principal, r.SessionID); err != nil {
		return nil, err
	}
	return gen.RevokeSession204Response{}, nil
}

// RevokeSessions ends all of them, the one that asks too.
func (s *server) RevokeSessions(ctx context.Context, _ gen.RevokeSessionsRequestObject) (gen.RevokeSessionsResponseObject, error) {
	if err := s.Accounts.RevokeSessions(ctx, callerOf(ctx).Principal); err != nil {
		return nil, err
	}
	return gen.RevokeSessions204Response{}, nil
}
