package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/config"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/vault"
)

// store is what every command that touches a deployment opens: its master key,
// its rows and its accounts. Any number of processes may have it open.
type store struct {
	cfg      *config.Loaded
	vault    *vault.Vault
	rows     *db.DB
	orgKeys  *pipeline.OrgKeys
	accounts *account.Service
	mail     mail.Sender
	logger   *slog.Logger
}

// openStore opens the deployment in the data folder. Where there is none it
// begins one, or, unless begin, says so.
func (e *env) openStore(ctx context.Context, cfg *config.Loaded, begin bool) (*store, error) {
	logger := e.newLogger(cfg)
	v, err := openVault(cfg, begin)
	if err != nil {
		return nil, err
	}
	c := cfg.DB
	c.Logger = logger
	rows, err := db.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	s := &store{cfg: cfg, vault: v, rows: rows, orgKeys: pipeline.NewOrgKeys(rows, v), logger: logger}
	err = sameMasterKey(ctx, rows, v)
	if err == nil {
		err = s.openAccounts(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	return s, nil
}

// openAccounts opens the accounts. Whatever command enqueues a message, the
// process that serves sends it.
func (s *store) openAccounts(ctx context.Context) (err error) {
	if s.mail, err = mail.New(s.cfg.Mail, s.logger); err != nil {
		return err
	}
	c := s.cfg.Account
	if c.Queue, err = db.NewQueue(s.rows, db.QueueConfig{}); err != nil {
		return err
	}
	s.accounts, err = account.New(ctx, c, s.rows, s.vault, s.orgKeys)
	return err
}

func (s *store) close() error { return s.rows.Close() }

// sameMasterKey refuses a master key that the rows were not sealed under: found
// out here, it is a wrong setting; later it would look like damage.
func sameMasterKey(ctx context.Context, rows *db.DB, v *vault.Vault) error {
	first, err := rows.SettingOrPut(ctx, "master-key-id", []byte(v.KeyID()))
	if err != nil {
		return err
	}
	if string(first) != v.KeyID() {
		return inputError(fmt.Errorf("this master key (%s) is not the one that the deployment began with (%s)", v.KeyID(), first))
	}
	return nil
}

// newLogger writes to standard error as the settings say; --quiet leaves warnings
// and errors.
func (e *env) newLogger(cfg *config.Loaded) *slog.Logger {
	level := cfg.Log.Level
	if e.quiet {
		level = max(level, slog.LevelWarn)
	}
	o := &slog.HandlerOptions{Level: level}
	if cfg.Log.JSON {
		return slog.New(slog.NewJSONHandler(e.err, o))
	}
	return slog.New(slog.NewTextHandler(e.err, o))
}
