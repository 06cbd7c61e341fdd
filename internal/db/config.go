package db

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Config says where the rows live. The zero value of everything but URL works.
type Config struct {
	// URL is sqlite:///absolute/path/certana.db (or sqlite:relative.db), or
	// postgres://user:password@host:port/name?sslmode=… . Default: certana.db in
	// the data folder.
	URL string `yaml:"url"`
	// Readers is the number of connections that read beside the one writer
	// (SQLite), or the size of the pool (PostgreSQL). Default 8.
	Readers int `yaml:"readers"`
	// BusyTimeout is how long a write waits for another process's write to end
	// (SQLite). Default 15s.
	BusyTimeout time.Duration `yaml:"busy_timeout"`

	// Now is the clock; time.Now when nil.
	Now func() time.Time `yaml:"-"`
	// Logger gets what the job queue has to say; warnings and errors only reach
	// it. slog.Default() when nil.
	Logger *slog.Logger `yaml:"-"`
}

// DefaultConfig keeps the rows in certana.db in a folder.
func DefaultConfig(dataDir string) Config {
	abs, err := filepath.Abs(dataDir)
	if err != nil {
		abs = dataDir
	}
	return Config{
		URL:         "sqlite://" + filepath.Join(abs, "certana.db"),
		Readers:     8,
		BusyTimeout: 15 * time.Second,
	}
}

func (c *Config) fill() {
	if c.Readers <= 0 {
		c.Readers = 8
	}
	if c.BusyTimeout <= 0 {
		c.BusyTimeout = 15 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
}

// Validate says what is wrong with the URL, if anything.
func (c Config) Validate() error {
	_, _, err := c.parse()
	return err
}

// parse splits the URL: for SQLite the file's path, for PostgreSQL the whole.
func (c Config) parse() (kind Kind, target string, err error) {
	switch {
	case strings.HasPrefix(c.URL, "postgres://"), strings.HasPrefix(c.URL, "postgresql://"):
		if _, err := url.Parse(c.URL); err != nil {
			return "", "", errors.New("db.url is not a URL") // the URL holds a password: not repeated
		}
		return Postgres, c.URL, nil
	case strings.HasPrefix(c.URL, "sqlite:"):
		path := strings.TrimPrefix(strings.TrimPrefix(c.URL, "sqlite:"), "//")
		if path == "" || strings.ContainsAny(path, "?#") {
			return "", "", fmt.Errorf("db.url %q: after sqlite: comes the path of a file, without ? or #", c.URL)
		}
		return SQLite, path, nil
	}
	return "", "", errors.New("db.url is neither a sqlite: nor a postgres: URL")
}

// Kind is which database is behind a DB.
type Kind string

// The two kinds. Both run the same methods and are held to the same tests.
const (
	SQLite   Kind = "sqlite"
	Postgres Kind = "postgres"
)
