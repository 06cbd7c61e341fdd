package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// smtp delivers through a server (RFC 5321), over a connection of its own for
// each message: there are few of them.
type smtp struct {
	config Config
	server server
	tls    *tls.Config
}

// newSMTP makes the sender; a nil tls config is the system's trust.
func newSMTP(c Config, t *tls.Config) (*smtp, error) {
	s, err := c.server()
	if err != nil {
		return nil, err
	}
	if t == nil {
		t = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t = t.Clone()
	t.ServerName = s.host
	return &smtp{config: c, server: s, tls: t}, nil
}

// client makes a client for one delivery; the library's are not for several at
// a time.
func (s *smtp) client() (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithPort(s.server.port), gomail.WithTimeout(s.config.Timeout), gomail.WithTLSConfig(s.tls)}
	switch {
	case s.server.implicit:
		options = append(options, gomail.WithSSL())
	case s.server.loopback:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.server.user != "" {
		options = append(options, gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password),
			gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover))
	}
	return gomail.NewClient(s.server.host, options...)
}

// Send implements Sender.
func (s *smtp) Send(ctx context.Context, m Message) error {
	msg, err := s.message(m)
	if err != nil {
		return err
	}
	c, err := s.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	conn, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("dial the mail server: %w", err)
	}
	err = c.SendWithSMTPClient(conn, msg)
	// How the connection ends says nothing of the message.
	_ = c.CloseWithSMTPClient(conn)
	if err == nil || msg.IsDelivered() {
		return nil
	}
	return classify(err)
}

// message writes a message as it is sent (RFC 5322).
func (s *smtp) message(m Message) (*gomail.Msg, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(s.config.From), msg.To(m.To)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	if m.ID == "" {
		msg.SetMessageID()
	} else { // the same each time that it is tried, so that a double is known as one
		from := msg.GetFrom()[0].Address
		msg.SetMessageIDWithValue(m.ID + from[strings.LastIndexByte(from, '@'):])
	}
	// RFC 3834: nobody's holiday answer is wanted.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	return msg, nil
}

// classify tells a refusal for good (5xx to the recipient or to the message) from
// what may pass. A refusal of the connection, the login or the sender may be
// mended by the operator.
func classify(err error) error {
	var refused *gomail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 &&
		(refused.Reason == gomail.ErrSMTPRcptTo || refused.Reason == gomail.ErrSMTPDataClose) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
