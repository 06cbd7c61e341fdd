package account

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/mail"
)

// Queue takes jobs into the transaction of what they belong to; it is the part of
// db.Queue that is needed here.
type Queue interface {
	Enqueue(ctx context.Context, tx *db.Tx, args river.JobArgs, opts *river.InsertOpts) error
}

// message is a text for somebody.
type message struct {
	to, subject, text string
	until             time.Time // when it is of no more use; zero for never
}

// mailTo enqueues a message in the transaction of what it announces: it is sent
// once that is in, and again until the mail server has it. Where nobody sends
// mail it is SERVICE_UNAVAILABLE.
func (s *Service) mailTo(ctx context.Context, tx *db.Tx, m message) error {
	return s.post().send(ctx, tx, m)
}

func (s *Service) post() post { return post{queue: s.config.Queue, sealer: s.sealer} }

// post enqueues messages.
type post struct {
	queue  Queue
	sealer Sealer
}

func (p post) send(ctx context.Context, tx *db.Tx, m message) error {
	if p.queue == nil {
		return errNoMail()
	}
	id := asset.NewID()
	plain, err := json.Marshal(mail.Message{ID: id.String(), To: m.to, Subject: m.subject, Text: m.text})
	if err != nil {
		return err
	}
	return p.queue.Enqueue(ctx, tx, MailJob{ID: id, Sealed: p.sealer.Seal(mailPurpose(id), plain), Until: m.until}, nil)
}

func errNoMail() error {
	return asset.Errorf(asset.ServiceUnavailable, nil, "no mail can be sent from here")
}

func mailPurpose(id asset.ID) string { return "mail/" + id.String() }

// MailQueue is the queue of messages, apart from the pipeline's: a mail server that
// does not answer holds up no picture.
const MailQueue = "mail"

// MailJob sends one message. It is sealed, because tokens are in messages and the
// queue's table keeps jobs for a while after they ran.
type MailJob struct {
	ID     asset.ID  `json:"id"`
	Sealed []byte    `json:"sealed"`
	Until  time.Time `json:"until,omitzero"`
}

// Kind names the job in the queue's table; it never changes.
func (MailJob) Kind() string { return "account_mail" }

// InsertOpts give a mail server that is away three days.
func (MailJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: MailQueue, MaxAttempts: 80}
}

// Mailing works what was enqueued: it makes the tokens of resets and sends
// messages.
type Mailing struct {
	Sender mail.Sender
	Sealer Sealer
	Rows   *db.DB
	Queue  Queue
	Logger *slog.Logger
	Now    func() time.Time // time.Now when nil
}

// Workers registers what works the jobs.
func (m Mailing) Workers(w *river.Workers) {
	if m.Now == nil {
		m.Now = time.Now
	}
	river.AddWorker(w, &mailer{Mailing: m})
	river.AddWorker(w, &resetter{Mailing: m})
}

type mailer struct {
	river.WorkerDefaults[MailJob]
	Mailing
}

// Timeout is well above the sender's own.
func (w *mailer) Timeout(*river.Job[MailJob]) time.Duration { return 5 * time.Minute }

// NextRetry is 1 s after the first failure, doubled up to an hour.
func (w *mailer) NextRetry(job *river.Job[MailJob]) time.Time {
	seconds := min(math.Exp2(float64(max(job.Attempt, 1)-1)), 3600)
	return time.Now().Add(time.Duration(seconds * float64(time.Second)))
}

// Work sends a message, or gives up on one that is of no more use or that the
// server refuses for good. Killed after the server took it, it is sent twice,
// under the same Message-ID.
func (w *mailer) Work(ctx context.Context, job *river.Job[MailJob]) error {
	if until := job.Args.Until; !until.IsZero() && w.Now().After(until) {
		return river.JobCancel(errors.New("what the message told of is over"))
	}
	plain, err := w.Sealer.Open(mailPurpose(job.Args.ID), job.Args.Sealed)
	if err != nil {
		return river.JobCancel(err)
	}
	var m mail.Message
	if err := json.Unmarshal(plain, &m); err != nil {
		return river.JobCancel(err)
	}
	err = w.Sender.Send(ctx, m)
	if errors.Is(err, mail.ErrRefused) {
		// What is tried again the queue logs.
		w.Logger.WarnContext(ctx, "a message cannot be sent", "id", m.ID, "error", err)
		return river.JobCancel(err)
	}
	return err
}
