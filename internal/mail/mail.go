// Package mail delivers text messages: through an SMTP server where one is
// configured, and into the log where none is, which is for development. It sends
// when it is told to; what is sent when, and again after a failure, is decided by
// whoever calls.
package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Config says how messages leave. The zero value writes them to the log.
type Config struct {
	// SMTPURL is the server that takes messages: smtp://user:password@host:587,
	// where STARTTLS is required unless the host is this machine (localhost or a
	// loopback address), or smtps://user:password@host:465, which is TLS from the
	// first byte. User and password may be left out. Without it messages, the
	// tokens in them included, are written to the log: that is for development.
	SMTPURL string `yaml:"smtp_url"`
	// From is the sender, such as Certana <no-reply@example.com>. Needed with
	// SMTPURL.
	From string `yaml:"from"`
	// Timeout bounds one delivery, from dialling to the server's word that it has
	// the message. Default 30s.
	Timeout time.Duration `yaml:"timeout"`
}

// DefaultConfig writes messages to the log.
func DefaultConfig() Config { return Config{Timeout: 30 * time.Second} }

// Validate says what is out of range. It never repeats the URL, which may hold a
// password.
func (c Config) Validate() error {
	if c.SMTPURL == "" {
		return nil
	}
	if _, err := c.server(); err != nil {
		return err
	}
	if _, err := netmail.ParseAddress(c.From); err != nil {
		return errors.New("from must be an address, such as Certana <no-reply@example.com>, where smtp_url is set")
	}
	if c.Timeout < time.Second {
		return errors.New("timeout is a second or more")
	}
	return nil
}

// server is what an SMTP URL says.
type server struct {
	host           string
	port           int
	implicit       bool // TLS from the first byte
	loopback       bool
	user, password string
}

func (c Config) server() (s server, err error) {
	u, err := url.Parse(c.SMTPURL)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return s, errors.New("smtp_url must be smtp://user:password@host:587 or smtps://user:password@host:465")
	}
	s = server{host: u.Hostname(), implicit: u.Scheme == "smtps", port: 587}
	if s.implicit {
		s.port = 465
	}
	if text := u.Port(); text != "" {
		if s.port, err = strconv.Atoi(text); err != nil || s.port < 1 || s.port > 65535 {
			return s, errors.New("smtp_url has a port that is none")
		}
	}
	ip := net.ParseIP(s.host)
	s.loopback = s.host == "localhost" || ip != nil && ip.IsLoopback()
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	return s, nil
}

// Message is a text to one address.
type Message struct {
	ID      string // unique, of letters, digits and hyphens; the same when it is tried again
	To      string // an address alone, local@domain
	Subject string
	Text    string // lines end in \n
}

// ErrRefused says that a message cannot be delivered, now or later: the server
// refused it for good, or it is none that may be sent.
var ErrRefused = errors.New("the message was refused for good")

// check refuses what could make a header of its own. The library encodes such
// texts too; what depends on one place alone is one mistake away from breaking.
func (m Message) check() error {
	if strings.ContainsAny(m.ID+m.To+m.Subject, "\r\n\x00") {
		return fmt.Errorf("%w: a line break in an address or a subject", ErrRefused)
	}
	if a, err := netmail.ParseAddress(m.To); err != nil || a.Name != "" {
		return fmt.Errorf("%w: the recipient is no address", ErrRefused)
	}
	return nil
}

// Sender delivers messages. It is safe for concurrent use.
type Sender interface {
	// Send delivers a message, or says why not; ErrRefused is in the error when
	// trying again is of no use. Delivered means that the server has taken it.
	Send(ctx context.Context, m Message) error
}

// New makes the sender that the configuration asks for.
func New(c Config, logger *slog.Logger) (Sender, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	if c.SMTPURL == "" {
		return Log{Logger: logger}, nil
	}
	return newSMTP(c, nil)
}

// Log writes messages, the tokens in them included, to a log instead of sending
// them.
type Log struct{ Logger *slog.Logger }

// Send implements Sender.
func (l Log) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	l.Logger.InfoContext(ctx, "MAIL NOT SENT, no mail.smtp_url is set: this is the message", "to", m.To, "subject", m.Subject, "text", m.Text)
	return nil
}
