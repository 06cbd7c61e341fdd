package account

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Acting is somebody who changes what another room keeps for their organization, such
// as its webhooks.
type Acting struct {
	service *Service
	by      Principal
}

// Acting lets a principal change what another room keeps.
func (s *Service) Acting(p Principal) Acting { return Acting{s, p} }

// StillThere refuses, in the transaction of a change, whoever was removed, whose
// organization was shut, or whose session, key or client ended, since the request was
// let in.
func (a Acting) StillThere(ctx context.Context, tx *db.Tx) error {
	return a.service.stillThere(ctx, tx, a.by)
}

// Record writes a change to the audit log, in its transaction. The details must not
// hold a secret.
func (a Acting) Record(ctx context.Context, tx *db.Tx, action string, target asset.ID, details map[string]any) error {
	return record(ctx, tx, a.by, Event{Action: action, Organization: &a.by.OrganizationID, Target: target.String(), Details: details})
}
