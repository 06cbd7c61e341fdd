package account

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// clientMaker answers who is behind the caller and answers for what they do to the
// organization's clients: the user, whoever answers for a client that acts by itself,
// or for the command line the organization's owner. It refuses those who may not manage
// clients any more since the request was let in, and locks the organization for the
// rest of the transaction.
func (s *Service) clientMaker(ctx context.Context, tx *db.Tx, p Principal) (*asset.ID, error) {
	o, err := tx.LockOrganization(ctx, p.OrganizationID)
	if err != nil {
		return nil, err
	}
	if p.Operator {
		return &o.OwnerID, nil
	}
	if err := s.stillThere(ctx, tx, p); err != nil {
		return nil, err
	}
	by, allowed := &p.UserID, []string(nil)
	if p.UserID != (asset.ID{}) {
		role, err := tx.RoleOf(ctx, p.OrganizationID, p.UserID)
		if err != nil {
			return nil, err
		}
		allowed = roleScopes[role]
	} else {
		id, err := uuid.Parse(p.ClientID)
		if err != nil {
			return nil, errManagers()
		}
		c, err := tx.LiveOAuthClient(ctx, id)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, asset.Errorf(asset.Unauthorized, nil, "the client was ended")
		}
		by, allowed = c.CreatedBy, effectiveScopes(c.Scopes, c.MakerRole)
	}
	return by, Principal{Scopes: allowed}.Require(ScopeAdmin)
}

// holdsAll refuses a caller who has not all scopes of a client: by its secret, or by
// its users, they would have them.
func holdsAll(p Principal, c *Client) error {
	for _, scope := range c.Scopes {
		if !p.Has(scope) {
			return asset.Errorf(asset.InsufficientScope, nil, "the client has the scope %q, which you do not have", scope)
		}
	}
	return nil
}

// changedFields names what differs between a client and what it was.
func changedFields(before, after *Client) []string {
	var all []string
	for name, differs := range map[string]bool{
		"name":          before.Name != after.Name,
		"redirect_uris": !slices.Equal(before.RedirectURIs, after.RedirectURIs),
		"scopes":        !slices.Equal(before.Scopes, after.Scopes),
		"created_by":    (before.CreatedBy == nil) != (after.CreatedBy == nil) || (after.CreatedBy != nil && *before.CreatedBy != *after.CreatedBy),
	} {
		if differs {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
