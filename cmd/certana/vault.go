package main

import (
	"errors"
	"fmt"

	"github.com/certana/certana/internal/app"
	"github.com/certana/certana/internal/config"
	"github.com/certana/certana/internal/vault"
	"github.com/certana/certana/internal/watermark"
)

// openVault opens the deployment's master key: the one in the settings, else
// the one in the key file. create makes the file when nothing is there, which
// only commands that begin a deployment ask for.
func openVault(l *config.Loaded, create bool) (*vault.Vault, error) {
	if l.MasterKey != "" {
		key, err := vault.Parse(l.MasterKey)
		if err != nil {
			return nil, inputError(fmt.Errorf("master_key: %w", err))
		}
		if watermark.Key(key) == watermark.TestKey {
			return nil, inputError(errors.New("master_key: this is the published test key, which protects nothing"))
		}
		return vault.New(key)
	}
	open := vault.Load
	if create {
		open = vault.LoadOrCreate
	}
	v, err := open(l.MasterKeyFile)
	if err != nil {
		return nil, inputError(err)
	}
	return v, nil
}

// offlineKey finds the key of a command that needs no server, and tells which
// it is: given with --key, the deployment's (--data or CERTANA_DATA), else the
// published test key.
func (e *env) offlineKey(given string) (key watermark.Key, which string, err error) {
	if given != "" {
		key, err = watermark.ParseKey(given)
		if err != nil {
			return key, "", inputError(fmt.Errorf("--key: %w", err))
		}
		return key, "given", nil
	}
	l, err := e.load(nil)
	if err != nil {
		return key, "", err
	}
	if l.Source("data") == "default" && l.MasterKey == "" {
		return watermark.TestKey, "test", nil
	}
	v, err := openVault(l, false)
	if err != nil {
		return key, "", err
	}
	return app.MarkKey(v), "deployment", nil
}
