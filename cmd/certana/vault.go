package main

import (
	"errors"
	"fmt"

	"github.com/certana/certana/internal/app"
	"github.com/certana/certana/internal/config"
	"github.com/certana/certana/internal/vault"
	"github.com/certana/certana/internal/watermark"
)

// openVault opens the deployment's master key and refuses the published test
// key, wherever it came from. create makes the key file when nothing is there,
// which only commands that begin a deployment ask for.
func openVault(l *config.Loaded, create bool) (*vault.Vault, error) {
	v, err := masterKey(l, create)
	if err != nil {
		return nil, inputError(err)
	}
	published, err := vault.New(watermark.TestKey[:])
	if err != nil {
		return nil, err
	}
	if app.MarkKey(v) == app.MarkKey(published) {
		return nil, inputError(errors.New("master_key: this is the published test key, which protects nothing"))
	}
	return v, nil
}

// masterKey finds the key in the settings, else in the key file.
func masterKey(l *config.Loaded, create bool) (*vault.Vault, error) {
	if l.MasterKey != "" {
		key, err := vault.Parse(l.MasterKey)
		if err != nil {
			return nil, fmt.Errorf("master_key: %w", err)
		}
		return vault.New(key)
	}
	if create {
		return vault.LoadOrCreate(l.MasterKeyFile)
	}
	return vault.Load(l.MasterKeyFile)
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
