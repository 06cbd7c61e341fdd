package account_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail"
	"github.com/certana/certana/internal/mail/mailtest"
)

// logged is a log that is written to by several.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// deliver has what is enqueued sent to a mail server of the test's, and answers
// that and the log.
func (f *fixture) deliver(o mailtest.Options) (*mailtest.Server, *logged) {
	f.t.Helper()
	server, log := mailtest.Start(f.t, o), new(logged)
	c := mail.DefaultConfig()
	c.SMTPURL, c.From = "smtp://"+server.Address, "Certana <no-reply@certana.example>"
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	sender, err := mail.New(c, logger)
	must(f.t, err)
	queue, err := db.NewQueue(f.db, db.QueueConfig{Queues: map[string]db.QueueSpec{account.MailQueue: {}}})
	must(f.t, err)
	workers := river.NewWorkers()
	account.Mailing{Sender: sender, Sealer: f.vault, Rows: f.db, Queue: queue, Logger: logger, Now: f.clock.now}.Workers(workers)
	must(f.t, queue.Start(f.t.Context(), workers))
	f.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := queue.Stop(ctx); err != nil {
			f.t.Error(err)
		}
	})
	return server, log
}

// The subjects of messages.
const (
	toVerify = "Verify your e-mail address"
	toChange = "Confirm your new e-mail address"
	toReset  = "Set a new password"
)

// token is the token of the n-th message with a subject to an address.
func token(t *testing.T, s *mailtest.Server, to, subject string, n int) string {
	t.Helper()
	m := s.Wait(t, to, subject, n)
	if m.Token() == "" {
		t.Fatalf("no token in %s", m.Text)
	}
	return m.Token()
}

// Tokens are nowhere but in messages: not in the database, not in the log, sent
// or not.
func TestTokensAreNowhereElse(t *testing.T) {
	f := setup(t)
	var refused atomic.Bool
	server, log := f.deliver(mailtest.Options{Refuse: func(to string) error {
		if to == "user@example.com" && refused.CompareAndSwap(false, true) { // the first time
			return &smtp.SMTPError{Code: 451, Message: "try again"}
		}
		if to == "gone@example.com" {
			return &smtp.SMTPError{Code: 550, Message: "no such user"}
		}
		return nil
	}})
	f.register("gone@example.com")
	f.register("user@example.com")
	must(t, f.ForgotPassword(t.Context(), "user@example.com"))
	secrets := []string{token(t, server, "user@example.com", toVerify, 1), token(t, server, "user@example.com", toReset, 1)}
	f.settle()
	if !strings.Contains(log.String(), "550") {
		t.Errorf("the refusal is not in the log: %s", log)
	}
	rows := f.dump()
	for _, secret := range secrets {
		for where, text := range map[string]string{"log": log.String(), "database": rows} {
			if strings.Contains(text, secret) || strings.Contains(text, strings.TrimPrefix(secret, "cert_mt_")) {
				t.Errorf("a token is in the %s", where)
			}
		}
	}
	if strings.Contains(rows, "cert_mt_") || strings.Contains(log.String(), "cert_mt_") {
		t.Error("a token is in the database or in the log")
	}
	if !strings.Contains(rows, "account_mail") || !strings.Contains(rows, "account_reset") {
		t.Error("the dump does not see the jobs")
	}
}

// settle waits until no job is to be done.
func (f *fixture) settle() {
	f.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var left int
		must(f.t, f.db.Tx(f.t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return tx.SQL().QueryRowContext(ctx, "SELECT count(*) FROM river_job WHERE finalized_at IS NULL").Scan(&left)
		}))
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("%d jobs are left after a minute", left)
		}
	}
}

// dump is what the database holds, as text.
func (f *fixture) dump() string {
	var b strings.Builder
	must(f.t, f.db.Tx(f.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, table := range []string{"river_job", "mail_tokens", "users", "recovery_codes", "audit_events", "sessions", "refresh_tokens"} {
			rows, err := tx.SQL().QueryContext(ctx, "SELECT * FROM "+table)
			if err != nil {
				return err
			}
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			for rows.Next() {
				values := make([]any, len(columns))
				for i := range values {
					values[i] = new(any)
				}
				if err := rows.Scan(values...); err != nil {
					return err
				}
				for _, v := range values {
					if text, ok := (*v.(*any)).([]byte); ok {
						fmt.Fprintf(&b, "%s ", text)
					} else {
						fmt.Fprint(&b, *v.(*any), " ")
					}
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	}))
	return b.String()
}

// What a user calls themselves is in no message, least of all in a header.
func TestNamesAreNotInMessages(t *testing.T) {
	f := setup(t)
	server, _ := f.deliver(mailtest.Options{})
	name := "Eve\r\nBcc: thief@example.com\r\n\r\nVisit http://evil.example"
	_, err := f.Register(account.WithOrigin(t.Context(), account.Origin{Address: "192.0.2.1", UserAgent: name}),
		account.Registration{Email: "user@example.com", Password: password, FullName: name})
	must(t, err)
	must(t, f.ForgotPassword(t.Context(), "user@example.com"))
	server.Wait(t, "user@example.com", toVerify, 1)
	server.Wait(t, "user@example.com", toReset, 1)
	for _, m := range server.Messages() {
		if strings.Contains(string(m.Raw), "evil") || strings.Contains(string(m.Raw), "Eve") || m.Header.Get("Bcc") != "" {
			t.Errorf("sent %s", m.Raw)
		}
	}
}

// A registration that fails sends nothing, and where nobody sends mail people
// register all the same.
func TestMailFollowsItsTransaction(t *testing.T) {
	f := setup(t)
	f.register("user@example.com")
	jobs := strings.Count(f.dump(), "account_mail")
	_, err := f.Register(t.Context(), account.Registration{Email: "user@example.com", Password: password})
	wantCode(t, "twice", err, asset.Conflict)
	want(t, "messages", strings.Count(f.dump(), "account_mail"), jobs)

	silent, _ := f.process(func(c *account.Config) { c.Queue = nil })
	_, err = silent.Register(t.Context(), account.Registration{Email: "other@example.com", Password: password})
	must(t, err)
	want(t, "messages where none are sent", strings.Count(f.dump(), "account_mail"), jobs)
	wantCode(t, "asking for one", silent.ForgotPassword(t.Context(), "user@example.com"), asset.ServiceUnavailable)
}
