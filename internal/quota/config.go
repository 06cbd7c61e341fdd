// Package quota counts what callers use and says when it is enough: what an
// organization's plan includes, how often a key may ask, and how often an
// address may try. The counts are rows, so that every process on one database
// goes by the same ones.
//
// All windows are fixed ones, in UTC: the clock hour, the day, the calendar
// month, and quarters of an hour for what keeps guessing slow. They are easy to
// explain and to predict; the price is that a caller may use up one window at
// its end and the next at its beginning.
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
	// Logins is how many logins in a quarter of an hour may fail from one address,
	// whoever they are meant to be. Default 100.
	Logins int64 `yaml:"logins"`
	// LoginsPerUser is the same for one e-mail address tried from one address.
	// Default 10.
	LoginsPerUser int64 `yaml:"logins_per_user"`
	// Registrations is how many may be tried from one address in an hour. Default
	// 100.
	Registrations int64 `yaml:"registrations"`
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
		Logins: 100, LoginsPerUser: 10, Registrations: 100,
	}
}

// Validate says what is out of range.
func (c Config) Validate() error {
	for _, n := range []int64{c.FreeVerifications, c.FreeUploads, c.ProVerifications, c.ProUploads, c.EnterpriseVerifications,
		c.EnterpriseUploads, c.KeyPerHour, c.KeyPerDay, c.AnonymousVerifications, c.Logins, c.LoginsPerUser, c.Registrations} {
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
