package httpapi

import (
	"context"
	"encoding/json"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
)

// ListAudit lists what happened to an organization.
func (s *server) ListAudit(ctx context.Context, r gen.ListAuditRequestObject) (gen.ListAuditResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Accounts.AuditLog(ctx, callerOf(ctx).Principal, auditFilter(p, r.Params.Action, r.Params.StartDate, r.Params.EndDate))
	if err != nil {
		return nil, err
	}
	return gen.ListAudit200JSONResponse(auditPage(found, total, p)), nil
}

func auditFilter(p db.Page, action *gen.AuditAction, since *gen.StartDate, until *gen.EndDate) db.AuditFilter {
	f := db.AuditFilter{Page: p, Action: orElse(action, "")}
	if since != nil {
		f.Since = *since
	}
	if until != nil {
		f.Until = *until
	}
	return f
}

func auditPage(found []account.AuditEvent, total int, p db.Page) gen.AuditPage {
	return gen.AuditPage{Items: each(found, auditBody), Total: total, Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}
}

func auditBody(e account.AuditEvent) gen.AuditEvent {
	details := map[string]any{}
	_ = json.Unmarshal(e.Details, &details) // what we wrote ourselves
	return gen.AuditEvent{ID: e.ID, At: e.At.UTC(), Action: e.Action, ActorKind: e.ActorKind, ActorID: e.ActorID,
		UserID: e.UserID, OrganizationID: e.OrganizationID, Target: e.Target, Address: e.Address, Details: details}
}
