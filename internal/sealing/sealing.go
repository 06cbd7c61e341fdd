// Package sealing is the door under /api: the picture of a sealed item by its
// serial number, and a random one, for those who hold an API key.
//
// Its answers are exactly those of the service's page, errors included:
// {"error": "…"} with one of a few texts. The checks run in a fixed order: key
// (401), parameter (400), row, file, read (404 each).
package sealing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/quota"
)

// Config is the sealing service's part of the configuration.
type Config struct {
	// RandomMaxID makes /api/image-random pick a row id from 1 to this number, as
	// older deployments did, and answer 404 where there is no such row. Default 0:
	// every existing item is as likely as any other.
	RandomMaxID int64 `yaml:"random_max_id"`
	// MaxImageBytes bounds the pictures that are imported and served. Default 32 MiB.
	MaxImageBytes int64 `yaml:"max_image_bytes"`
}

// DefaultConfig is every item as likely as any other, and pictures to 32 MiB.
func DefaultConfig() Config { return Config{MaxImageBytes: 32 << 20} }

// Validate says what is out of range.
func (c Config) Validate() error {
	if c.RandomMaxID < 0 || c.MaxImageBytes < 1 {
		return errors.New("sealing: random_max_id is 0 or more, max_image_bytes 1 or more")
	}
	return nil
}

// Authenticator tells who holds a key.
type Authenticator interface {
	Authenticate(ctx context.Context, c account.Credentials) (account.Principal, error)
}

// Rows finds sealed items; nil means that there is none.
type Rows interface {
	SerialByNumber(ctx context.Context, org asset.ID, serial string) (*db.Serial, error)
	SerialByID(ctx context.Context, org asset.ID, id int64) (*db.Serial, error)
	RandomSerial(ctx context.Context, org asset.ID) (*db.Serial, error)
}

// Store reads pictures at rest. blob.ErrNotFound says that the store answered
// and has no such picture; any other error that it could not be read.
type Store interface {
	ReadAll(ctx context.Context, key string, limit int64) ([]byte, error)
}

// Limits slows down who guesses keys or serial numbers; *quota.Service does.
type Limits interface {
	Address(remote string, forwarded []string) netip.Addr
	Allowed(ctx context.Context, kind quota.Kind, addr netip.Addr, subject string) (*quota.Grant, error)
	Failed(ctx context.Context, kind quota.Kind, addr netip.Addr, subject string) (*quota.Grant, error)
}

// Deps are the parts that the handler stands on.
type Deps struct {
	Config  Config
	Account Authenticator
	Rows    Rows
	Store   Store
	Limits  Limits // nil limits nothing
	Logger  *slog.Logger
}

// problem is an answer that is not a picture.
type problem struct {
	status int
	text   string
}

// The printed ones. To a client a missing row and a missing file differ only in
// the text, and so does a store that is down.
var (
	errKey       = &problem{http.StatusUnauthorized, "401 Unauthorized. Access Not Allowed"}
	errParameter = &problem{http.StatusBadRequest, "Serial number is required"}
	errRow       = &problem{http.StatusNotFound, "Serial number not found"}
	errFile      = &problem{http.StatusNotFound, "Serial Number Image File not found"}
	errRead      = &problem{http.StatusNotFound, "Could not Retrieve the image. Please retry again"}
)

// Those of our own, for what the page is silent about.
var (
	errLimit    = &problem{http.StatusTooManyRequests, "Too many requests. Please retry later"}
	errMethod   = &problem{http.StatusMethodNotAllowed, "Method not allowed"}
	errPath     = &problem{http.StatusNotFound, "Not found"}
	errInternal = &problem{http.StatusInternalServerError, "Internal server error"}
)

func (p *problem) Error() string { return p.text }

// service answers the two requests, still knowing nothing of how they came.
type service struct{ Deps }

// asker is who asks, and from where.
type asker struct {
	key  string
	from netip.Addr
}

// allow answers whose items a key may see.
func (s *service) allow(ctx context.Context, who asker) (account.Principal, error) {
	if who.key == "" {
		return account.Principal{}, errKey
	}
	p, err := s.Account.Authenticate(ctx, account.Credentials{APIKey: who.key})
	switch {
	case account.UnknownKey(err):
		return p, s.failed(ctx, quota.KeyValidation, who, "", errKey)
	case asset.Is(err, asset.InvalidAPIKey), asset.Is(err, asset.Forbidden): // or its organization was shut out
		return p, errKey
	case err != nil:
		return p, err
	case !p.Has(account.ScopeSealing) && !p.Has(account.ScopeRead):
		return p, errKey
	}
	return p, nil
}

// bySerial finds a serial number's picture. Serial numbers can be guessed, so that
// a key and an address with too many that are not there are not told of those that
// are, for a while.
func (s *service) bySerial(ctx context.Context, who asker, serial string) (*db.Serial, []byte, error) {
	p, err := s.allow(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	if serial == "" {
		return nil, nil, errParameter
	}
	subject := p.OrganizationID.String()
	if p.KeyID != nil {
		subject = p.KeyID.String()
	}
	if s.Limits != nil {
		if g, err := s.Limits.Allowed(ctx, quota.Serial, who.from, subject); err != nil {
			return nil, nil, limited(g, err)
		}
	}
	row, err := s.Rows.SerialByNumber(ctx, p.OrganizationID, serial)
	if err == nil && row == nil {
		return nil, nil, s.failed(ctx, quota.Serial, who, subject, errRow)
	}
	return s.picture(ctx, row, err)
}

// failed counts a failure: it answers err, or that there were too many.
func (s *service) failed(ctx context.Context, kind quota.Kind, who asker, subject string, err error) error {
	if s.Limits == nil {
		return err
	}
	if g, failure := s.Limits.Failed(ctx, kind, who.from, subject); failure != nil {
		return limited(g, failure)
	}
	return err
}

// tooMany is errLimit with the time from which it is over.
type tooMany struct{ next time.Time }

func (tooMany) Error() string { return errLimit.text }
func (tooMany) Unwrap() error { return errLimit }

func limited(g *quota.Grant, err error) error {
	if !asset.Is(err, asset.RateLimited) {
		return err
	}
	return tooMany{g.Statuses[len(g.Statuses)-1].Next} // the one that refuses is the last
}

func (s *service) random(ctx context.Context, who asker) (*db.Serial, []byte, error) {
	p, err := s.allow(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	if n := s.Config.RandomMaxID; n > 0 {
		row, err := s.Rows.SerialByID(ctx, p.OrganizationID, 1+rand.Int64N(n))
		return s.picture(ctx, row, err)
	}
	row, err := s.Rows.RandomSerial(ctx, p.OrganizationID)
	return s.picture(ctx, row, err)
}

// picture reads a row's picture whole: an error halfway must still be answered
// as one.
func (s *service) picture(ctx context.Context, row *db.Serial, err error) (*db.Serial, []byte, error) {
	if err != nil {
		return nil, nil, err
	}
	if row == nil {
		return nil, nil, errRow
	}
	b, err := s.Store.ReadAll(ctx, row.ImageKey, s.Config.MaxImageBytes)
	switch {
	case err == nil:
		return row, b, nil
	case errors.Is(err, blob.ErrNotFound):
		return nil, nil, errFile
	case ctx.Err() == nil:
		s.Logger.WarnContext(ctx, "a sealing picture could not be read", "serial_id", row.ID, "error", err)
	}
	return nil, nil, fmt.Errorf("%w: %w", errRead, err)
}
