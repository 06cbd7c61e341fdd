package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/certana/certana/internal/mail/mailtest"
)

const from = "Certana <no-reply@example.com>"

var hello = Message{ID: "0193c1f2", To: "user@example.com", Subject: "Grüße, 漢字", Text: "First line\n\n    cert_mt_x=\n.\nLast line\n"}

func sender(t *testing.T, s *mailtest.Server, scheme, login string) *smtp {
	t.Helper()
	config := DefaultConfig()
	config.SMTPURL, config.From = scheme+"://"+login+s.Address, from
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	out, err := newSMTP(config, &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSend(t *testing.T) {
	for name, c := range map[string]struct {
		options       mailtest.Options
		scheme, login string
		secure        bool
	}{
		"this machine, plain":         {mailtest.Options{}, "smtp", "", false},
		"STARTTLS":                    {mailtest.Options{TLS: mailtest.STARTTLS}, "smtp", "", true},
		"STARTTLS with a login":       {mailtest.Options{TLS: mailtest.STARTTLS, User: "me", Password: "p@ss/w:rd"}, "smtp", "me:p%40ss%2Fw%3Ard@", true},
		"TLS from the first byte":     {mailtest.Options{TLS: mailtest.Implicit}, "smtps", "", true},
		"TLS throughout with a login": {mailtest.Options{TLS: mailtest.Implicit, User: "me", Password: "secret"}, "smtps", "me:secret@", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := mailtest.Start(t, c.options)
			if err := sender(t, s, c.scheme, c.login).Send(t.Context(), hello); err != nil {
				t.Fatal(err)
			}
			got := s.Wait(t, hello.To, hello.Subject, 1)
			if got.From != "no-reply@example.com" || got.TLS != c.secure || got.Subject != hello.Subject || got.Text != hello.Text {
				t.Errorf("taken %+v", got)
			}
			for key, want := range map[string]string{"Message-Id": "<0193c1f2@example.com>", "Auto-Submitted": "auto-generated",
				"To": "<user@example.com>", "From": `"Certana" <no-reply@example.com>`, "Content-Type": "text/plain; charset=UTF-8"} {
				if got.Header.Get(key) != want {
					t.Errorf("%s is %q, want %q", key, got.Header.Get(key), want)
				}
			}
			if _, err := got.Header.Date(); err != nil {
				t.Error(err)
			}
		})
	}
}

// What would give a message or a password to whoever stands between is not done.
func TestNotWithoutTLS(t *testing.T) {
	elsewhere := func(s *smtp) *smtp { // as for a host that is not this machine
		s.server.loopback = false
		return s
	}
	plain := mailtest.Start(t, mailtest.Options{})
	stranger := mailtest.Start(t, mailtest.Options{TLS: mailtest.Implicit})
	upgrading := mailtest.Start(t, mailtest.Options{TLS: mailtest.STARTTLS})
	trusting := func(s *mailtest.Server, scheme string) *smtp {
		out := sender(t, s, scheme, "")
		out.tls.RootCAs = nil // nobody here vouches for it
		return out
	}
	for name, s := range map[string]*smtp{
		"no STARTTLS":                     elsewhere(sender(t, plain, "smtp", "")),
		"a stranger's certificate":        elsewhere(trusting(upgrading, "smtp")),
		"a stranger's certificate, smtps": trusting(stranger, "smtps"),
		"TLS where there is none":         sender(t, plain, "smtps", ""),
	} {
		if err := s.Send(t.Context(), hello); err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range []*mailtest.Server{plain, stranger, upgrading} {
		if n := len(s.Messages()); n > 0 {
			t.Errorf("%d messages were taken", n)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		options mailtest.Options
		login   string
		forGood bool
	}{
		"no such mailbox":  {mailtest.Options{Refuse: func(string) error { return &gosmtp.SMTPError{Code: 550, Message: "no such user"} }}, "", true},
		"try again later":  {mailtest.Options{Refuse: func(string) error { return &gosmtp.SMTPError{Code: 451, Message: "busy"} }}, "", false},
		"a wrong password": {mailtest.Options{User: "me", Password: "right"}, "me:wrong@", false},
		"no login":         {mailtest.Options{User: "me", Password: "right"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := mailtest.Start(t, c.options)
			err := sender(t, s, "smtp", c.login).Send(t.Context(), hello)
			if err == nil || errors.Is(err, ErrRefused) != c.forGood {
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), "cert_mt_") || strings.Contains(err.Error(), "wrong@") {
				t.Errorf("the error tells a secret: %v", err)
			}
			if len(s.Messages()) > 0 {
				t.Error("it was taken")
			}
		})
	}
	gone := DefaultConfig()
	gone.SMTPURL, gone.From = "smtp://127.0.0.1:1", from
	s, err := New(gone, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), hello); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("nobody there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Send(ctx, hello); err == nil {
		t.Error("sent although this side is stopping")
	}
}

// Nothing in a message becomes a header, a recipient or a second message.
func TestInjection(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	for name, m := range map[string]Message{
		"subject":             {To: "a@example.com", Subject: "x\r\nBcc: thief@example.com"},
		"subject, bare LF":    {To: "a@example.com", Subject: "x\nBcc: thief@example.com"},
		"subject, bare CR":    {To: "a@example.com", Subject: "x\rBcc: thief@example.com"},
		"NUL":                 {To: "a@example.com", Subject: "x\x00"},
		"recipient":           {To: "a@example.com\r\nRCPT TO:<thief@example.com>"},
		"two recipients":      {To: "a@example.com, thief@example.com"},
		"a name":              {To: "Bcc: thief <a@example.com>"},
		"parameters":          {To: "a@example.com> NOTIFY=NEVER"},
		"no address":          {To: "nobody"},
		"no address, quoted":  {To: `"a@example.com`},
		"id":                  {ID: "x\r\nBcc: thief@example.com", To: "a@example.com"},
		"nothing but a space": {To: " "},
	} {
		if err := sender(t, s, "smtp", "").Send(t.Context(), m); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		if err := (Log{slog.New(slog.DiscardHandler)}).Send(t.Context(), m); !errors.Is(err, ErrRefused) {
			t.Errorf("%s, to the log: %v", name, err)
		}
	}
	if n := len(s.Messages()); n > 0 {
		t.Fatalf("%d messages were taken", n)
	}
	// The text may hold anything.
	text := "Bcc: thief@example.com\n\n.\nMAIL FROM:<a@example.com>\nRCPT TO:<thief@example.com>\nDATA\n..\n" + strings.Repeat("long ", 1000) + "\n=3D\n"
	if err := sender(t, s, "smtp", "").Send(t.Context(), Message{To: "a@example.com", Subject: "=?utf-8?q?Bcc?=", Text: text}); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()
	if len(got) != 1 || got[0].Text != text || got[0].Header.Get("Bcc") != "" || got[0].To != "a@example.com" {
		t.Errorf("taken %+v", got)
	}
}

// Addresses of any script are delivered as they are (RFC 6531).
func TestAddressOfAnotherScript(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	m := hello
	m.To = "müller@exämple.de"
	if err := sender(t, s, "smtp", "").Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	s.Wait(t, m.To, m.Subject, 1)
}

func TestLog(t *testing.T) {
	var b bytes.Buffer
	s, err := New(DefaultConfig(), slog.New(slog.NewTextHandler(&b, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"level=INFO", "MAIL NOT SENT", hello.To, hello.Subject, "cert_mt_x="} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("%q is not in the log: %s", part, b.String())
		}
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		url, from string
		timeout   time.Duration
		ok        bool
		host      string
		port      int
	}{
		{"", "", 0, true, "", 0},
		{"smtp://mail.example.com", from, time.Minute, true, "mail.example.com", 587},
		{"smtp://mail.example.com:25/", from, time.Minute, true, "mail.example.com", 25},
		{"smtps://hunter2:hunter2@mail.example.com", from, time.Minute, true, "mail.example.com", 465},
		{"smtp://[::1]:1025", from, time.Minute, true, "::1", 1025},
		{"smtp://mail.example.com", "", time.Minute, false, "", 0},
		{"smtp://mail.example.com", "nobody", time.Minute, false, "", 0},
		{"smtp://mail.example.com", from, time.Millisecond, false, "", 0},
		{"http://hunter2:hunter2@mail.example.com", from, time.Minute, false, "", 0},
		{"mail.example.com:25", from, time.Minute, false, "", 0},
		{"smtp://:hunter2@:25", from, time.Minute, false, "", 0},
		{"smtp://hunter2:hunter2@mail.example.com:99999", from, time.Minute, false, "", 0},
		{"smtp://hunter2:hunter2@mail.example.com/?tls=no", from, time.Minute, false, "", 0},
		{"smtp://hunter2:hun%ter2@mail.example.com", from, time.Minute, false, "", 0},
	} {
		config := Config{SMTPURL: c.url, From: c.from, Timeout: c.timeout}
		err := config.Validate()
		if (err == nil) != c.ok {
			t.Errorf("%s from %q: %v", c.url, c.from, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells the password: %v", err)
		}
		if c.ok && c.url != "" {
			if s, err := config.server(); err != nil || s.host != c.host || s.port != c.port || s.loopback != (c.host == "::1") {
				t.Errorf("%s: %+v %v", c.url, s, err)
			}
		}
	}
}
