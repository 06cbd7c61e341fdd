// Package pipeline is the corridor that every picture walks:
// accept → certify → commit → notify.
package pipeline

import (
	"encoding/json"

	"github.com/certana/certana/internal/asset"
)

// Upload is what Accept takes: a spooled file and what its owner says of it.
type Upload struct {
	OrganizationID asset.ID
	UserID         *asset.ID
	File           *Spooled
	Filename       string
	Title          string
	Description    string
	Tags           []string
	Visibility     asset.Visibility // "" is discoverable
	Options        asset.Options
}

// CommitRequest asks for an asset's commitment to be in the ledger.
type CommitRequest struct {
	OrganizationID asset.ID
	AssetID        asset.ID
	WatermarkHash  *string // refused with VALIDATION_ERROR when it is not the asset's
	Metadata       json.RawMessage
}

// Checks is a commitment recomputed from its parts.
type Checks struct {
	Signature  asset.Outcome `json:"signature"`
	Inclusion  asset.Outcome `json:"inclusion"`
	Checkpoint asset.Outcome `json:"checkpoint"`
}

// Verified is true only when every check passed.
func (c Checks) Verified() bool {
	return c.Signature == asset.Pass && c.Inclusion == asset.Pass && c.Checkpoint == asset.Pass
}
