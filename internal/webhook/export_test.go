package webhook

import (
	"context"
	"crypto/x509"
	"time"
)

// Deliver makes the attempt of a job, as its worker does.
func (s *Service) Deliver(ctx context.Context, j DeliverJob) error { return s.deliver(ctx, j) }

// Sweep does what the queue does by the clock.
func (s *Service) Sweep(ctx context.Context) error { return s.sweep(ctx) }

// Delays are those between the attempts of a series.
func Delays() []time.Duration { return delays }

// SetDelays replaces them.
func (s *Service) SetDelays(d ...time.Duration) { s.delays = d }

// Trust adds a certificate to those that receivers may show.
func (s *Service) Trust(c *x509.Certificate) {
	s.sender.tls.RootCAs = x509.NewCertPool()
	s.sender.tls.RootCAs.AddCert(c)
}
