// Package oauth is the door to OAuth2 and OpenID Connect: it makes certana an
// authorization server. What it grants is decided in package account; here
// requests are parsed, pages shown and answers printed. Parsing and printing at
// the endpoints that programs call are zitadel/oidc's; the pages and the
// authorization endpoint, which people see, are ours.
//
// RFC 6749 and 6750 as narrowed by RFC 9700: authorization code with PKCE (RFC
// 7636, S256 alone) for every client, client credentials, refresh tokens that
// rotate; revocation (RFC 7009), introspection (RFC 7662), access tokens that are
// JWTs (RFC 9068), the issuer in every answer (RFC 9207), metadata (RFC 8414 and
// OpenID Connect Discovery).
package oauth

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/quota"
)

// Deps are the rooms that the door opens, and its settings.
type Deps struct {
	Accounts Accounts
	Limits   Limits       // nil limits nothing
	Log      *slog.Logger // slog.Default() when nil
	BaseURL  string       // the issuer, without a trailing slash
}

// Accounts is the part of *account.Service that is called from here.
type Accounts interface {
	LiveClient(ctx context.Context, id string) (*account.Client, error)
	AuthenticateClient(ctx context.Context, id, secret string) (*account.Client, error)
	ClientToken(ctx context.Context, c *account.Client, scopes []string) (*account.Issued, error)
	ExchangeCode(ctx context.Context, c *account.Client, code, redirectURI, verifier string) (*account.Issued, error)
	RefreshGrant(ctx context.Context, c *account.Client, token string, scopes []string) (*account.Issued, error)
	RevokeToken(ctx context.Context, c *account.Client, token string) error
	Introspect(ctx context.Context, c *account.Client, token string) (*account.TokenInfo, error)
	UserInfo(ctx context.Context, token string) (*account.TokenInfo, error)
	SignIDToken(ctx context.Context, claims any) (string, error)

	LogInBrowser(ctx context.Context, email, password string) (string, *account.BrowserLogin, error)
	ConfirmBrowser(ctx context.Context, pending *account.BrowserLogin, code string) (string, *account.BrowserLogin, error)
	Browser(ctx context.Context, cookie string) (*account.BrowserLogin, error)
	LogOutBrowser(ctx context.Context, cookie string) error
	Choices(ctx context.Context, user asset.ID) (*db.User, []account.Choice, error)
	OrganizationName(ctx context.Context, id asset.ID) (string, error)
	Agreed(ctx context.Context, l *account.BrowserLogin, c *account.Client, scopes []string) (*db.OAuthGrant, error)
	Agree(ctx context.Context, l *account.BrowserLogin, a account.Authorization) (string, error)
}

// Limits is the part of *quota.Service that is called from here.
type Limits interface {
	Address(remote string, forwarded []string) netip.Addr
	Attempt(ctx context.Context, k quota.Kind, addr netip.Addr, subject string) (*quota.Grant, error)
	Allowed(ctx context.Context, k quota.Kind, addr netip.Addr, subject string) (*quota.Grant, error)
	Failed(ctx context.Context, k quota.Kind, addr netip.Addr, subject string) (*quota.Grant, error)
}

// The addresses of the door, below the base URL.
const (
	prefix         = "/oauth2/"
	authorizePath  = prefix + "authorize"
	loginPath      = prefix + "login"
	consentPath    = prefix + "consent"
	logoutPath     = prefix + "logout"
	tokenPath      = prefix + "token"
	revokePath     = prefix + "revoke"
	introspectPath = prefix + "introspect"
	userinfoPath   = prefix + "userinfo"
	keysPath       = "/.well-known/jwks.json" // httpapi's
	openidPath     = "/.well-known/openid-configuration"
	metadataPath   = "/.well-known/oauth-authorization-server"
)

var addresses = map[string]bool{
	authorizePath: true, loginPath: true, consentPath: true, logoutPath: true, tokenPath: true, revokePath: true,
	introspectPath: true, userinfoPath: true, openidPath: true, metadataPath: true,
}

// server answers at every address of the door. For those that programs call it is
// op's Server.
type server struct {
	op.UnimplementedServer
	Deps
	root   string // the base URL's path, which comes before ours in a browser
	secure bool   // the base URL is https
}

// Owns reports whether a path is this door's.
func Owns(path string) bool {
	return strings.HasPrefix(path, prefix) || path == openidPath || path == metadataPath
}

// New builds the handler of everything that Owns names.
func New(d Deps) (http.Handler, error) {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	base, err := url.Parse(d.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("oauth: the base URL %q is no URL", d.BaseURL)
	}
	s := &server{Deps: d, root: base.EscapedPath(), secure: base.Scheme == "https"}
	// It would log each refusal, which the access log does, and its start.
	quiet := op.WithFallbackLogger(slog.New(slog.DiscardHandler))
	programs := op.RegisterServer(s, op.Endpoints{
		Token: op.NewEndpoint(tokenPath), Revocation: op.NewEndpoint(revokePath),
		Introspection: op.NewEndpoint(introspectPath), Userinfo: op.NewEndpoint(userinfoPath),
	}, op.WithServerCORSOptions(nil), quiet)
	return s.withOrigin(s.routes(programs)), nil
}

func (s *server) routes(programs http.Handler) http.Handler {
	mux := http.NewServeMux()
	form := s.withForm(programs)
	for _, at := range []string{tokenPath, revokePath, introspectPath} {
		mux.Handle("POST "+at, form)
	}
	mux.Handle("GET "+userinfoPath, s.withBearer(programs))
	mux.Handle("POST "+userinfoPath, s.withBearer(programs))
	mux.HandleFunc("GET "+openidPath, s.discover)
	mux.HandleFunc("GET "+metadataPath, s.discover)
	mux.HandleFunc("GET "+authorizePath, s.authorize)
	mux.HandleFunc("POST "+authorizePath, s.authorizePosted)
	mux.HandleFunc("GET "+loginPath, s.showLogin)
	mux.HandleFunc("POST "+loginPath, s.logIn)
	mux.HandleFunc("GET "+consentPath, s.showConsent)
	mux.HandleFunc("POST "+consentPath, s.consent)
	mux.HandleFunc("GET "+logoutPath, s.showLogout)
	mux.HandleFunc("POST "+logoutPath, s.logOut)
	return mux
}

type originKey struct{}

// withOrigin tells the rooms behind the door where a request comes from, and
// bounds its body.
func (s *server) withOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !addresses[r.URL.Path] { // the mux would answer some with a redirect
			refuse(w, http.StatusNotFound, "not_found", "there is nothing at this address")
			return
		}
		from, _ := netip.ParseAddrPort(r.RemoteAddr)
		addr := from.Addr().Unmap()
		if s.Limits != nil {
			addr = s.Limits.Address(r.RemoteAddr, r.Header.Values("X-Forwarded-For"))
		}
		ctx := context.WithValue(r.Context(), originKey{}, addr)
		ctx = account.WithOrigin(ctx, account.Origin{Address: addr.String(), UserAgent: r.UserAgent(), RequestID: w.Header().Get("X-Request-Id")})
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func addressOf(ctx context.Context) netip.Addr {
	addr, _ := ctx.Value(originKey{}).(netip.Addr)
	return addr
}

// allowed, failed and attempt are Limits' where there are any. What allowed and
// attempt refuse, they tell when to come back.
func (s *server) allowed(w http.ResponseWriter, r *http.Request, k quota.Kind, subject string) error {
	if s.Limits == nil {
		return nil
	}
	g, err := s.Limits.Allowed(r.Context(), k, addressOf(r.Context()), subject)
	retryAfter(w, g, err)
	return err
}

func (s *server) failed(ctx context.Context, k quota.Kind, subject string) {
	if s.Limits == nil {
		return
	}
	if _, err := s.Limits.Failed(ctx, k, addressOf(ctx), subject); err != nil && !asset.Is(err, asset.RateLimited) {
		s.logFailure(ctx, err)
	}
}

func (s *server) attempt(w http.ResponseWriter, r *http.Request, k quota.Kind, subject string) (*quota.Grant, error) {
	if s.Limits == nil {
		return &quota.Grant{}, nil
	}
	g, err := s.Limits.Attempt(r.Context(), k, addressOf(r.Context()), subject)
	retryAfter(w, g, err)
	return g, err
}

func retryAfter(w http.ResponseWriter, g *quota.Grant, err error) {
	if asset.Is(err, asset.RateLimited) {
		w.Header().Set("Retry-After", strconv.FormatInt(max(1, g.RetryAfter()), 10))
	}
}
