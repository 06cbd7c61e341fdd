package account

import (
	"context"
	"fmt"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// Messages hold nothing that a user typed, but for addresses, which checkEmail
// has seen: a stranger's text must not reach a mailbox under our name.

// tokenText is a message with a token; the intro has one %s for where this is.
func tokenText(intro, site, token, path string, ttl time.Duration) string {
	return fmt.Sprintf(intro, site) + "\n\n    " + token + "\n\n" +
		fmt.Sprintf("It works once, for %s, as the token of\n\n    POST %s%s\n\n", hours(ttl), site, path) +
		"If it was not you, do nothing: without the token nothing happens.\n"
}

func hours(d time.Duration) string {
	if d == time.Hour {
		return "an hour"
	}
	return fmt.Sprintf("%d hours", int(d.Hours()))
}

// notify tells the owner of an address of what happened to their account. Where
// nobody sends mail it is not told.
func (s *Service) notify(ctx context.Context, tx *db.Tx, to, subject, what string) error {
	if s.config.Queue == nil {
		return nil
	}
	text := what + "\n\n" + fmt.Sprintf("When: %s\nWhere: %s\n", s.now().Format("2006-01-02 15:04:05 UTC"), s.config.Issuer)
	if from := originOf(ctx).Address; from != "" {
		text += "From: " + from + "\n"
	}
	text += "\nIf it was not you, ask for a new password at once and tell whoever runs this service.\n"
	return s.mailTo(ctx, tx, message{to: to, subject: subject, text: text})
}

// inPerson refuses programs: what belongs to a person is changed by that person,
// with the access token of a login.
func inPerson(p Principal) error {
	if p.SessionID == nil || p.UserID == (asset.ID{}) {
		return asset.Errorf(asset.Forbidden, nil, "this needs the access token of a login")
	}
	return nil
}
