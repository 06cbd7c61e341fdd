// Package quota counts what callers use and says when it is enough: what an
// organization's plan includes, how often a key may ask, and how often an
// address may try. The counts are rows, so that every process on one database
// goes by the same ones.
//
// Plans are counted exactly, in windows of the clock in UTC: the day, the calendar
// month. Rates (requests of a key, tries of an address) go by GCRA, so that nobody
// uses up one hour at its end and the next at its beginning; see gcra.go.
package quota

import (
	"fmt"
	"net/netip"
)

// Config are the limits. 0 is no limit, everywhere.
type Config struct {
	// What an organization on each plan may do: verifications per UTC day (each
	// file of a batch is one) and uploads per calendar month in UTC. Defaults: free
	// 10 and 100, pro 1000 and 10000, enterprise none until the operator sets them.
	FreeVerifications       int64 `yaml:"free_verifications"`
	FreeUploads             int64 `yaml:"free_uploads"`
	ProVerifications        int64 `yaml:"pro_verifications"`
	ProUploads              int64 `yaml:"pro_uploads"`
	EnterpriseVerifications int64 `yaml:"enterprise_verifications"`
	EnterpriseUploads       int64 `yaml:"enterprise_uploads"`
	// KeyPerHour and KeyPerDay are how many requests under /v1 an API key may
	// make. Defaults 5000 and 50000.
	KeyPerHour int64 `yaml:"key_per_hour"`
	KeyPerDay  int64 `yaml:"key_per_day"`
	// AnonymousVerifications is how many verifications a day may come from one
	// address (IPv4, or IPv6 /64) without credentials. Default 10.
	AnonymousVerifications int64 `yaml:"anonymous_verifications"`
	// Shared keeps the rates in the database, so that they hold for all processes on
	// it and outlast a restart. Without it each process has its own in memory, which
	// is enough, and faster, where only one serves. Default true.
	Shared bool `yaml:"shared"`
	// Logins is how many logins in a quarter of an hour may fail from one address,
	// whoever they are meant to be. Default 100.
	Logins int64 `yaml:"logins"`
	// LoginsPerUser is the same for one e-mail address tried from one address.
	// Default 10.
	LoginsPerUser int64 `yaml:"logins_per_user"`
	// LoginsPerUserAnywhere is the same for one e-mail address, tried from all
	// addresses together. Default 200.
	LoginsPerUserAnywhere int64 `yaml:"logins_per_user_anywhere"`
	// Registrations is how many may be tried from one address in an hour. Default
	// 100.
	Registrations int64 `yaml:"registrations"`
	// PasswordResets is how many may be asked for or tried from one address in an
	// hour. Default 50.
	PasswordResets int64 `yaml:"password_resets"`
	// PasswordResetsPerUser is how many messages one e-mail address gets in an hour.
	// Default 5.
	PasswordResetsPerUser int64 `yaml:"password_resets_per_user"`
	// EmailVerifications is how many addresses may be verified, or asked to be, from
	// one address in an hour. Default 50.
	EmailVerifications int64 `yaml:"email_verifications"`
	// EmailVerificationsPerUser is how many messages a user causes in an hour.
	// Default 5.
	EmailVerificationsPerUser int64 `yaml:"email_verifications_per_user"`
	// TOTPTries is how many second factors in a quarter of an hour may be wrong from
	// one address. Default 50.
	TOTPTries int64 `yaml:"totp_tries"`
	// TOTPTriesPerUser is the same for one user, from all addresses together.
	// Default 5.
	TOTPTriesPerUser int64 `yaml:"totp_tries_per_user"`
	// Invitations is how many may be sent, or tried to be accepted, from one address
	// in an hour. Default 100.
	Invitations int64 `yaml:"invitations"`
	// InvitationsPerUser is the same for one user or organization. Default 50.
	InvitationsPerUser int64 `yaml:"invitations_per_user"`
	// KeyFailures is how many requests in a quarter of an hour may bring an unknown
	// API key from one address. Keys that are right always work. Default 100.
	KeyFailures int64 `yaml:"key_failures"`
	// RefreshFailures is the same for refresh tokens. Default 100.
	RefreshFailures int64 `yaml:"refresh_failures"`
	// OAuthFailures is how many requests at the token endpoint in a quarter of an
	// hour may fail from one address. Default 100.
	OAuthFailures int64 `yaml:"oauth_failures"`
	// OAuthFailuresPerClient is the same for one client from one address. Default 20.
	OAuthFailuresPerClient int64 `yaml:"oauth_failures_per_client"`
	// ClientTokens is how many tokens of its own an OAuth2 client gets in six minutes:
	// 600 an hour, and 60 at once. Default 60.
	ClientTokens int64 `yaml:"client_tokens"`
	// SerialMisses is how many serial numbers in an hour may not be found from one
	// address. Default 300.
	SerialMisses int64 `yaml:"serial_misses"`
	// SerialMissesPerKey is the same for one API key. Default 300.
	SerialMissesPerKey int64 `yaml:"serial_misses_per_key"`
	// WebhookTests is how many test events and repeated deliveries may be asked for of
	// one webhook in a minute. Default 10.
	WebhookTests int64 `yaml:"webhook_tests"`
	// TrustedProxies lists the networks of reverse proxies before the server
	// (10.0.0.0/8, 127.0.0.1/32): what they write in X-Forwarded-For is believed.
	// Without it a proxy's own address is everybody's. Default none.
	TrustedProxies []string `yaml:"trusted_proxies"`
}

// DefaultConfig are the limits named above.
func DefaultConfig() Config {
	return Config{
		FreeVerifications: 10, FreeUploads: 100, ProVerifications: 1000, ProUploads: 10000,
		KeyPerHour: 5000, KeyPerDay: 50000, AnonymousVerifications: 10,
		Shared: true,
		Logins: 100, LoginsPerUser: 10, LoginsPerUserAnywhere: 200, Registrations: 100,
		PasswordResets: 50, PasswordResetsPerUser: 5, EmailVerifications: 50, EmailVerificationsPerUser: 5,
		TOTPTries: 50, TOTPTriesPerUser: 5, Invitations: 100, InvitationsPerUser: 50,
		KeyFailures: 100, RefreshFailures: 100, OAuthFailures: 100, OAuthFailuresPerClient: 20, ClientTokens: 60,
		SerialMisses: 300, SerialMissesPerKey: 300, WebhookTests: 10,
	}
}

// Validate says what is out of range.
func (c Config) Validate() error {
	limits := []int64{c.FreeVerifications, c.FreeUploads, c.ProVerifications, c.ProUploads, c.EnterpriseVerifications,
		c.EnterpriseUploads, c.KeyPerHour, c.KeyPerDay, c.AnonymousVerifications}
	for _, b := range c.bounds() {
		limits = append(limits, b.address, b.pair, b.subject)
	}
	for _, n := range limits {
		if n < 0 {
			return fmt.Errorf("a limit is 0, for none, or more; not %d", n)
		}
	}
	_, err := c.proxies()
	return err
}

func (c Config) proxies() (all []netip.Prefix, err error) {
	for _, text := range c.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("trusted_proxies: %q is not a network such as 10.0.0.0/8", text)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// plan is what a plan includes: verifications a day, uploads a month.
func (c Config) plan(name string) (verifications, uploads int64) {
	switch name {
	case "enterprise":
		return c.EnterpriseVerifications, c.EnterpriseUploads
	case "pro":
		return c.ProVerifications, c.ProUploads
	}
	return c.FreeVerifications, c.FreeUploads
}
