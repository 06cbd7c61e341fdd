// Package webhook tells an organization's own servers what happened to its
// assets. An event becomes one delivery for every webhook that asked for it, in
// the transaction of what it announces, and each delivery is a POST signed by
// the Standard Webhooks scheme (https://www.standardwebhooks.com), made at least
// once and repeated over three days until a 2xx answers.
//
// Customers choose the addresses, so that the address at hand is refused when it
// is dialled unless it is a public one; see guard.go. docs/webhooks.md describes
// all this to receivers.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// The events that a webhook may ask for.
const (
	AssetProcessed        = "asset.processed"
	AssetFailed           = "asset.failed"
	AssetDeleted          = "asset.deleted"
	VerificationCompleted = "verification.completed"
	CommitmentFinalized   = "commitment.finalized"
)

// TestEvent is the event that Test sends; nobody subscribes to it.
const TestEvent = "webhook.test"

// Events lists what a webhook may ask for.
func Events() []string {
	return []string{AssetProcessed, AssetFailed, AssetDeleted, VerificationCompleted, CommitmentFinalized}
}

// The rows as they are kept; none of them holds a secret.
type (
	// Webhook is an address that an organization wants its events sent to.
	Webhook = db.Webhook
	// Delivery is one event on its way to one webhook.
	Delivery = db.WebhookDelivery
	// Attempt is one HTTP request of a delivery and what came of it.
	Attempt = db.WebhookAttempt
)

// Sealer seals secrets at rest; a value opens for the purpose that it was sealed
// for. It is safe for concurrent use.
type Sealer interface {
	Seal(purpose string, plaintext []byte) []byte
	Open(purpose string, sealed []byte) ([]byte, error)
}

// Queue takes jobs into the transaction of the rows that they belong to; it is
// the part of db.Queue that is needed here.
type Queue interface {
	Enqueue(ctx context.Context, tx *db.Tx, args river.JobArgs, opts *river.InsertOpts) error
}

// Parts are what a Service is built of.
type Parts struct {
	Config Config
	Rows   *db.DB
	Queue  Queue
	Sealer Sealer
	Logger *slog.Logger     // slog.Default() when nil
	Now    func() time.Time // time.Now when nil
}

// Service keeps webhooks and delivers to them. It is safe for concurrent use.
type Service struct {
	cfg    Config
	rows   *db.DB
	queue  Queue
	sealer Sealer
	sender *sender
	lanes  *lanes
	delays []time.Duration // between the attempts of a series
	logger *slog.Logger
	now    func() time.Time
}

// New makes the service. Nothing is delivered before its workers run.
func New(p Parts) (*Service, error) {
	if err := p.Config.Validate(); err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	if p.Rows == nil || p.Queue == nil || p.Sealer == nil {
		return nil, errors.New("webhooks: rows, queue and sealer are needed")
	}
	s := &Service{
		cfg: p.Config, rows: p.Rows, queue: p.Queue, sealer: p.Sealer,
		sender: newSender(p.Config), lanes: newLanes(max(1, p.Config.Workers/4)),
		delays: delays, logger: p.Logger, now: p.Now,
	}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// List answers a page of an organization's webhooks, newest first, and how many
// there are in all.
func (s *Service) List(ctx context.Context, org asset.ID, p db.Page) ([]Webhook, int, error) {
	return s.rows.ListWebhooks(ctx, org, p)
}

// Get finds an organization's webhook, or answers NOT_FOUND.
func (s *Service) Get(ctx context.Context, org, id asset.ID) (*Webhook, error) {
	return s.rows.OrgWebhook(ctx, org, id)
}

// Delete removes an organization's webhook with its deliveries, or answers
// NOT_FOUND. A request that is under way is not called back.
func (s *Service) Delete(ctx context.Context, by Author, org, id asset.ID) error {
	return s.change(ctx, by, ActionDeleted, func(ctx context.Context, tx *db.Tx) (*Webhook, error) {
		w, err := tx.OrgWebhook(ctx, org, id)
		if err != nil {
			return nil, err
		}
		return w, tx.DeleteWebhook(ctx, org, id)
	})
}
