// Package account knows who is asking: users, organizations, sessions, API keys,
// and what each of them may do.
package account

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/issuer"
)

// Config is the accounts' part of the configuration.
type Config struct {
	// Issuer is the deployment's base URL; it is the iss of access tokens, and
	// tokens of another issuer are refused.
	Issuer string `yaml:"-"`
	// AccessTTL is how long an access token works. Default 1h.
	AccessTTL time.Duration `yaml:"access_ttl"`
	// RefreshTTL is how long a session lives without being refreshed. Default 720h.
	RefreshTTL time.Duration `yaml:"refresh_ttl"`
	// SessionTTL is how long a session lives however often it is refreshed.
	// Default 2160h, 90 days.
	SessionTTL time.Duration `yaml:"session_ttl"`
	// Argon2 sets the cost of password hashes. Default 19456 KiB, 2 passes, 1
	// lane (the OWASP cheat sheet's). Hashes made with other figures still work
	// and are renewed at the next login.
	Argon2 Argon2 `yaml:"argon2"`
	// HashesAtOnce bounds the memory that a flood of logins can take: so many
	// passwords are hashed at a time, 32 times as many wait, the rest is told to
	// come back later. Default: the number of CPUs.
	HashesAtOnce int `yaml:"hashes_at_once"`
	// SessionsPerUser is how many sessions of a user live at a time: a login beyond
	// ends the one that was unused the longest. Default 100.
	SessionsPerUser int `yaml:"sessions_per_user"`
	// OwnedOrganizations is how many a user may own. Default 10.
	OwnedOrganizations int `yaml:"owned_organizations"`
	// ClientsPerOrganization is how many OAuth2 clients an organization may have.
	// Default 100.
	ClientsPerOrganization int `yaml:"clients_per_organization"`
	// KeysPerOrganization is how many API keys of an organization may work at a
	// time. Default 1000.
	KeysPerOrganization int `yaml:"keys_per_organization"`
	// SelfServicePlans lets the creator of an organization choose its plan.
	// Default true; when false everybody begins with free.
	SelfServicePlans bool `yaml:"self_service_plans"`

	// DeletionGrace is how long an organization that was deleted can be restored.
	// Default 720h, 30 days; 0 erases it at the next quarter of an hour.
	DeletionGrace time.Duration `yaml:"deletion_grace"`

	// Issuers are the OpenID Connect issuers outside whose tokens are taken, a list of
	// {issuer, audience, scopes, create_users}. Default none.
	Issuers []issuer.Config `yaml:"issuers"`

	// Queue takes the messages that are to be sent; where it is nil, what sends
	// one is SERVICE_UNAVAILABLE, and registration sends none.
	Queue Queue `yaml:"-"`
	// Now is the clock; time.Now when nil.
	Now func() time.Time `yaml:"-"`
}

// DefaultConfig is the configuration of a deployment at a base URL.
func DefaultConfig(base string) Config {
	return Config{
		Issuer: base, AccessTTL: time.Hour, RefreshTTL: 30 * 24 * time.Hour, SessionTTL: 90 * 24 * time.Hour,
		Argon2:       Argon2{MemoryKiB: 19456, Passes: 2, Lanes: 1},
		HashesAtOnce: runtime.NumCPU(), SessionsPerUser: 100, OwnedOrganizations: 10, ClientsPerOrganization: 100, KeysPerOrganization: 1000, SelfServicePlans: true,
		DeletionGrace: 30 * 24 * time.Hour, Now: time.Now,
	}
}

// Validate says what is out of range.
func (c Config) Validate() error {
	for _, i := range c.Issuers {
		if err := i.Validate(); err != nil {
			return fmt.Errorf("account: %w", err)
		}
		if i.Issuer == c.Issuer {
			return fmt.Errorf("account: %s is this deployment itself, not one of issuers", i.Issuer)
		}
		for _, scope := range i.Scopes {
			if !slices.Contains(roleScopes[RoleOwner], scope) {
				return fmt.Errorf("account: %s: there is no scope %q for outside issuers", i.Issuer, scope)
			}
		}
	}
	switch {
	case c.AccessTTL < time.Second || c.RefreshTTL < c.AccessTTL:
		return fmt.Errorf("account: access_ttl is a second or more, and refresh_ttl is not shorter")
	case c.SessionTTL < c.AccessTTL:
		return fmt.Errorf("account: session_ttl is not shorter than access_ttl")
	case c.Argon2.MemoryKiB < 8*uint32(c.Argon2.Lanes) || c.Argon2.Passes < 1 || c.Argon2.Lanes < 1:
		return fmt.Errorf("account: argon2 wants passes and lanes of 1 or more and 8 KiB of memory a lane")
	case c.DeletionGrace < 0:
		return fmt.Errorf("account: deletion_grace is not negative")
	case c.ClientsPerOrganization < 1:
		return fmt.Errorf("account: clients_per_organization is 1 or more")
	case c.SessionsPerUser < 1:
		return fmt.Errorf("account: sessions_per_user is 1 or more")
	case c.HashesAtOnce < 1 || c.OwnedOrganizations < 1 || c.KeysPerOrganization < 1:
		return fmt.Errorf("account: hashes_at_once, owned_organizations and keys_per_organization are 1 or more")
	}
	return nil
}

// Sealer keeps secrets unreadable at rest.
type Sealer interface {
	Seal(purpose string, plaintext []byte) []byte
	Open(purpose string, sealed []byte) ([]byte, error)
}

// OrgKeys makes the key with which an organization signs its statements, in the
// transaction that makes the organization.
type OrgKeys interface {
	Create(ctx context.Context, tx *db.Tx, organization asset.ID) error
}

// Service answers for accounts. It is safe for concurrent use. All errors that
// are the caller's fault are *asset.Error.
type Service struct {
	config  Config
	db      *db.DB
	sealer  Sealer
	orgKeys OrgKeys
	hasher  *hasher
	keys    *keyring
	outside *issuer.Issuers

	successors successors
}

// New makes a service and, in a new deployment, the first signing key.
func New(ctx context.Context, c Config, d *db.DB, sealer Sealer, orgKeys OrgKeys) (*Service, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Service{config: c, db: d, sealer: sealer, orgKeys: orgKeys, hasher: newHasher(c.Argon2, c.HashesAtOnce)}
	var err error
	if s.outside, err = issuer.New(c.Issuers, c.Now); err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	s.keys = &keyring{service: s}
	if err := s.keys.ensure(ctx); err != nil {
		return nil, fmt.Errorf("token signing keys: %w", err)
	}
	if s.successors, err = newSuccessors(ctx, d, sealer); err != nil {
		return nil, fmt.Errorf("the key of refresh tokens: %w", err)
	}
	return s, nil
}

func (s *Service) now() time.Time { return s.config.Now().UTC() }
