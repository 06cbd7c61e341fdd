package adversary

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"testing"
	"time"
)

// totp is the code of a secret in base32 at a time: RFC 6238 with SHA-1, six
// digits and steps of 30 s.
func totp(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha1.New, key)
	_ = binary.Write(m, binary.BigEndian, at.Unix()/30)
	sum := m.Sum(nil)
	at4 := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at4:])&0x7fffffff)%1_000_000)
}

// Appendix B of the RFC, last six of its eight digits.
func TestTOTPOracle(t *testing.T) {
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		if got := totp(t, secret, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

// beginTOTP gives a person a second factor, not confirmed yet.
func (s *server) beginTOTP(t *testing.T, p *person) (secret string) {
	t.Helper()
	return s.want(t, 200, call{method: "POST", path: "/v1/auth/totp", header: bearer(p.token),
		json: map[string]any{"password": p.password}}).text(t, "secret")
}

// confirmTOTP puts it into force.
func (s *server) confirmTOTP(t *testing.T, p *person, secret string) (recovery []string) {
	t.Helper()
	a := s.want(t, 200, call{method: "POST", path: "/v1/auth/totp/confirm", header: bearer(p.token),
		json: map[string]any{"code": totp(t, secret, time.Now())}})
	for _, code := range a.object()["recovery_codes"].([]any) {
		recovery = append(recovery, code.(string))
	}
	return recovery
}
