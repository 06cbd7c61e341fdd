package httpapi

import (
	"context"
	"encoding/json"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/quota"
	"github.com/certana/certana/internal/webhook"
)

// TestWebhook sends a test event.
func (s *server) TestWebhook(ctx context.Context, r gen.TestWebhookRequestObject) (gen.TestWebhookResponseObject, error) {
	if err := s.askedFor(ctx, r.WebhookID); err != nil {
		return nil, err
	}
	d, err := s.Webhooks.Test(ctx, callerOf(ctx).OrganizationID, r.WebhookID)
	if err != nil {
		return nil, err
	}
	return gen.TestWebhook202JSONResponse(deliveryBody(*d)), nil
}

// askedFor counts the messages that somebody asks for: the address that they go to may
// be anybody's.
func (s *server) askedFor(ctx context.Context, webhook asset.ID) error {
	_, err := s.attempt(ctx, quota.WebhookTest, callerOf(ctx).OrganizationID.String()+" "+webhook.String())
	return err
}

// ListWebhookDeliveries lists what was sent to a webhook, or will be.
func (s *server) ListWebhookDeliveries(ctx context.Context, r gen.ListWebhookDeliveriesRequestObject) (gen.ListWebhookDeliveriesResponseObject, error) {
	p := page(r.Params.Page, r.Params.PageSize)
	found, total, err := s.Webhooks.Deliveries(ctx, callerOf(ctx).OrganizationID, r.WebhookID, webhook.Filter{
		Page: p, Status: string(orElse(r.Params.Status, "")), Event: string(orElse(r.Params.Event, ""))})
	if err != nil {
		return nil, err
	}
	return gen.ListWebhookDeliveries200JSONResponse{Items: each(found, deliveryBody), Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

// GetWebhookDelivery shows one with its attempts.
func (s *server) GetWebhookDelivery(ctx context.Context, r gen.GetWebhookDeliveryRequestObject) (gen.GetWebhookDeliveryResponseObject, error) {
	d, err := s.Webhooks.Delivery(ctx, callerOf(ctx).OrganizationID, r.WebhookID, r.DeliveryID)
	if err != nil {
		return nil, err
	}
	return gen.GetWebhookDelivery200JSONResponse(deliveryBody(*d)), nil
}

// RedeliverWebhook sends one again.
func (s *server) RedeliverWebhook(ctx context.Context, r gen.RedeliverWebhookRequestObject) (gen.RedeliverWebhookResponseObject, error) {
	if err := s.askedFor(ctx, r.WebhookID); err != nil {
		return nil, err
	}
	d, err := s.Webhooks.Redeliver(ctx, callerOf(ctx).OrganizationID, r.WebhookID, r.DeliveryID)
	if err != nil {
		return nil, err
	}
	return gen.RedeliverWebhook202JSONResponse(deliveryBody(*d)), nil
}

// deliveryBody is a delivery in the words of the contract.
func deliveryBody(d webhook.Delivery) gen.WebhookDelivery {
	return gen.WebhookDelivery{
		ID: d.ID, WebhookID: d.WebhookID, Event: gen.DeliveryEvent(d.Event), Status: gen.DeliveryStatus(d.Status),
		AttemptCount: d.Attempts, Attempts: each(d.Log, attemptBody), Payload: d.Body, Error: orNull(d.Error),
		NextAttemptAt: inUTC(d.NextAttemptAt), CreatedAt: d.CreatedAt.UTC(), DeliveredAt: inUTC(d.DeliveredAt),
	}
}

func attemptBody(a webhook.Attempt) gen.WebhookAttempt {
	b := gen.WebhookAttempt{Number: a.Number, AttemptedAt: a.AttemptedAt.UTC(), DurationMs: a.DurationMS,
		Request: gen.WebhookMessage{URL: a.URL, Headers: map[string]string{}}, Error: orNull(a.Error)}
	_ = json.Unmarshal(a.RequestHeaders, &b.Request.Headers) // what we wrote ourselves
	if a.ResponseStatus != nil {
		b.Response = &gen.WebhookAnswer{Status: *a.ResponseStatus, Body: a.ResponseBody}
	}
	return b
}
