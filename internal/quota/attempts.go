package quota

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
)

// Kind is something that is tried and may be guessing, or flooding.
type Kind string

// The kinds. What the subject is stands beside each.
const (
	Login             Kind = "login"              // e-mail address
	Registration      Kind = "registration"       // none
	PasswordReset     Kind = "password_reset"     // e-mail address; each try may send a message
	EmailVerification Kind = "email_verification" // e-mail address or user id; each try may send a message, an invitation's too
	TOTP              Kind = "totp"               // user id
	Invitation        Kind = "invitation"         // organization id for those that are sent, user id for those that are accepted
	KeyValidation     Kind = "key_validation"     // none
	Refresh           Kind = "refresh"            // none
	OAuthToken        Kind = "oauth_token"        // client id
	ClientToken       Kind = "client_token"       // client id; what it gets for itself, not failures
	Serial            Kind = "serial"             // API key id
	WebhookTest       Kind = "webhook_test"       // organization and webhook id; messages that are asked for
)

// bound is how many of a kind may be tried in a window. 0 is no limit.
type bound struct {
	window  time.Duration // a divisor of a day
	address int64         // from one address, whoever is meant
	pair    int64         // of one subject from one address
	subject int64         // of one subject, from anywhere
}

// bounds is the table of what keeps guessing slow.
//
// Where the secret is a person's, who tries from one address is bounded closely
// and who tries one person's from many loosely: a close bound there would let
// anybody lock anybody out. A code of six digits has no choice.
func (c Config) bounds() map[Kind]bound {
	const quarter, hour = 15 * time.Minute, time.Hour
	return map[Kind]bound{
		Login:             {quarter, c.Logins, c.LoginsPerUser, c.LoginsPerUserAnywhere},
		Registration:      {hour, c.Registrations, 0, 0},
		PasswordReset:     {hour, c.PasswordResets, 0, c.PasswordResetsPerUser},
		EmailVerification: {hour, c.EmailVerifications, 0, c.EmailVerificationsPerUser},
		TOTP:              {quarter, c.TOTPTries, 0, c.TOTPTriesPerUser},
		Invitation:        {hour, c.Invitations, 0, c.InvitationsPerUser},
		KeyValidation:     {quarter, c.KeyFailures, 0, 0},
		Refresh:           {quarter, c.RefreshFailures, 0, 0},
		OAuthToken:        {quarter, c.OAuthFailures, c.OAuthFailuresPerClient, 0},
		ClientToken:       {6 * time.Minute, 0, 0, c.ClientTokens},
		Serial:            {hour, c.SerialMisses, 0, c.SerialMissesPerKey},
		WebhookTest:       {time.Minute, 0, 0, c.WebhookTests},
	}
}

// plain is a subject as the rows would find it: case, space around it and NUL,
// which they drop, make no other one.
func plain(subject string) string {
	return strings.ToLower(strings.TrimSpace(strings.ReplaceAll(subject, "\x00", "")))
}

// limitsOf are the limits that govern a try. The subject is kept as a hash; "" has
// no limits of its own.
func (s *Service) limitsOf(k Kind, addr netip.Addr, subject string) []limit {
	b, now := s.bounds[k], s.now()
	w := span(now, b.window)
	all := []limit{{string(k), string(k) + "/" + network(addr), w, b.address}}
	if subject = plain(subject); subject != "" {
		sum := sha256.Sum256([]byte(subject))
		who := hex.EncodeToString(sum[:16])
		all = append(all,
			limit{string(k) + "-subject", string(k) + "/" + network(addr) + "/" + who, w, b.pair},
			limit{string(k) + "-anywhere", string(k) + "//" + who, w, b.subject})
	}
	return limited(all...)
}

// Attempt takes one try before it is made, or answers RATE_LIMITED. The caller
// gives it back when only failures are meant to count and it did not fail. It is
// for what can be guessed: of many tries at the same time no more are made than
// the limit.
func (s *Service) Attempt(ctx context.Context, k Kind, addr netip.Addr, subject string) (*Grant, error) {
	return s.pass(ctx, 1, s.limitsOf(k, addr, subject)...)
}

// Failed counts a failure after it happened, and answers RATE_LIMITED when there
// were too many. It is for secrets that are too long to be guessed, which then
// cost nothing where they are right; those that are right always work.
func (s *Service) Failed(ctx context.Context, k Kind, addr netip.Addr, subject string) (*Grant, error) {
	return s.Attempt(ctx, k, addr, subject)
}

// Allowed answers RATE_LIMITED when no more failures are allowed now, and takes
// nothing. What other processes counted is seen within a second.
func (s *Service) Allowed(ctx context.Context, k Kind, addr netip.Addr, subject string) (*Grant, error) {
	g := &Grant{service: s}
	for _, l := range s.limitsOf(k, addr, subject) {
		status, err := s.look(ctx, l)
		if err != nil {
			return g, err
		}
		status.Exceeded = status.Remaining == 0
		g.Statuses = append(g.Statuses, status)
		if status.Exceeded {
			return g, rateLimited(status)
		}
	}
	return g, nil
}

// RetryAfter is in how many whole seconds what refused the grant lets the next one
// in, 1 or more; 0 when nothing refused it.
func (g *Grant) RetryAfter() int64 {
	seconds := int64(0)
	for _, s := range g.Statuses {
		if s.Exceeded {
			seconds = max(seconds, 1, int64((s.Next.Sub(g.service.now())+time.Second-1)/time.Second))
		}
	}
	return seconds
}

func rateLimited(s Status) error {
	return asset.Errorf(asset.RateLimited, nil, "too many attempts; come back after %s", s.Next.UTC().Format(time.RFC3339))
}
