package account

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/certana/certana/internal/asset"
)

// Me is a user as they see themselves.
type Me struct {
	User
	EmailVerified bool
	TOTPEnabled   bool
}

// Me answers who asks.
func (s *Service) Me(ctx context.Context, p Principal) (*Me, error) {
	if err := inPerson(p); err != nil {
		return nil, err
	}
	return s.me(ctx, p.UserID)
}

func (s *Service) me(ctx context.Context, id asset.ID) (*Me, error) {
	row, err := s.db.UserByID(ctx, id)
	if err != nil {
		return nil, err
	}
	u, err := s.user(ctx, row)
	if err != nil {
		return nil, err
	}
	return &Me{User: *u, EmailVerified: row.EmailVerifiedAt != nil, TOTPEnabled: row.TOTPConfirmedAt != nil}, nil
}

// UpdateMe changes the caller's name, unless it is nil.
func (s *Service) UpdateMe(ctx context.Context, p Principal, fullName *string) (*Me, error) {
	if err := inPerson(p); err != nil {
		return nil, err
	}
	if fullName != nil {
		name := strings.TrimSpace(*fullName)
		if utf8.RuneCountInString(name) > 200 {
			return nil, asset.Invalid("the full name has up to 200 characters", "full_name")
		}
		if err := s.db.SetFullName(ctx, p.UserID, name); err != nil {
			return nil, err
		}
	}
	return s.me(ctx, p.UserID)
}
