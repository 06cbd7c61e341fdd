package account

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"image/png"
	"net/url"
	"strings"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// The second factor is TOTP (RFC 6238) as authenticators understand it: SHA-1, six
// digits, a step every 30 s.
const (
	totpPeriod = 30 // seconds
	totpSkew   = 1  // steps that a clock may be off, either way
	totpSecret = 20 // bytes, as long as the hash (RFC 4226, section 4)
)

func totpPurpose(user asset.ID) string { return "totp/" + user.String() }

// TOTPSecret is what an authenticator is given.
type TOTPSecret struct {
	Secret string // Base32 without padding
	URI    string // otpauth://totp/…
	PNG    string // the URI as a QR code, in base64
}

// BeginTOTP makes a secret for the caller, in place of one that was not
// confirmed. INVALID_CREDENTIALS when the password is wrong, CONFLICT when a
// second factor is in use.
func (s *Service) BeginTOTP(ctx context.Context, p Principal, password string) (*TOTPSecret, error) {
	u, err := s.reauthenticate(ctx, p, password)
	if err != nil {
		return nil, err
	}
	site := "certana"
	if at, err := url.Parse(s.config.Issuer); err == nil && at.Hostname() != "" {
		site += " (" + at.Hostname() + ")"
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: strings.ReplaceAll(site, ":", "."), AccountName: u.Email,
		Period: totpPeriod, SecretSize: totpSecret})
	if err != nil {
		return nil, err
	}
	picture, err := key.Image(256, 256)
	if err != nil {
		return nil, err
	}
	var code bytes.Buffer
	if err := png.Encode(&code, picture); err != nil {
		return nil, err
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key.Secret())
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := tx.LockUser(ctx, u.ID)
		if err != nil {
			return err
		}
		if now.TOTPConfirmedAt != nil {
			return asset.Errorf(asset.Conflict, nil, "a second factor is in use already")
		}
		return tx.SetTOTP(ctx, u.ID, s.sealer.Seal(totpPurpose(u.ID), secret))
	})
	if err != nil {
		return nil, err
	}
	return &TOTPSecret{Secret: key.Secret(), URI: key.URL(), PNG: base64.StdEncoding.EncodeToString(code.Bytes())}, nil
}

// ConfirmTOTP has the second factor asked for from now on, and answers the
// recovery codes, the only time. CONFLICT when none was begun or one is in use,
// INVALID_CREDENTIALS when the code is wrong.
func (s *Service) ConfirmTOTP(ctx context.Context, p Principal, code string) ([]string, error) {
	if err := inPerson(p); err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes()
	var failure error
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		failure = nil
		u, err := tx.LockUser(ctx, p.UserID)
		if err != nil {
			return err
		}
		if u.TOTPSealed == nil || u.TOTPConfirmedAt != nil {
			return asset.Errorf(asset.Conflict, nil, "there is no second factor to be confirmed")
		}
		ok, err := s.useStep(ctx, tx, u, code)
		if err != nil {
			return err
		}
		if !ok {
			failure = errCode()
			return record(ctx, tx, p, Event{Action: ActionLoginFailed, Details: map[string]any{"wrong": "code"}})
		}
		if err := tx.ConfirmTOTP(ctx, u.ID); err != nil {
			return err
		}
		if err := tx.PutRecoveryCodes(ctx, u.ID, hashes); err != nil {
			return err
		}
		if err := record(ctx, tx, p, Event{Action: ActionTOTPEnabled}); err != nil {
			return err
		}
		return s.notify(ctx, tx, u.Email, "A second factor was switched on", "Logging in to your account now needs a code of your authenticator.")
	})
	if err == nil {
		err = failure
	}
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// DisableTOTP ends the caller's second factor. It takes the password and a code,
// which may be a recovery code. CONFLICT when there is none.
func (s *Service) DisableTOTP(ctx context.Context, p Principal, proof Proof) error {
	u, err := s.prove(ctx, p, proof)
	if err != nil {
		return err
	}
	var failure error
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		failure = nil
		u, err := tx.LockUser(ctx, u.ID)
		if err != nil {
			return err
		}
		if u.TOTPConfirmedAt == nil {
			return asset.Errorf(asset.Conflict, nil, "no second factor is in use")
		}
		ok, err := s.useCode(ctx, tx, u, proof.Code)
		if err != nil {
			return err
		}
		if !ok {
			failure = errCode()
			return record(ctx, tx, p, Event{Action: ActionLoginFailed, Details: map[string]any{"wrong": "code"}})
		}
		if err := tx.ClearTOTP(ctx, u.ID); err != nil {
			return err
		}
		if err := record(ctx, tx, p, Event{Action: ActionTOTPDisabled}); err != nil {
			return err
		}
		return s.notify(ctx, tx, u.Email, "The second factor was switched off", "Logging in to your account no longer needs a code of your authenticator.")
	})
	if err == nil {
		err = failure
	}
	return err
}

func errCode() error {
	return asset.Errorf(asset.InvalidCredentials, nil, "the code is wrong or was used already")
}

// useCode uses up a code of the authenticator or a recovery code, and answers
// whether it was good.
func (s *Service) useCode(ctx context.Context, tx *db.Tx, u *db.User, code string) (bool, error) {
	if code = strings.TrimSpace(code); isSixDigits(code) {
		return s.useStep(ctx, tx, u, code)
	}
	return s.useRecoveryCode(ctx, tx, u, code)
}

func isSixDigits(s string) bool {
	return len(s) == 6 && strings.Trim(s, "0123456789") == ""
}

// useStep uses up the step that a code belongs to, and all before it: a code that
// was seen over somebody's shoulder is of no use to the second who types it (RFC
// 6238, section 5.2).
func (s *Service) useStep(ctx context.Context, tx *db.Tx, u *db.User, code string) (bool, error) {
	secret, err := s.sealer.Open(totpPurpose(u.ID), u.TOTPSealed)
	if err != nil {
		return false, err
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	now := s.now().Unix() / totpPeriod
	for step := now - totpSkew; step <= now+totpSkew; step++ {
		right, err := hotp.GenerateCodeCustom(text, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return false, err
		}
		if subtle.ConstantTimeCompare([]byte(right), []byte(code)) == 1 {
			return tx.UseTOTPStep(ctx, u.ID, step)
		}
	}
	return false, nil
}
