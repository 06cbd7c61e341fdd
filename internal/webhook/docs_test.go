package webhook_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/certana/certana/internal/webhook"
)

// TestReceiversPage holds docs/webhooks.md to the program: its example verifies
// under the secret that it prints, and its table names every event.
func TestReceiversPage(t *testing.T) {
	b, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	_, rest, _ := strings.Cut(page, "POST /webhook HTTP/1.1\n")
	example, _, _ := strings.Cut(rest, "\n```")
	head, body, _ := strings.Cut(example, "\n\n")
	q := request{http.Header{}, []byte(body)}
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		q.Header.Set(name, value)
	}
	secret := regexp.MustCompile("whsec_[A-Za-z0-9+/]{43}=").FindString(page)
	if err := verifiedAnyTime(t, secret, q); err != nil {
		t.Error(err)
	}
	table, _, _ := strings.Cut(page, "## Verify")
	events := regexp.MustCompile("(?m)^\\| `([a-z]+\\.[a-z]+)` \\|").FindAllStringSubmatch(table, -1)
	var named []string
	for _, e := range events {
		named = append(named, e[1])
	}
	if all := append(webhook.Events(), webhook.TestEvent); !slices.Equal(named, all) {
		t.Errorf("the page's events are %q, want %q", named, all)
	}
}
