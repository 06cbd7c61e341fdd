package account

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
)

// token is an access token that was parsed and, once it is open, verified.
type token struct {
	kid        string
	parsed     *jwt.JSONWebToken // nil when open
	registered jwt.Claims
	claims     presented
}

// parseToken reads what names the key; nothing of it is to be believed yet.
func parseToken(text string) (*token, error) {
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, err
	}
	if len(parsed.Headers) != 1 || parsed.Headers[0].KeyID == "" {
		return nil, errors.New("no kid")
	}
	return &token{kid: parsed.Headers[0].KeyID, parsed: parsed}, nil
}

// open verifies the signature and reads what it signs. The dates are not looked
// at: they are another thing at every moment.
func (t *token) open(public *ecdsa.PublicKey) (err error) {
	if err := t.parsed.Claims(public, &t.registered, &t.claims); err != nil {
		return err
	}
	if t.claims.User, err = uuid.Parse(t.registered.Subject); err != nil || t.registered.Expiry == nil {
		return errors.New("without sub or exp")
	}
	t.claims.ID = t.registered.ID
	kind := typJWT
	if t.claims.Client != "" {
		kind = typAccess
	}
	if t.parsed.Headers[0].ExtraHeaders[jose.HeaderType] != kind {
		return errors.New("a token of another kind")
	}
	t.parsed = nil
	return nil
}

// maxSeenTokens bounds the memory; beyond it, all are verified anew.
const maxSeenTokens = 10000

// tokenCache remembers, by their SHA-256, the tokens whose signature was found to
// be ours: a signature takes longer to verify than all else that a read does.
// Whether the key still holds, the dates and whether the session lives are asked
// every time.
type tokenCache struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]*token
}

func (c *tokenCache) find(name [sha256.Size]byte) *token {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[name]
}

func (c *tokenCache) keep(name [sha256.Size]byte, t *token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) >= maxSeenTokens {
		c.seen = map[[sha256.Size]byte]*token{}
	}
	c.seen[name] = t
}
