package account_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

func TestLogin(t *testing.T) {
	f := setup(t)
	u := f.register("user@example.com")
	_, err := f.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: "SecurePassword123?"})
	wantCode(t, "wrong password", err, asset.InvalidCredentials)
	_, err = f.Login(t.Context(), account.SignIn{Email: "nobody@example.com", Password: password})
	wantCode(t, "unknown address", err, asset.InvalidCredentials)
	tokens := f.login("USER@example.com")
	want(t, "expires in", tokens.ExpiresIn, 3600)
	p, err := f.bearer(tokens.AccessToken)
	must(t, err)
	want(t, "user", p.UserID, u.ID)
	want(t, "role", p.Role, "owner")
	must(t, p.Require("admin"))
	wantCode(t, "platform", p.Require("platform"), asset.InsufficientScope)
}

// TestTokenByTheBook verifies an access token as a stranger would: with the
// published key set and the standard library alone.
func TestTokenByTheBook(t *testing.T) {
	f := setup(t)
	u := f.register("user@example.com")
	parts := strings.Split(f.login("user@example.com").AccessToken, ".")
	decode := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(s)
		must(t, err)
		return b
	}
	var header struct{ Alg, Kid, Typ string }
	must(t, json.Unmarshal(decode(parts[0]), &header))
	set, err := f.JWKS(t.Context())
	must(t, err)
	published, err := json.Marshal(set)
	must(t, err)
	var keys struct {
		Keys []map[string]string
	}
	must(t, json.Unmarshal(published, &keys))
	want(t, "keys", len(keys.Keys), 1)
	key := keys.Keys[0]
	want(t, "kid", key["kid"], header.Kid)
	want(t, "alg", header.Alg, "ES256")
	want(t, "private part", key["d"], "")
	point := append([]byte{4}, append(decode(key["x"]), decode(key["y"])...)...)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	must(t, err)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature := decode(parts[2])
	der, err := derSignature(signature)
	must(t, err)
	if !ecdsa.VerifyASN1(public, digest[:], der) {
		t.Error("the signature does not verify under the published key")
	}
	var claims struct {
		Iss, Sub, Sid, Org string
		Exp, Iat           int64
	}
	must(t, json.Unmarshal(decode(parts[1]), &claims))
	want(t, "iss", claims.Iss, issuer)
	want(t, "sub", claims.Sub, u.ID.String())
	want(t, "lifetime", claims.Exp-claims.Iat, 3600)
}

func TestExpiredToken(t *testing.T) {
	f := setup(t)
	f.register("user@example.com")
	tokens := f.login("user@example.com")
	f.clock.advance(time.Hour - time.Second)
	_, err := f.bearer(tokens.AccessToken)
	must(t, err)
	f.clock.advance(2 * time.Second)
	_, err = f.bearer(tokens.AccessToken)
	wantCode(t, "an hour later", err, asset.TokenExpired)
}

func TestForgedTokens(t *testing.T) {
	f := setup(t)
	u := f.register("user@example.com")
	good := f.login("user@example.com").AccessToken
	parts := strings.Split(good, ".")
	set, err := f.JWKS(t.Context())
	must(t, err)
	kid := set.Keys[0].KeyID
	mine, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	claims := map[string]any{
		"iss": issuer, "aud": "certana", "sub": u.ID, "sid": uuid.New(), "org": uuid.New(),
		"iat": f.clock.now().Unix(), "exp": f.clock.now().Add(time.Hour).Unix(),
	}
	sign := func(alg jose.SignatureAlgorithm, key any, kid string) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
		must(t, err)
		token, err := jwt.Signed(signer).Claims(claims).Serialize()
		must(t, err)
		return token
	}
	public, err := x509.MarshalPKIXPublicKey(set.Keys[0].Key)
	must(t, err)
	body := base64.RawURLEncoding.EncodeToString(func() []byte { b, _ := json.Marshal(claims); return b }())
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"`+kid+`"}`)) + "." + body + "."
	mac := hmac.New(sha256.New, public)
	confused := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"`+kid+`"}`)) + "." + body
	mac.Write([]byte(confused))
	for name, token := range map[string]string{
		"empty parts":          "..",
		"no token":             "abc",
		"long":                 strings.Repeat("a", 5000),
		"another's key":        sign(jose.ES256, mine, kid),
		"unknown kid":          sign(jose.ES256, mine, "nobody"),
		"alg none":             none,
		"HMAC with public key": confused + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"changed body":         parts[0] + "." + body + "." + parts[2],
		"cut signature":        good[:len(good)-4],
	} {
		_, err := f.bearer(token)
		wantCode(t, name, err, asset.Unauthorized)
	}
}

func TestOtherIssuersToken(t *testing.T) {
	f := setup(t)
	f.register("user@example.com")
	other, _ := f.process(func(c *account.Config) { c.Issuer = "https://elsewhere.example" })
	tokens, err := other.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: password})
	must(t, err)
	_, err = f.bearer(tokens.AccessToken)
	wantCode(t, "another issuer's token", err, asset.Unauthorized)
}

func TestRefresh(t *testing.T) {
	type step struct {
		use  string // a token by name, behind a "+" more than a minute after the one before
		gets string // the name for its successor, or an error code; "=" and one that it must be
	}
	for name, steps := range map[string][]step{
		"a chain":                     {{"0", "1"}, {"1", "2"}, {"2", "3"}},
		"an answer lost":              {{"0", "lost"}, {"0", "=lost"}, {"lost", "2"}},
		"an answer lost for long":     {{"0", "lost"}, {"+0", "1"}, {"1", "2"}},
		"an answer lost twice":        {{"0", "x"}, {"+0", "y"}, {"+0", "1"}, {"0", "=1"}, {"1", "2"}},
		"two at once, on and on":      {{"0", "1"}, {"0", "=1"}, {"1", "2"}, {"1", "=2"}, {"2", "3"}},
		"old token after its end":     {{"0", "1"}, {"1", "2"}, {"0", "UNAUTHORIZED"}, {"2", "UNAUTHORIZED"}},
		"thief takes the first token": {{"0", "thief"}, {"+0", "owner"}, {"thief", "thief2"}, {"owner", "UNAUTHORIZED"}, {"thief2", "UNAUTHORIZED"}},
		"thief after the owner":       {{"0", "1"}, {"+0", "thief"}, {"1", "2"}, {"thief", "UNAUTHORIZED"}, {"2", "UNAUTHORIZED"}},
		"never given":                 {{"nonsense", "UNAUTHORIZED"}, {"0", "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t)
			f.register("user@example.com")
			first := f.login("user@example.com")
			named := map[string]string{"0": first.RefreshToken, "nonsense": "cert_rt_nonsense"}
			revoked := false
			for i, s := range steps {
				if use, ok := strings.CutPrefix(s.use, "+"); ok {
					s.use = use
					f.clock.advance(time.Minute)
				}
				tokens, err := f.Refresh(t.Context(), named[s.use])
				if err != nil {
					want(t, fmt.Sprint("step ", i), string(asset.AsError(err).Code), s.gets)
					revoked = s.use != "nonsense"
					continue
				}
				if known, ok := strings.CutPrefix(s.gets, "="); ok {
					want(t, fmt.Sprint("step ", i), tokens.RefreshToken, named[known])
				} else {
					for name, other := range named {
						if tokens.RefreshToken == other {
							t.Errorf("step %d: %s and %s are one token", i, s.gets, name)
						}
					}
					named[s.gets] = tokens.RefreshToken
				}
				_, err = f.bearer(tokens.AccessToken)
				must(t, err)
			}
			_, err := f.bearer(first.AccessToken)
			if revoked {
				wantCode(t, "access token of a revoked session", err, asset.Unauthorized)
			} else {
				must(t, err)
			}
		})
	}
}

func TestSessionExpires(t *testing.T) {
	f := setup(t)
	f.register("user@example.com")
	tokens := f.login("user@example.com")
	f.clock.advance(29 * 24 * time.Hour)
	tokens, err := f.Refresh(t.Context(), tokens.RefreshToken)
	must(t, err)
	f.clock.advance(29 * 24 * time.Hour)
	tokens, err = f.Refresh(t.Context(), tokens.RefreshToken)
	must(t, err)
	f.clock.advance(31 * 24 * time.Hour)
	_, err = f.Refresh(t.Context(), tokens.RefreshToken)
	wantCode(t, "a month unused", err, asset.TokenExpired)
}

func TestLogout(t *testing.T) {
	f := setup(t)
	f.register("user@example.com")
	here, elsewhere := f.login("user@example.com"), f.login("user@example.com")
	other, _ := f.process(nil)
	p, err := f.bearer(here.AccessToken)
	must(t, err)
	must(t, f.Logout(t.Context(), p))
	_, err = f.bearer(here.AccessToken)
	wantCode(t, "the access token", err, asset.Unauthorized)
	_, err = other.Authenticate(t.Context(), account.Credentials{Bearer: here.AccessToken})
	wantCode(t, "the access token in another process", err, asset.Unauthorized)
	_, err = f.Refresh(t.Context(), here.RefreshToken)
	wantCode(t, "the refresh token", err, asset.Unauthorized)
	_, err = f.bearer(elsewhere.AccessToken)
	must(t, err)
}

func TestRotatedSigningKey(t *testing.T) {
	f := setup(t)
	f.register("user@example.com")
	other, _ := f.process(nil)
	old := f.login("user@example.com").AccessToken
	kid, err := f.RotateSigningKey(t.Context())
	must(t, err)
	_, err = f.bearer(old)
	must(t, err)
	f.clock.advance(2 * time.Second) // other may look for unknown keys once a second
	fresh := f.login("user@example.com").AccessToken
	_, err = other.Authenticate(t.Context(), account.Credentials{Bearer: fresh})
	must(t, err)
	f.clock.advance(2 * time.Hour)
	set, err := f.JWKS(t.Context())
	must(t, err)
	want(t, "keys left", len(set.Keys), 1)
	want(t, "kid left", set.Keys[0].KeyID, kid)
}

func TestPasswordHashIsRenewed(t *testing.T) {
	f := setup(t)
	u := f.register("user@example.com")
	dearer, _ := f.process(func(c *account.Config) { c.Argon2.Passes = 2 })
	_, err := dearer.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: password})
	must(t, err)
	row, err := f.db.UserByID(t.Context(), u.ID)
	must(t, err)
	if !strings.HasPrefix(row.PasswordHash, "$argon2id$v=19$m=8,t=2,p=1$") {
		t.Errorf("the hash is still %s", row.PasswordHash)
	}
	_, err = f.Login(t.Context(), account.SignIn{Email: "user@example.com", Password: password})
	must(t, err)
}

// derSignature turns a JWS signature, r and s of 32 bytes each, into the
// form that crypto/ecdsa verifies.
func derSignature(raw []byte) ([]byte, error) {
	if len(raw) != 64 {
		return nil, fmt.Errorf("a signature of %d bytes", len(raw))
	}
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
}
