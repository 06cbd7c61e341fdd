// Package issuer knows the OpenID Connect issuers outside of this deployment
// whose tokens the operator takes, and tells what such a token says. Who that is
// here is decided in package account.
package issuer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Config is one issuer whose tokens are taken.
type Config struct {
	// Issuer is its identifier, the iss of its tokens: an https URL, or http on
	// this machine.
	Issuer string `yaml:"issuer" json:"issuer"`
	// Audience is what must be among the aud of its tokens: what the issuer calls
	// this deployment, or a client of its own.
	Audience string `yaml:"audience" json:"audience"`
	// Scopes bounds what its tokens may do, on top of the role that the user has
	// here. Default everything.
	Scopes []string `yaml:"scopes" json:"scopes"`
	// CreateUsers registers whoever comes with a verified e-mail address and is not
	// known yet. Default false.
	CreateUsers bool `yaml:"create_users" json:"create_users"`
}

// Validate says what is out of range.
func (c Config) Validate() error {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("issuer: %q is no URL without query and fragment", c.Issuer)
	}
	ip := net.ParseIP(u.Hostname())
	if local := u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback()); u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return fmt.Errorf("issuer: %s must be https", c.Issuer)
	}
	if c.Audience == "" {
		return fmt.Errorf("issuer: %s needs an audience, or tokens for anybody would be taken", c.Issuer)
	}
	return nil
}

// Identity is what a token says of somebody, in the issuer's words.
type Identity struct {
	Config        Config
	Subject       string
	Email, Name   string // may be empty
	EmailVerified bool
}

// ErrExpired is a token that was good once.
var ErrExpired = errors.New("the token has expired")

// maxToken bounds a token, in bytes.
const maxToken = 16 << 10

// algorithms are asymmetric ones: no key of the issuer's is anything but public.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

// Issuers are those that are trusted. It is safe for concurrent use.
type Issuers struct {
	client *http.Client
	now    func() time.Time
	all    map[string]*trusted
}

// trusted is one issuer; verifier is nil until its metadata was read.
type trusted struct {
	Config
	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
}

// New makes the set. Nothing is fetched before the first token comes.
func New(all []Config, now func() time.Time) (*Issuers, error) {
	i := &Issuers{now: now, all: map[string]*trusted{}, client: newClient(now)}
	for _, c := range all {
		if err := c.Validate(); err != nil {
			return nil, err
		}
		if i.all[c.Issuer] != nil {
			return nil, fmt.Errorf("issuer: %s is named twice", c.Issuer)
		}
		i.all[c.Issuer] = &trusted{Config: c}
	}
	return i, nil
}

// Of is the issuer that a token claims to be of, "" when it cannot be read.
// Nothing is verified.
func Of(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxToken {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Issuer
}

// Takes reports whether a token claims to be of an issuer that is trusted.
func (i *Issuers) Takes(token string) bool { return len(i.all) > 0 && i.all[Of(token)] != nil }

// Verify checks a token of a trusted issuer: its signature under the keys that the
// issuer publishes, its dates and its audience. The token has no say in where keys
// come from.
func (i *Issuers) Verify(ctx context.Context, token string) (*Identity, error) {
	t := i.all[Of(token)]
	if t == nil {
		return nil, errors.New("the issuer is not trusted")
	}
	if err := usable(token); err != nil {
		return nil, err
	}
	verifier, err := t.ready(i)
	if err != nil {
		return nil, err
	}
	verified, err := verifier.Verify(ctx, token)
	if expired := new(oidc.TokenExpiredError); errors.As(err, &expired) && !expired.Expiry.IsZero() {
		return nil, ErrExpired
	}
	if err != nil {
		return nil, err
	}
	var claims struct {
		Email    string          `json:"email"`
		Verified any             `json:"email_verified"`
		Name     string          `json:"name"`
		Events   json.RawMessage `json:"events"`
	}
	if err := verified.Claims(&claims); err != nil {
		return nil, err
	}
	if verified.Subject == "" || len(verified.Subject) > 255 || claims.Events != nil {
		return nil, errors.New("it says of nobody that they are here")
	}
	return &Identity{Config: t.Config, Subject: verified.Subject, Email: claims.Email, Name: claims.Name,
		EmailVerified: claims.Verified == true || claims.Verified == "true"}, nil
}

// usable reads a token's header: ID tokens and access tokens are taken, and not
// the others that issuers sign with the same key, such as logout tokens.
func usable(token string) error {
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	var header struct {
		Type string `json:"typ"`
	}
	if err == nil {
		err = json.Unmarshal(text, &header)
	}
	if err == nil && !slices.Contains([]string{"", "jwt", "at+jwt", "application/at+jwt"}, strings.ToLower(header.Type)) {
		err = fmt.Errorf("a token of type %q", header.Type)
	}
	return err
}

// ready reads the issuer's metadata, once.
func (t *trusted) ready(i *Issuers) (*oidc.IDTokenVerifier, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.verifier != nil {
		return t.verifier, nil
	}
	// Whoever asked first may leave: others wait for the same answer.
	ctx := oidc.ClientContext(context.Background(), i.client)
	provider, err := oidc.NewProvider(ctx, t.Issuer)
	if err != nil {
		return nil, fmt.Errorf("read the metadata of %s: %w", t.Issuer, err)
	}
	t.verifier = provider.VerifierContext(ctx, &oidc.Config{ClientID: t.Audience, SupportedSigningAlgs: algorithms, Now: i.now})
	return t.verifier, nil
}
