package adversary

import (
	"io"
	"mime/quotedprintable"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// mailbox is an SMTP server on loopback that keeps what it is sent.
type mailbox struct {
	mu       sync.Mutex
	messages []string // To, an empty line, the text
}

// newMailbox listens, and answers the settings that send messages there.
func newMailbox(t *testing.T) (*mailbox, []string) {
	t.Helper()
	m := &mailbox{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(m)
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close() })
	return m, []string{"MAIL_SMTP_URL=smtp://" + ln.Addr().String(), "MAIL_FROM=certana@canary.example"}
}

// NewSession implements smtp.Backend.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{box: m}, nil }

// delivery is one message on its way in.
type delivery struct {
	box *mailbox
	to  string
}

func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return nil
}
func (d *delivery) Reset()        {}
func (d *delivery) Logout() error { return nil }
func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	text := string(raw)
	if plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(text))); err == nil {
		text = string(plain)
	}
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	d.box.messages = append(d.box.messages, strings.ToLower(d.to)+"\n\n"+text)
	return nil
}

// mailToken is how the tokens in messages look.
var mailToken = regexp.MustCompile(`cert_[a-z]+_[A-Za-z0-9_-]{20,}`)

// token waits for a message to an address that says a word and has a token, the
// newest, and takes it out of the box.
func (m *mailbox) token(t *testing.T, to, word string) (token string) {
	t.Helper()
	until(t, "a message to "+to, func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		for i := len(m.messages) - 1; i >= 0; i-- {
			if strings.HasPrefix(m.messages[i], strings.ToLower(to)+"\n") && strings.Contains(m.messages[i], word) {
				if token = mailToken.FindString(m.messages[i]); token != "" {
					m.messages[i] = ""
					return true
				}
			}
		}
		return false
	})
	return token
}
