package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/certana/certana/internal/asset"
)

// Argon2 is the cost of an Argon2id hash (RFC 9106).
type Argon2 struct {
	MemoryKiB uint32 `yaml:"memory_kib"`
	Passes    uint32 `yaml:"passes"`
	Lanes     uint8  `yaml:"lanes"`
}

//go:embed commonpasswords.txt
var commonList string

var common = func() map[string]bool {
	set := make(map[string]bool)
	for _, p := range strings.Fields(commonList) {
		set[p] = true
	}
	return set
}()

// checkPassword holds a new password to the rules: 8 to 256 characters, and not
// one of those that everybody tries first.
func checkPassword(p string) error {
	switch n := utf8.RuneCountInString(p); {
	case !utf8.ValidString(p):
		return asset.Invalid("the password is not valid UTF-8", "password")
	case n < 8 || n > 256:
		return asset.Invalid("the password has 8 to 256 characters", "password")
	case common[strings.ToLower(p)]:
		return asset.Invalid("the password is one of the most used ones", "password")
	}
	return nil
}

// hasher hashes passwords, a bounded number at a time.
type hasher struct {
	cost  Argon2
	slots chan struct{}
	queue int    // how many may wait
	share int    // how many of them from one network, so that one does not keep all others out
	dummy string // a hash of nothing known, for users that do not exist

	mu      sync.Mutex
	waiting int
	from    map[string]int // by network
}

func newHasher(cost Argon2, atOnce int) *hasher {
	h := &hasher{cost: cost, slots: make(chan struct{}, atOnce), queue: 32 * atOnce, from: map[string]int{}}
	h.share = max(2, h.queue/4)
	h.dummy = h.make(rand.Text())
	return h
}

// enter waits for a free slot.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	network := networkOf(ctx)
	if !h.wait(network) {
		return nil, asset.Errorf(asset.RateLimited, nil, "too many logins at this moment; try again in a few seconds")
	}
	defer h.waited(network)
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wait takes a place in the queue, where there is one for a network; "" has no share.
func (h *hasher) wait(network string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting >= h.queue || (network != "" && h.from[network] >= h.share) {
		return false
	}
	h.waiting++
	h.from[network]++
	return true
}

func (h *hasher) waited(network string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting--
	if h.from[network]--; h.from[network] == 0 {
		delete(h.from, network)
	}
}

// hash makes the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return h.make(password), nil
}

const (
	saltSize = 16
	hashSize = 32
)

var phcBase64 = base64.RawStdEncoding

func (h *hasher) make(password string) string {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // crypto/rand ends the program rather than fail
	sum := argon2.IDKey([]byte(password), salt, h.cost.Passes, h.cost.MemoryKiB, h.cost.Lanes, hashSize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.cost.MemoryKiB, h.cost.Passes, h.cost.Lanes, phcBase64.EncodeToString(salt), phcBase64.EncodeToString(sum))
}

// verify tells whether a password is the one of a PHC string, and whether the
// string was made at another cost than today's. An empty string is no password's
// and takes as long as any other.
func (h *hasher) verify(ctx context.Context, phc, password string) (ok, stale bool, err error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	exists := phc != ""
	if !exists {
		phc = h.dummy
	}
	cost, salt, sum, err := parsePHC(phc)
	if err != nil {
		return false, false, err
	}
	got := argon2.IDKey([]byte(password), salt, cost.Passes, cost.MemoryKiB, cost.Lanes, uint32(len(sum)))
	same := subtle.ConstantTimeCompare(got, sum) == 1
	return same && exists, cost != h.cost, nil
}

// parsePHC reads $argon2id$v=19$m=…,t=…,p=…$salt$hash. The figures are bounded,
// so that a row that was tampered with cannot ask for all memory.
func parsePHC(phc string) (cost Argon2, salt, sum []byte, err error) {
	bad := fmt.Errorf("a password hash is not an Argon2id string")
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost, nil, nil, bad
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.MemoryKiB, &cost.Passes, &cost.Lanes); err != nil {
		return cost, nil, nil, bad
	}
	if cost.Lanes < 1 || cost.Passes < 1 || cost.Passes > 64 || cost.MemoryKiB < 8*uint32(cost.Lanes) || cost.MemoryKiB > 1<<21 {
		return cost, nil, nil, bad
	}
	salt, err = phcBase64.DecodeString(parts[4])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return cost, nil, nil, bad
	}
	sum, err = phcBase64.DecodeString(parts[5])
	if err != nil || len(sum) < 16 || len(sum) > 64 {
		return cost, nil, nil, bad
	}
	return cost, salt, sum, nil
}
