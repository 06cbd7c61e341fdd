package oauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/quota"
)

// refusals are the errors of package account in the library's words.
var refusals = map[account.OAuthCode]func() *oidc.Error{
	account.InvalidClient:      oidc.ErrInvalidClient,
	account.InvalidGrant:       oidc.ErrInvalidGrant,
	account.InvalidScope:       oidc.ErrInvalidScope,
	account.UnauthorizedClient: oidc.ErrUnauthorizedClient,
	account.AccessDenied:       oidc.ErrAccessDenied,
}

// told turns an error into what a program is told; our own failures go to the
// log and are told as such. What may have been guessing is counted.
func (s *server) told(ctx context.Context, err error, client string) error {
	var known *account.OAuthError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		if known.Code == account.InvalidClient || known.Code == account.InvalidGrant {
			s.failed(ctx, quota.OAuthToken, client)
		}
		status := http.StatusBadRequest
		if known.Code == account.InvalidClient {
			status = http.StatusUnauthorized
		}
		return op.NewStatusError(refusals[known.Code]().WithDescription("%s", printable(known.Detail)), status)
	}
	e := asset.AsError(err)
	switch e.Code {
	case asset.Unauthorized, asset.TokenExpired, asset.Forbidden:
		return op.NewStatusError(&oidc.Error{ErrorType: "invalid_token", Description: printable(e.Detail)}, http.StatusUnauthorized)
	case asset.InsufficientScope:
		return op.NewStatusError(&oidc.Error{ErrorType: "insufficient_scope", Description: printable(e.Detail)}, http.StatusForbidden)
	}
	s.logFailure(ctx, err)
	return op.NewStatusError(oidc.ErrServerError().WithDescription("something went wrong on our side"), http.StatusInternalServerError)
}

// refuseError answers a program for an error before the library was asked.
func (s *server) refuseError(w http.ResponseWriter, r *http.Request, err error) {
	if asset.Is(err, asset.RateLimited) {
		refuse(w, http.StatusTooManyRequests, "temporarily_unavailable", asset.AsError(err).Detail)
		return
	}
	s.logFailure(r.Context(), err)
	refuse(w, http.StatusInternalServerError, "server_error", "something went wrong on our side")
}

func (s *server) logFailure(ctx context.Context, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	s.Log.ErrorContext(ctx, "oauth", "error", err)
}
