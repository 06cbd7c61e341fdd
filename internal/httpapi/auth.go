package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/quota"
)

// caller is who a request comes from, in the organization in force; or nobody,
// where the contract makes credentials optional.
type caller struct {
	account.Principal
	anonymous bool
}

// user is the person who asks; nil when a program asks for itself.
func (c caller) user() *asset.ID {
	if c.UserID == (asset.ID{}) {
		return nil
	}
	return &c.UserID
}

// callerOf is the caller that withCaller found; anonymous where none is needed.
func callerOf(ctx context.Context) caller {
	if who := exchangeOf(ctx).who; who != nil {
		return *who
	}
	return caller{anonymous: true}
}

// withRequest lets a handler reach the request, which sending a file needs.
func withRequest(next gen.StrictHandlerFunc, _ string) gen.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		exchangeOf(ctx).request = r
		return next(ctx, w, r, request)
	}
}

func requestOf(ctx context.Context) *http.Request { return exchangeOf(ctx).request }

// withCaller finds out who asks and whether they may, as the contract says for
// the operation. The body is not touched before that.
func (s *server) withCaller(op *operation, next http.Handler) http.Handler {
	if op.public {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.authenticate(op, r)
		if account.UnknownKey(err) {
			err = s.failedFrom(r, quota.KeyValidation, "", err)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if op.tagged { // what it says may change, and so may who is told: ask again each time
			w.Header().Set("Cache-Control", "private, no-cache")
		}
		x := exchangeOf(r.Context())
		x.who = &who
		if x.body != nil && !who.anonymous {
			x.again = func() (caller, error) { return s.authenticate(op, r) }
		}
		next.ServeHTTP(w, r)
	})
}

// arrived asks once more who asks, now that the body is here: its sender may have
// held it back until after their right had ended.
func (x *exchange) arrived() error {
	if x.again == nil {
		return nil
	}
	who, err := x.again()
	if err == nil {
		x.who = &who
	}
	return err
}

// withOrigin tells the rooms behind the door where a request comes from.
func (s *server) withOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := account.Origin{Address: remoteHost(r), UserAgent: r.UserAgent(), RequestID: exchangeOf(r.Context()).id}
		if s.Limits != nil {
			from.Address = s.Limits.Address(r.RemoteAddr, r.Header.Values("X-Forwarded-For")).String()
		}
		ctx := account.WithOrigin(r.Context(), from)
		if r.Method == http.MethodGet {
			ctx = db.OneEpoch(ctx)
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (s *server) authenticate(op *operation, r *http.Request) (caller, error) {
	given, err := op.credentials(r)
	if err != nil {
		return caller{}, err
	}
	op.within(&given, r)
	if given.Empty() {
		if op.optional {
			return caller{anonymous: true}, nil
		}
		return caller{}, asset.Errorf(asset.Unauthorized, nil, "this needs credentials: %s", op.wanted())
	}
	p, err := s.Accounts.Authenticate(r.Context(), given)
	if err != nil {
		return caller{}, err
	}
	scope := op.bearerScope
	if given.Bearer == "" || (p.Delegated() && scope == "") {
		scope = op.keyScope
	}
	if p.Delegated() && scope == "" { // what only the user's own login may do
		return caller{}, asset.Errorf(asset.Forbidden, nil, "this needs the user's own login, not a program's token")
	}
	if scope != "" {
		err = p.Require(scope)
	}
	if err == nil && op.refuses(p.Role) {
		err = asset.Errorf(asset.Forbidden, nil, "this is for the role %s", strings.Join(op.Only, ", "))
	}
	return caller{Principal: p}, err
}

// within puts the organization that the path names into force. One that is no
// UUID is told by the validation.
func (op *operation) within(c *account.Credentials, r *http.Request) {
	c.Account, c.EvenDeleted = op.Account, op.Deleted
	if !strings.HasPrefix(op.path, "/v1/organizations/{org_id}") {
		return
	}
	if id, err := uuid.Parse(r.PathValue("org_id")); err == nil && len(r.PathValue("org_id")) == 36 {
		c.OrganizationID, c.InPath = id.String(), true
	}
}

// credentials takes those that the operation knows from the headers. A bearer
// token goes before a key.
func (op *operation) credentials(r *http.Request) (c account.Credentials, err error) {
	for _, name := range []string{"Authorization", "X-API-Key", "X-Organization-Id"} {
		if len(r.Header.Values(name)) > 1 { // a proxy may have looked at the other one
			return c, asset.Errorf(asset.Unauthorized, nil, "the header %s is there more than once", name)
		}
	}
	if c.OrganizationID = r.Header.Get("X-Organization-Id"); c.OrganizationID != "" {
		if _, err := uuid.Parse(c.OrganizationID); err != nil || len(c.OrganizationID) != 36 {
			return c, asset.Invalid("must be a UUID", "header", "X-Organization-Id")
		}
	}
	if text := r.Header.Get("Authorization"); op.bearer && text != "" {
		scheme, token, _ := strings.Cut(text, " ")
		token = strings.TrimSpace(token)
		if !strings.EqualFold(scheme, "Bearer") || token == "" {
			return c, asset.Errorf(asset.Unauthorized, nil, "the Authorization header must be Bearer and a token")
		}
		c.Bearer = token
		return c, nil
	}
	if op.key {
		c.APIKey = strings.TrimSpace(r.Header.Get("X-Api-Key"))
	}
	return c, nil
}

// wanted names the headers that would do.
func (op *operation) wanted() string {
	switch {
	case op.bearer && op.key:
		return "Authorization: Bearer, or X-API-Key"
	case op.key:
		return "X-API-Key"
	}
	return "Authorization: Bearer"
}
