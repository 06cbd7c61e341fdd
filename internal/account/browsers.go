package account

import (
	"context"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// How long a browser stays logged in on our pages, and how long a login waits for
// its second factor.
const (
	browserTTL = 8 * time.Hour
	pendingTTL = 10 * time.Minute
)

// BrowserLogin is somebody who logged in on our pages.
type BrowserLogin = db.OAuthLogin

// LogInBrowser checks a password and answers the cookie that stands for it. A
// login that is pending wants a second factor before it is worth anything. The
// errors are those of Login but for SECOND_FACTOR_REQUIRED.
func (s *Service) LogInBrowser(ctx context.Context, email, password string) (cookie string, l *BrowserLogin, err error) {
	cookie = randomText()
	in := SignIn{Email: email, Password: password, pending: func(ctx context.Context, tx *db.Tx, u *db.User) error {
		l = s.browserLogin(cookie, u, "pwd")
		l.Pending, l.ExpiresAt = true, s.now().Add(pendingTTL)
		return tx.InsertOAuthLogin(ctx, l)
	}}
	_, err = s.signIn(ctx, in, func(ctx context.Context, tx *db.Tx, u *db.User) error {
		l = s.browserLogin(cookie, u, "pwd")
		return tx.InsertOAuthLogin(ctx, l)
	})
	if err != nil && !asset.Is(err, asset.SecondFactorRequired) {
		return "", nil, err
	}
	return cookie, l, nil
}

func (s *Service) browserLogin(cookie string, u *db.User, methods ...string) *BrowserLogin {
	return &BrowserLogin{Hash: hashSecret(cookie), UserID: u.ID, Methods: methods, CreatedAt: s.now(), ExpiresAt: s.now().Add(browserTTL)}
}

// ConfirmBrowser gives a pending login its second factor. The answer is another
// cookie: the one before stands for nothing any more. A code that is wrong or
// was used is INVALID_CREDENTIALS.
func (s *Service) ConfirmBrowser(ctx context.Context, pending *BrowserLogin, code string) (cookie string, l *BrowserLogin, err error) {
	cookie = randomText()
	var failure error
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err := tx.UserByID(ctx, pending.UserID)
		if err != nil {
			return err
		}
		// A code is used once, and so is what it confirms.
		if still, err := tx.LiveOAuthLogin(ctx, pending.Hash); err != nil || still == nil || code == "" {
			failure = errCredentials()
			return err
		}
		if failure, err = s.admit(ctx, tx, u, code); err != nil || failure != nil {
			return err // a failure is committed, and told after
		}
		if err := tx.DeleteOAuthLogin(ctx, pending.Hash); err != nil {
			return err
		}
		l = s.browserLogin(cookie, u, "pwd", "otp", "mfa")
		if err := tx.InsertOAuthLogin(ctx, l); err != nil {
			return err
		}
		return record(ctx, tx, Principal{UserID: u.ID}, Event{Action: ActionLoggedIn})
	})
	if err == nil {
		err = failure
	}
	if err != nil {
		return "", nil, err
	}
	return cookie, l, nil
}

// Browser finds the login that a cookie stands for, pending or not; nil when it
// stands for nothing.
func (s *Service) Browser(ctx context.Context, cookie string) (*BrowserLogin, error) {
	if cookie == "" {
		return nil, nil
	}
	return s.db.LiveOAuthLogin(ctx, hashSecret(cookie))
}

// LogOutBrowser makes a cookie stand for nothing.
func (s *Service) LogOutBrowser(ctx context.Context, cookie string) error {
	return s.db.DeleteOAuthLogin(ctx, hashSecret(cookie))
}

// Choice is an organization for which a user may let a client act.
type Choice struct {
	db.Organization
	Role string
}

// Choices lists the organizations of a user that are in force, oldest first, and
// who the user is. At most a hundred.
func (s *Service) Choices(ctx context.Context, user asset.ID) (*db.User, []Choice, error) {
	u, err := s.db.UserByID(ctx, user)
	if err != nil {
		return nil, nil, err
	}
	rows, _, err := s.db.OrganizationsOf(ctx, user, db.Page{Number: 1, Size: db.MaxPageSize})
	if err != nil {
		return nil, nil, err
	}
	var all []Choice
	for _, o := range rows {
		_, there, err := s.db.LiveMember(ctx, user, o.ID)
		if err != nil {
			return nil, nil, err
		}
		if there.Works() {
			all = append(all, Choice{o, there.Role})
		}
	}
	return u, all, nil
}

// OrganizationName is what an organization is called.
func (s *Service) OrganizationName(ctx context.Context, id asset.ID) (string, error) {
	o, err := s.db.OrganizationByID(ctx, id)
	return o.Name, err
}
