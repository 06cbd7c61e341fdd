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

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
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

// Deps are the parts that the handler stands on.
type Deps struct {
	Config  Config
	Account Authenticator
	Rows    Rows
	Store   Store
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
	errMethod   = &problem{http.StatusMethodNotAllowed, "Method not allowed"}
	errPath     = &problem{http.StatusNotFound, "Not found"}
	errInternal = &problem{http.StatusInternalServerError, "Internal server error"}
)

func (p *problem) Error() string { return p.text }

// service answers the two requests, still knowing nothing of how they came.
type service struct{ Deps }

// allow answers the organization whose items a key may see.
func (s *service) allow(ctx context.Context, key string) (asset.ID, error) {
	if key == "" {
		return asset.ID{}, errKey
	}
	p, err := s.Account.Authenticate(ctx, account.Credentials{APIKey: key})
	if asset.Is(err, asset.InvalidAPIKey) {
		return asset.ID{}, errKey
	}
	if err != nil {
		return asset.ID{}, err
	}
	if !p.Has(account.ScopeSealing) && !p.Has(account.ScopeRead) {
		return asset.ID{}, errKey
	}
	return p.OrganizationID, nil
}

func (s *service) bySerial(ctx context.Context, key, serial string) (*db.Serial, []byte, error) {
	org, err := s.allow(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	if serial == "" {
		return nil, nil, errParameter
	}
	row, err := s.Rows.SerialByNumber(ctx, org, serial)
	return s.picture(ctx, row, err)
}

func (s *service) random(ctx context.Context, key string) (*db.Serial, []byte, error) {
	org, err := s.allow(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	if n := s.Config.RandomMaxID; n > 0 {
		row, err := s.Rows.SerialByID(ctx, org, 1+rand.Int64N(n))
		return s.picture(ctx, row, err)
	}
	row, err := s.Rows.RandomSerial(ctx, org)
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
