package account

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// TokenAudience is the aud of access tokens.
const TokenAudience = "certana"

// keyringAge is after how long the keys are read again: a key that another
// process made or retired is known after that, or at once when a token names a
// key that is not known.
const keyringAge = time.Minute

// tokenClaims are what an access token of a login says besides its dates.
type tokenClaims struct {
	User         asset.ID `json:"-"`
	Session      asset.ID `json:"sid"`
	Organization asset.ID `json:"org"`
}

// presented is what was found in an access token of ours: a login's, or one that
// was given to an OAuth2 client.
type presented struct {
	tokenClaims
	Client string `json:"client_id"` // "" in a login's
	ID     string `json:"-"`         // jti
}

// keyring signs and verifies access tokens (ES256, RFC 7518) with keys whose
// private halves are sealed in the database.
type keyring struct {
	service *Service

	mu     sync.Mutex
	read   time.Time
	signer signers
	public map[string]*ecdsa.PublicKey
	set    jose.JSONWebKeySet

	seen tokenCache
}

// signers sign with one key tokens of different kinds, by their typ.
type signers map[string]jose.Signer

// The typ of tokens: of those of logins and of ID tokens, and of those that
// OAuth2 clients get (RFC 9068).
const (
	typJWT    = "JWT"
	typAccess = "at+jwt"
)

func sealPurpose(kid string) string { return "signing-key/" + kid }

// ensure makes the first key. Of several processes that start at once one makes
// it: SQLite's write transactions exclude each other, and on PostgreSQL a second
// first key does no harm.
func (k *keyring) ensure(ctx context.Context) error {
	err := k.service.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := tx.SigningKeys(ctx)
		if err != nil {
			return err
		}
		for _, row := range all {
			if row.RetiredAt == nil {
				return nil
			}
		}
		_, err = k.insert(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.load(ctx)
}

func (k *keyring) insert(ctx context.Context, tx *db.Tx) (kid string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(public)
	kid = base64.RawURLEncoding.EncodeToString(sum[:12])
	return kid, tx.InsertSigningKey(ctx, &db.SigningKey{
		KID: kid, PublicKey: public, SealedPrivate: k.service.sealer.Seal(sealPurpose(kid), secret), CreatedAt: k.service.now(),
	})
}

// RotateSigningKey makes a new key for access tokens. Tokens of the old ones
// work until they expire.
func (s *Service) RotateSigningKey(ctx context.Context) (kid string, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if kid, err = s.keys.insert(ctx, tx); err != nil {
			return err
		}
		if err := tx.RetireSigningKeys(ctx, kid); err != nil {
			return err
		}
		return record(ctx, tx, Principal{Operator: true}, Event{Action: ActionSigningKeyRotated, Target: kid})
	})
	if err != nil {
		return "", err
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return kid, s.keys.load(ctx)
}

// load reads the keys; mu is held. A retired key verifies as long as a token of
// a process that had not heard of its retirement can live.
func (k *keyring) load(ctx context.Context) error {
	rows, err := k.service.db.SigningKeys(ctx)
	if err != nil {
		return err
	}
	now := k.service.now()
	public, set := make(map[string]*ecdsa.PublicKey), jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	var signer signers
	for _, row := range rows {
		if row.RetiredAt != nil && now.Sub(*row.RetiredAt) > k.service.config.AccessTTL+keyringAge {
			continue
		}
		parsed, err := x509.ParsePKIXPublicKey(row.PublicKey)
		if err != nil {
			return fmt.Errorf("signing key %s: %w", row.KID, err)
		}
		key, ok := parsed.(*ecdsa.PublicKey)
		if !ok {
			return fmt.Errorf("signing key %s is a %T", row.KID, parsed)
		}
		public[row.KID] = key
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key, KeyID: row.KID, Algorithm: string(jose.ES256), Use: "sig"})
		if signer == nil && row.RetiredAt == nil {
			if signer, err = k.open(row); err != nil {
				return fmt.Errorf("signing key %s: %w", row.KID, err)
			}
		}
	}
	if signer == nil {
		return errors.New("no signing key is in force")
	}
	k.read, k.signer, k.public, k.set = now, signer, public, set
	return nil
}

func (k *keyring) open(row db.SigningKey) (signers, error) {
	secret, err := k.service.sealer.Open(sealPurpose(row.KID), row.SealedPrivate)
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(secret)
	if err != nil {
		return nil, err
	}
	key := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: row.KID}}
	all := signers{}
	for _, typ := range []string{typJWT, typAccess} {
		if all[typ], err = jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ))); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fresh answers the keys, read again when they are old or kid is not among them
// (then at most once a second, whatever tokens come).
func (k *keyring) fresh(ctx context.Context, kid string) (signers, *ecdsa.PublicKey, jose.JSONWebKeySet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.service.now().Sub(k.read)
	if unknown := kid != "" && k.public[kid] == nil; age > keyringAge || age < 0 || (unknown && age > time.Second) {
		if err := k.load(ctx); err != nil {
			return nil, nil, jose.JSONWebKeySet{}, err
		}
	}
	return k.signer, k.public[kid], k.set, nil
}

// JWKS is the set of public keys that access tokens verify under, as JSON.
func (s *Service) JWKS(ctx context.Context) (jose.JSONWebKeySet, error) {
	_, _, set, err := s.keys.fresh(ctx, "")
	return set, err
}

func (k *keyring) sign(ctx context.Context, c tokenClaims) (string, error) {
	signer, _, _, err := k.fresh(ctx, "")
	if err != nil {
		return "", err
	}
	now := k.service.now()
	return jwt.Signed(signer[typJWT]).Claims(jwt.Claims{
		Issuer: k.service.config.Issuer, Audience: jwt.Audience{TokenAudience}, Subject: c.User.String(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(k.service.config.AccessTTL)),
		ID: uuid.NewString(),
	}).Claims(c).Serialize()
}

// verify checks a token's signature first and its dates after, so that only a
// token that was truly ours is called expired.
func (k *keyring) verify(ctx context.Context, token string) (presented, error) {
	bad := func(why error) (presented, error) {
		return presented{}, asset.Errorf(asset.Unauthorized, why, "the access token is not valid")
	}
	if len(token) > 4096 {
		return bad(errors.New("longer than any of ours"))
	}
	name := sha256.Sum256([]byte(token))
	t := k.seen.find(name)
	known := t != nil
	if !known {
		var err error
		if t, err = parseToken(token); err != nil {
			return bad(err)
		}
	}
	_, public, _, err := k.fresh(ctx, t.kid)
	if err != nil {
		return presented{}, err
	}
	if public == nil {
		return bad(errors.New("unknown kid"))
	}
	if !known {
		if err := t.open(public); err != nil {
			return bad(err)
		}
		k.seen.keep(name, t)
	}
	err = t.registered.ValidateWithLeeway(jwt.Expected{
		Issuer: k.service.config.Issuer, AnyAudience: jwt.Audience{TokenAudience}, Time: k.service.now(),
	}, 0)
	if errors.Is(err, jwt.ErrExpired) {
		return presented{}, asset.Errorf(asset.TokenExpired, nil, "JWT token has expired")
	}
	if err != nil && !errors.Is(err, jwt.ErrIssuedInTheFuture) { // another node's clock may be ahead
		return bad(err)
	}
	return t.claims, nil
}
