package webhook_test

import (
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
)

// TestKilledInTheMiddle kills a process whose request is under way. The next one
// on the same database sends it again, at once and under the same webhook-id, and
// counts what it knows of: its own attempt.
func TestKilledInTheMiddle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, c db.Config) {
		w := open(t, c, config())
		inside := make(chan bool)
		r := receive(t, func(n int, _ http.ResponseWriter, r *http.Request) {
			if n == 1 {
				close(inside)
				<-r.Context().Done()
			}
		})
		h, secret := w.create(r.URL)
		d := w.pending(h)

		cmd := exec.Command(os.Args[0], "-test.run=^TestDeliveringProcess$")
		cmd.Env = append(os.Environ(), "CERTANA_TEST_DELIVER="+c.URL)
		cmd.Stderr = os.Stderr
		w.must(cmd.Start())
		<-inside
		w.must(cmd.Process.Signal(syscall.SIGKILL))
		_ = cmd.Wait()
		want(w, "attempts known of", w.delivery(h, d.ID).Attempts, 0)

		w.start()
		w.until("delivered", func() bool { return w.delivery(h, d.ID).Status == db.DeliveryDelivered })
		want(w, "attempts", w.delivery(h, d.ID).Attempts, 1)
		heard := r.requests()
		want(w, "heard", len(heard), 2)
		for _, q := range heard {
			w.must(verified(t, secret, q))
			want(w, "webhook-id", q.Get("webhook-id"), d.ID.String())
		}
	})
}

// TestDeliveringProcess is the process that TestKilledInTheMiddle kills.
func TestDeliveringProcess(t *testing.T) {
	url := os.Getenv("CERTANA_TEST_DELIVER")
	if url == "" {
		t.Skip("only in the process that TestKilledInTheMiddle starts")
	}
	w := join(t, db.Config{URL: url}, config())
	w.org = asset.NewID()
	w.start()
	select {}
}
