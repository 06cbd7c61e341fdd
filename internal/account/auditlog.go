package account

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// AuditEvent is one line of the audit log.
type AuditEvent = db.AuditEvent

// AuditLog lists a page of the security events of the organization in force,
// newest first. For owners, and keys of theirs with the scope admin.
func (s *Service) AuditLog(ctx context.Context, p Principal, f db.AuditFilter) ([]AuditEvent, int, error) {
	if err := p.Require(ScopeAdmin); err != nil {
		return nil, 0, err
	}
	if p.Role != RoleOwner {
		return nil, 0, asset.Errorf(asset.Forbidden, nil, "the audit log is for owners")
	}
	f.OrganizationID = &p.OrganizationID
	return s.db.AuditEvents(ctx, f)
}
