package asset

import "time"

// Event is something that happened in an organization, as webhooks tell it.
type Event struct {
	Name           string // asset.processed, asset.failed, asset.deleted, verification.completed, commitment.finalized
	OrganizationID ID
	At             time.Time
	Data           map[string]any // marshals to a JSON object
}
