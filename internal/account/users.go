package account

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Registration is what a newcomer says.
type Registration struct {
	Email    string
	Password string
	FullName string // may be empty; up to 200 characters
}

// User is a user as the API shows one. Tier is the best plan among the
// organizations that the user owns.
type User struct {
	ID        asset.ID
	Email     string
	FullName  string
	Tier      string
	CreatedAt time.Time
}

// Register makes a user with a personal organization, of which they are owner,
// and that organization's signing key. An address in use is CONFLICT.
func (s *Service) Register(ctx context.Context, r Registration) (*User, error) {
	email, err := checkEmail(r.Email)
	if err != nil {
		return nil, err
	}
	if err := checkPassword(r.Password); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(r.FullName) > 200 {
		return nil, asset.Invalid("the full name has up to 200 characters", "full_name")
	}
	// Looked up first to spare the hash; the insert decides.
	if known, err := s.db.UserByEmail(ctx, email); err != nil {
		return nil, err
	} else if known != nil {
		return nil, asset.Errorf(asset.Conflict, nil, "a user with this e-mail address exists already")
	}
	hash, err := s.hasher.hash(ctx, r.Password)
	if err != nil {
		return nil, err
	}
	u := &db.User{ID: asset.NewID(), Email: email, PasswordHash: hash, FullName: strings.TrimSpace(r.FullName)}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		if err := s.insertOrganization(ctx, tx, personalOrganization(u)); err != nil {
			return err
		}
		if err := record(ctx, tx, Principal{UserID: u.ID}, Event{Action: ActionRegistered}); err != nil || s.config.Queue == nil {
			return err
		}
		return s.sendVerification(ctx, tx, u)
	})
	if err != nil {
		return nil, err
	}
	return s.user(ctx, u)
}

// personalOrganization is named after its user; its slug ends in chance, since
// it must be unique and nobody chose it.
func personalOrganization(u *db.User) *db.Organization {
	local, _, _ := strings.Cut(u.Email, "@")
	name := u.FullName
	if name == "" {
		name = local
	}
	base := slugOf(local)
	if base == "" {
		base = "user"
	}
	return &db.Organization{
		ID: asset.NewID(), Name: name, Slug: base[:min(len(base), 40)] + "-" + chance(),
		OwnerID: u.ID, Plan: PlanFree, Personal: true,
	}
}

// chance is eight hex digits for a slug that nobody chose.
func chance() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // crypto/rand ends the program rather than fail
	return hex.EncodeToString(b)
}

func (s *Service) user(ctx context.Context, u *db.User) (*User, error) {
	plans, err := s.db.OwnedPlans(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	return &User{ID: u.ID, Email: u.Email, FullName: u.FullName, Tier: bestPlan(plans), CreatedAt: u.CreatedAt}, nil
}

// UserByID answers a user, or NOT_FOUND.
func (s *Service) UserByID(ctx context.Context, id asset.ID) (*User, error) {
	u, err := s.db.UserByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.user(ctx, u)
}
