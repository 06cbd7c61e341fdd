package adversary

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certana/certana/internal/vault"
)

// signingKey is a deployment's own: with it the tests sign what the server would
// never sign, and with its public half they try to pass as it.
type signingKey struct {
	kid     string
	private *ecdsa.PrivateKey
	public  []byte // PKIX
}

func (s *server) signingKey(t *testing.T) signingKey {
	t.Helper()
	v, err := vault.Load(filepath.Join(s.Dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	db := s.db(t)
	defer db.Close()
	var k signingKey
	var sealed []byte
	if err := db.QueryRow("SELECT kid, public_key, sealed_private FROM signing_keys WHERE retired_at IS NULL").Scan(&k.kid, &k.public, &sealed); err != nil {
		t.Fatal(err)
	}
	secret, err := v.Open("signing-key/"+k.kid, sealed)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	k.private = private.(*ecdsa.PrivateKey)
	return k
}

// fields is a JSON object.
type fields map[string]any

// with is the object with some fields changed; nil leaves a field out.
func (f fields) with(change fields) fields {
	out := maps.Clone(f)
	for name, value := range change {
		if out[name] = value; value == nil {
			delete(out, name)
		}
	}
	return out
}

func segment(v any) string {
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err) // only what a test made
		}
		text = string(b)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// parse takes a token apart without looking at its signature.
func parse(t *testing.T, token string) (head, claims fields) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	for i, into := range []*fields{&head, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	return head, claims
}

// A signer makes a JWS signature of a text.
type signer func(text string) []byte

// sign makes a token of a header and claims, each an object or raw text.
func sign(head, claims any, s signer) string {
	text := segment(head) + "." + segment(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(s(text))
}

// es256 signs as RFC 7518 section 3.4 says: r and s, 32 bytes each.
func es256(k *ecdsa.PrivateKey) signer {
	return func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
}

func hs256(secret []byte) signer {
	return func(text string) []byte {
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
}

func rs256(t *testing.T) (signer, *rsa.PrivateKey) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		b, err := rsa.SignPKCS1v15(nil, k, 5, sum[:]) // 5 is crypto.SHA256
		if err != nil {
			panic(err)
		}
		return b
	}, k
}

func edDSA(t *testing.T) signer {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) []byte { return ed25519.Sign(k, []byte(text)) }
}

func unsigned(string) []byte { return nil }

// newKeyPair is an attacker's own key and its JWK.
func newKeyPair(t *testing.T) (*ecdsa.PrivateKey, fields) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := k.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return k, fields{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "mine",
		"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:])}
}
