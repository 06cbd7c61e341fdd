package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// An API key is "cert_pk_", 32 random characters of base 62 (190 bits), and 6
// characters that are the CRC-32 (IEEE) of all before them, in base 62 with the
// highest digit first: a key that was mistyped or cut is refused unasked.
const (
	keyPrefix   = "cert_pk_"
	keyRandom   = 32
	keyChecksum = 6
	base62      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

func newKey() string {
	b := []byte(keyPrefix)
	for range keyRandom {
		i, err := rand.Int(rand.Reader, big.NewInt(62))
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		b = append(b, base62[i.Int64()])
	}
	return string(b) + checksum(string(b))
}

func checksum(s string) string {
	var digits [keyChecksum]byte
	n := crc32.ChecksumIEEE([]byte(s))
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = base62[n%62]
		n /= 62
	}
	return string(digits[:])
}

func wellFormed(key string) bool {
	if len(key) != len(keyPrefix)+keyRandom+keyChecksum || !strings.HasPrefix(key, keyPrefix) {
		return false
	}
	cut := len(key) - keyChecksum
	return checksum(key[:cut]) == key[cut:]
}

// hashSecret is what is kept of a key or token. They are random, so that a plain
// hash cannot be searched for them.
func hashSecret(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// APIKey is a key without its secret.
type APIKey = db.APIKey

// NewAPIKey is what the maker of a key says. ExpiresInDays is 1 to 3650; nil
// never expires.
type NewAPIKey struct {
	Name          string
	Scopes        []string
	ExpiresInDays *int
}

// CreateAPIKey makes a key of the organization in force and answers it whole,
// the only time. A key cannot have a scope that its maker has not; a key, or a
// program that somebody let in, makes keys only with the scope admin.
func (s *Service) CreateAPIKey(ctx context.Context, p Principal, n NewAPIKey) (*APIKey, string, error) {
	if _, err := s.keysInReach(p); err != nil {
		return nil, "", err
	}
	if err := hasRole(p); err != nil {
		return nil, "", err
	}
	return s.createKey(ctx, p, n)
}

// hasRole refuses clients that act for nobody: a key has its maker's role.
func hasRole(p Principal) error {
	if p.UserID == (asset.ID{}) {
		return asset.Errorf(asset.Forbidden, nil, "a key has the role of the user who makes it, and there is no user behind this token")
	}
	return nil
}

// CreateOperatorKey makes a key without asking anybody, for the command line. It
// belongs to the organization's owner. Platform is allowed in an organization of the
// operator's own: customers would see such a key in their lists and could end it.
func (s *Service) CreateOperatorKey(ctx context.Context, o *db.Organization, n NewAPIKey) (*APIKey, string, error) {
	if slices.Contains(n.Scopes, ScopePlatform) {
		owner, err := s.db.UserByID(ctx, o.OwnerID)
		if err != nil {
			return nil, "", err
		}
		if !strings.HasSuffix(owner.Email, "@"+operatorDomain) {
			return nil, "", asset.Errorf(asset.Forbidden, nil, "%s is not the operator's own: make a key with the scope platform by admin keys create", o.Slug)
		}
	}
	return s.createKey(ctx, operatorIn(o), n)
}

// operatorIn is the command line, where it acts for an organization's owner.
func operatorIn(o *db.Organization) Principal {
	return Principal{UserID: o.OwnerID, OrganizationID: o.ID, Role: RoleOwner, Operator: true,
		Scopes: append(slices.Clone(roleScopes[RoleOwner]), ScopePlatform)}
}

func (s *Service) createKey(ctx context.Context, p Principal, n NewAPIKey) (*APIKey, string, error) {
	name := strings.TrimSpace(n.Name)
	if name == "" || utf8.RuneCountInString(name) > 100 {
		return nil, "", asset.Invalid("the name has 1 to 100 characters", "name")
	}
	if len(n.Scopes) == 0 {
		return nil, "", asset.Invalid("a key needs at least one scope", "scopes")
	}
	scopes, err := grantable(p, n.Scopes)
	if err != nil {
		return nil, "", err
	}
	k, secret := s.newAPIKey(p, name, scopes)
	if n.ExpiresInDays != nil {
		if *n.ExpiresInDays < 1 || *n.ExpiresInDays > 3650 {
			return nil, "", asset.Invalid("expires_in_days is 1 to 3650", "expires_in_days")
		}
		t := k.CreatedAt.AddDate(0, 0, *n.ExpiresInDays).Truncate(time.Microsecond)
		k.ExpiresAt = &t
	}
	return k, secret, s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.stillThere(ctx, tx, p); err != nil {
			return err
		}
		if n, err := tx.CountLiveAPIKeys(ctx, p.OrganizationID); err != nil {
			return err
		} else if n >= s.config.KeysPerOrganization {
			return asset.Errorf(asset.QuotaExceeded, nil, "an organization has at most %d API keys; revoke some", s.config.KeysPerOrganization)
		}
		if err := tx.InsertAPIKey(ctx, k); err != nil {
			return err
		}
		return record(ctx, tx, p, keyEvent(ActionKeyCreated, k, map[string]any{"name": k.Name, "scopes": k.Scopes}))
	})
}

// grantable are the scopes without repetitions, all of which p may give.
func grantable(p Principal, wanted []string) (scopes []string, err error) {
	for _, scope := range wanted {
		switch {
		case scope == ScopePlatform && !p.Operator:
			return nil, asset.Errorf(asset.Forbidden, nil, "keys with the scope platform are made by the command line")
		case scope != ScopePlatform && !slices.Contains(roleScopes[RoleOwner], scope):
			return nil, asset.Invalid("scopes are read, write, verify, commit, webhooks, sealing, admin", "scopes")
		case !p.Has(scope):
			return nil, asset.Errorf(asset.InsufficientScope, nil, "you cannot give the scope %q, which you do not have", scope)
		case !slices.Contains(scopes, scope):
			scopes = append(scopes, scope)
		}
	}
	return scopes, nil
}

func (s *Service) newAPIKey(p Principal, name string, scopes []string) (*APIKey, string) {
	secret := newKey()
	return &APIKey{ID: asset.NewID(), OrganizationID: p.OrganizationID, UserID: p.UserID, Name: name, Scopes: scopes,
		CreatedAt: s.now(), Hash: hashSecret(secret), Masked: keyPrefix + "..." + secret[len(secret)-4:]}, secret
}

func keyEvent(action string, k *APIKey, details map[string]any) Event {
	return Event{Action: action, Organization: &k.OrganizationID, Target: k.ID.String(), Details: details}
}

// APIKeys lists a page of the organization's keys, masked, newest first. Owners
// and admins see all of them, others their own; a key needs the scope admin.
func (s *Service) APIKeys(ctx context.Context, p Principal, page db.Page) ([]APIKey, int, error) {
	mine, err := s.keysInReach(p)
	if err != nil {
		return nil, 0, err
	}
	return s.db.APIKeys(ctx, p.OrganizationID, mine, page)
}

// keysInReach is whose keys the caller manages: nil for everybody's.
func (s *Service) keysInReach(p Principal) (*asset.ID, error) {
	if p.Has(ScopeAdmin) {
		return nil, nil
	}
	if p.KeyID != nil || p.ClientID != "" {
		return nil, p.Require(ScopeAdmin)
	}
	return &p.UserID, nil
}

// managedKey finds a key that the caller manages; any other does not exist.
func (s *Service) managedKey(ctx context.Context, p Principal, id asset.ID) (*APIKey, error) {
	mine, err := s.keysInReach(p)
	if err != nil {
		return nil, err
	}
	k, err := s.db.APIKeyByID(ctx, p.OrganizationID, id)
	if err != nil {
		return nil, err
	}
	if mine != nil && k.UserID != *mine {
		return nil, asset.Errorf(asset.NotFound, nil, "there is no such API key")
	}
	return k, nil
}

// RevokeAPIKey ends a key at once; what the caller does not manage does not
// exist.
func (s *Service) RevokeAPIKey(ctx context.Context, p Principal, id asset.ID) error {
	k, err := s.managedKey(ctx, p, id)
	if err != nil || k.RevokedAt != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.RevokeAPIKey(ctx, id); err != nil {
			return err
		}
		return record(ctx, tx, p, keyEvent(ActionKeyRevoked, k, map[string]any{"name": k.Name}))
	})
}

// ValidateAPIKey answers a key that works now, with its scopes as they are worth
// today, or INVALID_API_KEY.
func (s *Service) ValidateAPIKey(ctx context.Context, key string) (*APIKey, error) {
	k, there, err := s.liveKey(ctx, key)
	if err == nil {
		err = (Credentials{}).admit(there)
	}
	if err != nil {
		return nil, err
	}
	s.touch(ctx, k)
	k.Scopes = effectiveScopes(k.Scopes, there.Role)
	return k, nil
}

// errUnknownKey is the cause of the INVALID_API_KEY of a key that was never made:
// it is mistyped, or guessed.
var errUnknownKey = errors.New("there never was such an API key")

// UnknownKey reports whether an error is about an API key that was never made.
// Those that ended are nobody's guess.
func UnknownKey(err error) bool { return errors.Is(err, errUnknownKey) }

// liveKey finds a key that works, and how its creator stands in its organization.
func (s *Service) liveKey(ctx context.Context, key string) (*APIKey, db.Standing, error) {
	const invalid = "the API key is invalid or revoked"
	if !wellFormed(key) {
		return nil, db.Standing{}, asset.Errorf(asset.InvalidAPIKey, errUnknownKey, invalid)
	}
	k, there, err := s.db.APIKeyByHash(ctx, hashSecret(key))
	switch {
	case err != nil:
		return nil, there, err
	case k == nil:
		return nil, there, asset.Errorf(asset.InvalidAPIKey, errUnknownKey, invalid)
	case there.Role == "" || !k.Active(s.now()):
		return nil, there, asset.Errorf(asset.InvalidAPIKey, nil, invalid)
	}
	return k, there, nil
}

// touch notes the use of a key, once a minute. That it was not noted is no reason
// to refuse the request, or to keep it waiting behind a long write.
func (s *Service) touch(ctx context.Context, k *APIKey) {
	if k.LastUsedAt != nil && s.now().Sub(*k.LastUsedAt) < time.Minute {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if s.db.TouchAPIKey(ctx, k.ID) == nil {
		now := s.now()
		k.LastUsedAt = &now
	}
}
