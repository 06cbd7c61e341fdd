// Package config composes every room's Config into one root and fills it from
// four places, later ones over earlier ones:
//
//	defaults ← YAML file ← environment ← command-line flags
//
// Every setting has one name, its YAML path (webhooks.allow_private); the
// environment variable is CERTANA_ and the path in upper case with _
// (CERTANA_WEBHOOKS_ALLOW_PRIVATE). A room never imports this package: it
// declares its own Config with yaml tags, DefaultConfig and Validate, and is
// handed the filled value.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi"
	"github.com/certana/certana/internal/mail"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/quota"
	"github.com/certana/certana/internal/sealing"
	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/webhook"
)

// Root is the whole configuration of one certana process.
type Root struct {
	// Addr is the HOST:PORT that `certana serve` listens on.
	Addr string `yaml:"addr"`
	// Data is the folder that holds everything: database, log, keys, pictures.
	Data string `yaml:"data"`
	// BaseURL is how clients reach this server, without a trailing slash;
	// http://localhost:PORT until set.
	BaseURL string `yaml:"base_url"`
	// Blobs is where pictures lie: file:///absolute/folder or
	// s3://bucket?endpoint=…; <data>/blobs until set.
	Blobs string `yaml:"blobs"`
	// MasterKey is the key that seals every other secret: 64 hex digits or
	// base64 of 32 bytes. Empty takes it from MasterKeyFile.
	MasterKey string `yaml:"master_key" secret:"true"`
	// MasterKeyFile holds the master key; <data>/master.key until set, where
	// the first start makes one.
	MasterKeyFile string `yaml:"master_key_file"`

	Server   httpapi.ServerConfig `yaml:"server"`
	DB       db.Config            `yaml:"db"`
	Account  account.Config       `yaml:"account"`
	Pipeline pipeline.Config      `yaml:"pipeline"`
	Tracks   watermark.Config     `yaml:"tracks"`
	Sealing  sealing.Config       `yaml:"sealing"`
	Webhooks webhook.Config       `yaml:"webhooks"`
	Mail     mail.Config          `yaml:"mail"`
	Log      Log                  `yaml:"log"`
	Plans    Plans                `yaml:"plans"`
	Quotas   quota.Config         `yaml:"quotas"`
}

// Log says what the server writes to standard error.
type Log struct {
	// Level is debug, info, warn or error.
	Level slog.Level `yaml:"level"`
	// JSON writes one JSON object a line instead of text.
	JSON bool `yaml:"json"`
}

// Plans are the operator's rules for organizations' plans.
type Plans struct {
	// SelfService lets the creator of an organization take the plan they ask
	// for; without it only a platform admin grants more than free.
	SelfService bool `yaml:"self_service"`
}

// Default is the configuration of a server that was told nothing.
func Default() Root {
	r := Root{
		Addr:     "localhost:8000",
		Data:     "./certana-data",
		Server:   httpapi.DefaultServerConfig(),
		DB:       db.DefaultConfig("."),
		Account:  account.DefaultConfig(""),
		Pipeline: pipeline.DefaultConfig(),
		Tracks:   watermark.DefaultConfig(),
		Sealing:  sealing.DefaultConfig(),
		Webhooks: webhook.DefaultConfig(),
		Mail:     mail.DefaultConfig(),
		Plans:    Plans{SelfService: true},
		Quotas:   quota.DefaultConfig(),
	}
	r.DB.URL = "" // follows from Data, see derive
	return r
}

// derive fills what follows from other settings when nobody set it, and tells
// which paths it filled.
func (r *Root) derive() (filled []string, err error) {
	set := func(field *string, path, value string) {
		if *field == "" {
			*field = value
			filled = append(filled, path)
		}
	}
	_, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		return nil, fmt.Errorf("addr: %q is not HOST:PORT", r.Addr)
	}
	abs, err := filepath.Abs(r.Data)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	set(&r.BaseURL, "base_url", "http://localhost:"+port)
	blobs := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(abs, "blobs"))}
	set(&r.Blobs, "blobs", blobs.String())
	set(&r.DB.URL, "db.url", db.DefaultConfig(r.Data).URL)
	set(&r.MasterKeyFile, "master_key_file", filepath.Join(r.Data, "master.key"))
	r.BaseURL = strings.TrimRight(r.BaseURL, "/")
	r.Account.Issuer, r.Account.SelfServicePlans = r.BaseURL, r.Plans.SelfService
	return filled, nil
}

// Validate checks the root's own settings and then every room's; it returns all
// that is wrong at once.
func (r *Root) Validate() error {
	var errs []error
	if u, err := url.Parse(r.BaseURL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		errs = append(errs, fmt.Errorf("base_url: %q is not an http or https URL", r.BaseURL))
	}
	switch u, err := url.Parse(r.Blobs); {
	case err != nil || (u.Scheme != "file" && u.Scheme != "s3" && u.Scheme != "mem"):
		errs = append(errs, fmt.Errorf("blobs: %q is neither file:///… nor s3://…", r.Blobs))
	case u.Scheme == "file" && (u.Host != "" || !filepath.IsAbs(u.Path)):
		errs = append(errs, fmt.Errorf("blobs: %q must name an absolute folder, as file:///folder does", r.Blobs))
	}
	errs = append(errs, validateRooms(r)...)
	return errors.Join(errs...)
}
