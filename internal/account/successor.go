package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/certana/certana/internal/db"
)

// sameAnswer is for how long after a successor was made its predecessor, used
// again, is answered the same one: two tabs that refresh at once, or a client
// that lost the answer, go on with one token. Later uses get a sibling, which
// ends the family when both are used: a copy that somebody else refreshes with
// shows by that.
const sameAnswer = time.Minute

const (
	successorSetting = "account/refresh-key"
	successorPurpose = "refresh-key"
)

// successors derives refresh tokens from their predecessors under a key that all
// processes of the deployment share, so that each makes the same one and none has
// to keep it.
type successors struct{ key []byte }

// newSuccessors reads the key, made by whoever comes first.
func newSuccessors(ctx context.Context, d *db.DB, sealer Sealer) (successors, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // crypto/rand ends the program rather than fail
	sealed, err := d.SettingOrPut(ctx, successorSetting, sealer.Seal(successorPurpose, fresh))
	if err != nil {
		return successors{}, err
	}
	key, err := sealer.Open(successorPurpose, sealed)
	return successors{key}, err
}

// of is the successor that the token of a hash was given at a time: HMAC-SHA-256
// under the key, behind the prefix of its kind.
func (k successors) of(prefix, parent string, at time.Time) string {
	mac := hmac.New(sha256.New, k.key)
	mac.Write([]byte(prefix + parent))
	_ = binary.Write(mac, binary.BigEndian, at.UnixMicro())
	return prefix + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// next is the successor of a token, as it was made before when that is not long
// ago. last is the hash of the newest one and when it was made; "" for none.
func (k successors) next(prefix, parent, last string, at, now time.Time) (token string, made time.Time, known bool) {
	if age := now.Sub(at); last != "" && age >= 0 && age < sameAnswer {
		if token := k.of(prefix, parent, at); subtle.ConstantTimeCompare([]byte(hashSecret(token)), []byte(last)) == 1 {
			return token, at, true
		}
	}
	made = now.UTC().Truncate(time.Microsecond)
	return k.of(prefix, parent, made), made, false
}
