package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// secretSize is the length of a secret in bytes; the scheme asks for 24 to 64.
const secretSize = 32

// newSecret makes a secret, as its user gets it and as it is kept.
func (s *Service) newSecret(webhook asset.ID) (shown string, row *db.WebhookSecret) {
	key := make([]byte, secretSize)
	_, _ = rand.Read(key) // never fails, see its documentation
	row = &db.WebhookSecret{ID: asset.NewID(), WebhookID: webhook}
	row.Sealed = s.sealer.Seal(secretPurpose(row), key)
	return "whsec_" + base64.StdEncoding.EncodeToString(key), row
}

// secretPurpose ties a sealed secret to its row and its webhook.
func secretPurpose(row *db.WebhookSecret) string {
	return "webhook/" + row.WebhookID.String() + "/" + row.ID.String()
}

// openSecrets gives the bare keys, newest first.
func (s *Service) openSecrets(rows []db.WebhookSecret) ([][]byte, error) {
	keys := make([][]byte, len(rows))
	for i := range rows {
		key, err := s.sealer.Open(secretPurpose(&rows[i]), rows[i].Sealed)
		if err != nil {
			return nil, err
		}
		keys[i] = key
	}
	return keys, nil
}

// sign gives the value of webhook-signature: for every key "v1," and the base64
// HMAC-SHA-256 of "id.timestamp.body", separated by spaces (Standard Webhooks
// 1.0, section "Signature scheme").
func sign(keys [][]byte, id string, at time.Time, body []byte) string {
	signatures := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}
