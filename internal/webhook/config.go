package webhook

import (
	"errors"
	"time"
)

// Config are the operator's rules for outgoing webhooks.
type Config struct {
	// AllowPrivate permits private, loopback and link-local targets, and plain
	// http. Off: a customer's webhook must not reach into the operator's net.
	AllowPrivate bool `yaml:"allow_private"`
	// Timeout is how long one attempt may take, from the name's lookup to the
	// answer's end. 1s to 60s; default 10s.
	Timeout time.Duration `yaml:"timeout"`
	// MaxPerOrganization is how many webhooks an organization may have. 1 to
	// 1000; default 20.
	MaxPerOrganization int `yaml:"max_per_organization"`
	// Workers is how many attempts are made at a time, of which one organization
	// gets at most a quarter. 1 to 256; default 16.
	Workers int `yaml:"workers"`
	// Retention is how long settled deliveries stay listed. At least 1h;
	// default 720h (30 days).
	Retention time.Duration `yaml:"retention"`
}

// DefaultConfig reaches public addresses over https alone.
func DefaultConfig() Config {
	return Config{Timeout: 10 * time.Second, MaxPerOrganization: 20, Workers: 16, Retention: 30 * 24 * time.Hour}
}

// Validate says what is out of range.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, text string) {
		if !ok {
			errs = append(errs, errors.New(text))
		}
	}
	check(c.Timeout >= time.Second && c.Timeout <= time.Minute, "timeout is 1s to 60s")
	check(c.MaxPerOrganization >= 1 && c.MaxPerOrganization <= 1000, "max_per_organization is 1 to 1000")
	check(c.Workers >= 1 && c.Workers <= 256, "workers are 1 to 256")
	check(c.Retention >= time.Hour, "retention is 1h or more")
	return errors.Join(errs...)
}
