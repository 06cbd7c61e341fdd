package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func newClients(e *env) *cobra.Command {
	return group("clients", "Register and manage OAuth2 clients without the API",
		newClientsCreate(e), newClientsList(e), newClientsRotate(e), newClientsDelete(e))
}

// shownClient is a client as the commands print one.
type shownClient struct {
	ID           string    `json:"client_id"`
	Secret       *string   `json:"client_secret,omitempty"` // whole, this once
	Organization string    `json:"organization_id"`
	Name         string    `json:"name"`
	Kind         string    `json:"kind"`
	RedirectURIs []string  `json:"redirect_uris"`
	Scopes       []string  `json:"scopes"`
	CreatedAt    time.Time `json:"created_at"`
}

func showClient(c *account.Client, secret string) shownClient {
	shown := shownClient{ID: c.ID.String(), Organization: c.OrganizationID.String(), Name: c.Name, Kind: c.Kind,
		RedirectURIs: c.RedirectURIs, Scopes: c.Scopes, CreatedAt: c.CreatedAt.UTC()}
	if shown.RedirectURIs == nil {
		shown.RedirectURIs = []string{}
	}
	if secret != "" {
		shown.Secret = &secret
	}
	return shown
}

// clientByID finds the client that a command names, and whose it is.
func (s *store) clientByID(ctx context.Context, text string) (*account.Client, *db.Organization, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, nil, usageError(fmt.Errorf("%q is no client id; see certana clients list", text))
	}
	c, err := s.rows.FindOAuthClient(ctx, id)
	if err != nil {
		return nil, nil, refused(err)
	}
	org, err := s.rows.OrganizationByID(ctx, c.OrganizationID)
	return c, org, refused(err)
}

// withClient is withStore for the commands that name a client.
func (e *env) withClient(c *cobra.Command, text string, f func(s *store, p account.Principal, id asset.ID) error) error {
	return e.withStore(c.Context(), false, func(s *store) error {
		client, org, err := s.clientByID(c.Context(), text)
		if err != nil {
			return err
		}
		return refused(f(s, account.OperatorIn(org), client.ID))
	})
}
