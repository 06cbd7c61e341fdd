package httpapi

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/webhook"
)

// Webhooks is the part of *webhook.Service that is called from here.
type Webhooks interface {
	Create(ctx context.Context, by webhook.Author, org asset.ID, f webhook.Fields) (*webhook.Webhook, string, error)
	List(ctx context.Context, org asset.ID, p db.Page) ([]webhook.Webhook, int, error)
	Get(ctx context.Context, org, id asset.ID) (*webhook.Webhook, error)
	Update(ctx context.Context, by webhook.Author, org, id asset.ID, p webhook.Patch) (*webhook.Webhook, error)
	Delete(ctx context.Context, by webhook.Author, org, id asset.ID) error
	RotateSecret(ctx context.Context, by webhook.Author, org, id asset.ID) (*webhook.Webhook, string, time.Time, error)
	Test(ctx context.Context, org, id asset.ID) (*webhook.Delivery, error)
	Deliveries(ctx context.Context, org, id asset.ID, f webhook.Filter) ([]webhook.Delivery, int, error)
	Delivery(ctx context.Context, org, webhook, id asset.ID) (*webhook.Delivery, error)
	Redeliver(ctx context.Context, org, webhook, id asset.ID) (*webhook.Delivery, error)
}

// author is who changes webhooks here.
func (s *server) author(ctx context.Context) webhook.Author {
	return s.Accounts.Acting(callerOf(ctx).Principal)
}

// CreateWebhook adds a webhook and shows its secret this once.
func (s *server) CreateWebhook(ctx context.Context, r gen.CreateWebhookRequestObject) (gen.CreateWebhookResponseObject, error) {
	w, secret, err := s.Webhooks.Create(ctx, s.author(ctx), callerOf(ctx).OrganizationID, webhook.Fields{
		URL: r.Body.URL, Description: orElse(r.Body.Description, ""),
		Events: eventNames(r.Body.Events), Active: orElse(r.Body.Active, true),
	})
	if err != nil {
		return nil, err
	}
	b := webhookBody(*w)
	return gen.CreateWebhook201JSONResponse{
		Headers: gen.CreateWebhook201ResponseHeaders{Location: "/v1/webhooks/" + w.ID.String()},
		Body: gen.NewWebhook{ID: b.ID, URL: b.URL, Description: b.Description, Events: b.Events, Active: b.Active,
			DisabledAt: b.DisabledAt, DisabledReason: b.DisabledReason, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt,
			Secret: secret},
	}, nil
}

// ListWebhooks lists the organization's webhooks.
func (s *server) ListWebhooks(ctx context.Context, r gen.ListWebhooksRequestObject) (gen.ListWebhooksResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Webhooks.List(ctx, callerOf(ctx).OrganizationID, p)
	if err != nil {
		return nil, err
	}
	return gen.ListWebhooks200JSONResponse{Items: each(found, webhookBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

// GetWebhook shows one.
func (s *server) GetWebhook(ctx context.Context, r gen.GetWebhookRequestObject) (gen.GetWebhookResponseObject, error) {
	w, err := s.Webhooks.Get(ctx, callerOf(ctx).OrganizationID, r.WebhookID)
	if err != nil {
		return nil, err
	}
	return gen.GetWebhook200JSONResponse(webhookBody(*w)), nil
}

// UpdateWebhook merges a patch. Only the description may be cleared.
func (s *server) UpdateWebhook(ctx context.Context, r gen.UpdateWebhookRequestObject) (gen.UpdateWebhookResponseObject, error) {
	patch := webhook.Patch{URL: r.Body.URL, Active: r.Body.Active,
		Description: cleared(r.Body.Description, func(text string) string { return text })}
	if r.Body.Events != nil {
		events := eventNames(r.Body.Events)
		patch.Events = &events
	}
	w, err := s.Webhooks.Update(ctx, s.author(ctx), callerOf(ctx).OrganizationID, r.WebhookID, patch)
	if err != nil {
		return nil, err
	}
	return gen.UpdateWebhook200JSONResponse(webhookBody(*w)), nil
}

// DeleteWebhook removes one with its deliveries.
func (s *server) DeleteWebhook(ctx context.Context, r gen.DeleteWebhookRequestObject) (gen.DeleteWebhookResponseObject, error) {
	if err := s.Webhooks.Delete(ctx, s.author(ctx), callerOf(ctx).OrganizationID, r.WebhookID); err != nil {
		return nil, err
	}
	return gen.DeleteWebhook204Response{}, nil
}

// RotateWebhookSecret gives a new secret and shows it this once.
func (s *server) RotateWebhookSecret(ctx context.Context, r gen.RotateWebhookSecretRequestObject) (gen.RotateWebhookSecretResponseObject, error) {
	w, secret, until, err := s.Webhooks.RotateSecret(ctx, s.author(ctx), callerOf(ctx).OrganizationID, r.WebhookID)
	if err != nil {
		return nil, err
	}
	b := webhookBody(*w)
	return gen.RotateWebhookSecret200JSONResponse{ID: b.ID, URL: b.URL, Description: b.Description, Events: b.Events, Active: b.Active,
		DisabledAt: b.DisabledAt, DisabledReason: b.DisabledReason, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt,
		Secret: secret, PreviousSecretExpiresAt: until.UTC()}, nil
}

// webhookBody is a webhook in the words of the contract, without its secret.
func webhookBody(w webhook.Webhook) gen.Webhook {
	return gen.Webhook{
		ID: w.ID, URL: w.URL, Description: orNull(w.Description), Active: w.Active,
		Events:     each(w.Events, func(name string) gen.WebhookEvent { return gen.WebhookEvent(name) }),
		DisabledAt: inUTC(w.DisabledAt), DisabledReason: orNull(w.DisabledReason),
		CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(),
	}
}

func eventNames(events []gen.WebhookEvent) []string {
	return each(events, func(e gen.WebhookEvent) string { return string(e) })
}
