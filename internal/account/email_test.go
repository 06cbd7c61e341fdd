package account_test

import (
	"testing"

	"github.com/certana/certana/internal/account"
)

func TestMailbox(t *testing.T) {
	for address, mailbox := range map[string]string{
		"user@example.com":        "user@example.com",
		"User+a+b@Example.com":    "user@example.com",
		"+user@example.com":       "+user@example.com",
		"us.er@example.com":       "us.er@example.com",
		"user@exa+mple.com":       "user@exa+mple.com",
		"a@b+c@example.com":       "a@b@example.com",
		"nobody":                  "nobody",
		"":                        "",
		"user+@example.com":       "user@example.com",
		"MÜLLER+x@exämple.de":     "müller@exämple.de",
		"user+tag@sub.EXAMPLE.de": "user@sub.example.de",
	} {
		want(t, address, account.Mailbox(address), mailbox)
	}
}
