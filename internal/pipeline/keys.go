package pipeline

import (
	"context"
	"fmt"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/ledger"
)

// Sealer keeps secrets under the deployment's master key.
type Sealer interface {
	Seal(purpose string, plaintext []byte) []byte
	Open(purpose string, sealed []byte) ([]byte, error)
}

// OrgKeys makes and opens the keys that organizations sign their statements
// with. Private parts are sealed at rest; a purpose holds the key's id, so that
// no row can stand in for another.
type OrgKeys struct {
	rows  *db.DB
	vault Sealer
}

// NewOrgKeys returns the keys in a database.
func NewOrgKeys(rows *db.DB, vault Sealer) *OrgKeys { return &OrgKeys{rows, vault} }

// Create makes an organization's key in the transaction that makes the
// organization.
func (k *OrgKeys) Create(ctx context.Context, tx *db.Tx, orgID asset.ID) error {
	key := ledger.NewOrgKey()
	return tx.InsertOrgKey(ctx, &db.OrgKey{
		ID: key.ID(), OrganizationID: orgID, PublicKey: key.Public(),
		SealedPrivate: k.vault.Seal(orgKeyPurpose(key.ID()), key.Seed()),
	})
}

// Current returns the key that an organization signs with now.
func (k *OrgKeys) Current(ctx context.Context, orgID asset.ID) (ledger.OrgKey, error) {
	row, err := k.rows.ActiveOrgKey(ctx, orgID)
	if err != nil {
		return ledger.OrgKey{}, fmt.Errorf("find the key of organization %s: %w", orgID, err)
	}
	seed, err := k.vault.Open(orgKeyPurpose(row.ID), row.SealedPrivate)
	if err != nil {
		return ledger.OrgKey{}, fmt.Errorf("open the key of organization %s: %w", orgID, err)
	}
	return ledger.ParseOrgKey(seed)
}

func orgKeyPurpose(keyID string) string { return "organization-key/" + keyID }
