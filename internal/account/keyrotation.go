package account

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// How long a key works on beside its successor.
const (
	DefaultKeyOverlap = 24 * time.Hour
	MaxKeyOverlap     = 720 * time.Hour
)

// RotateAPIKey makes a successor with the same name, scopes and end, and answers
// it whole, the only time; the old key works on for the overlap (0 to
// MaxKeyOverlap) and not beyond its own end. The successor is the caller's, who
// sees its secret, and therefore like any key of theirs: it cannot have a scope
// that they have not. A key that has a successor, or works no more, is CONFLICT.
func (s *Service) RotateAPIKey(ctx context.Context, p Principal, id asset.ID, overlap time.Duration) (*APIKey, string, error) {
	old, err := s.managedKey(ctx, p, id)
	if err == nil {
		err = hasRole(p)
	}
	if err != nil {
		return nil, "", err
	}
	return s.rotateKey(ctx, p, old, overlap)
}

// RotateOperatorKey does the same for the command line, which asks nobody.
func (s *Service) RotateOperatorKey(ctx context.Context, o *db.Organization, id asset.ID, overlap time.Duration) (*APIKey, string, error) {
	return s.RotateAPIKey(ctx, operatorIn(o), id, overlap)
}

// RevokeOperatorKey ends a key for the command line.
func (s *Service) RevokeOperatorKey(ctx context.Context, o *db.Organization, id asset.ID) error {
	return s.RevokeAPIKey(ctx, operatorIn(o), id)
}

func (s *Service) rotateKey(ctx context.Context, p Principal, old *APIKey, overlap time.Duration) (*APIKey, string, error) {
	if overlap < 0 || overlap > MaxKeyOverlap {
		return nil, "", asset.Invalid("overlap_hours is 0 to 720", "overlap_hours")
	}
	if old.ReplacedBy == nil && !old.Active(s.now()) {
		return nil, "", asset.Errorf(asset.Conflict, nil, "the API key works no more; make a new one")
	}
	scopes, err := grantable(p, old.Scopes)
	if err != nil {
		return nil, "", err
	}
	k, secret := s.newAPIKey(p, old.Name, scopes)
	k.ExpiresAt, k.RotatedFrom = old.ExpiresAt, &old.ID
	end := k.CreatedAt.Add(overlap).Truncate(time.Microsecond)
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.stillThere(ctx, tx, p); err != nil {
			return err
		}
		first, err := tx.SupersedeAPIKey(ctx, old.ID, k.ID, end)
		if err != nil {
			return err
		}
		if !first {
			return asset.Errorf(asset.Conflict, nil, "the API key has a successor already, or was revoked")
		}
		if err := tx.InsertAPIKey(ctx, k); err != nil {
			return err
		}
		return record(ctx, tx, p, keyEvent(ActionKeyRotated, k, map[string]any{"rotated_from": old.ID, "overlap_hours": overlap.Hours()}))
	})
	if err != nil {
		return nil, "", err
	}
	return k, secret, nil
}
