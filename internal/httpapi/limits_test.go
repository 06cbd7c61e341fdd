package httpapi_test

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/quota"
)

// policyForm and stateForm are one item each of RateLimit-Policy and RateLimit.
var (
	policyForm = regexp.MustCompile(`^"([a-z_-]+)";q=([1-9][0-9]*);w=([1-9][0-9]*)$`)
	stateForm  = regexp.MustCompile(`^"([a-z_-]+)";r=([0-9]+);t=([0-9]+)$`)
)

// tellsAll checks that the lists name the same limits, once each, and that the
// tightest is the one of X-RateLimit-*.
func tellsAll(t *testing.T, what string, a answer, limit, remaining string) {
	t.Helper()
	policies, states := strings.Split(a.header.Get("RateLimit-Policy"), ", "), strings.Split(a.header.Get("RateLimit"), ", ")
	if len(policies) != len(states) {
		t.Fatalf("%s: policies %q, states %q", what, policies, states)
	}
	tightest, seen := false, map[string]bool{}
	for i := range policies {
		p, s := policyForm.FindStringSubmatch(policies[i]), stateForm.FindStringSubmatch(states[i])
		if p == nil || s == nil || p[1] != s[1] || seen[p[1]] {
			t.Fatalf("%s: policy %q, state %q", what, policies[i], states[i])
		}
		seen[p[1]] = true
		tightest = tightest || p[2] == limit && s[2] == remaining
		left, _ := strconv.Atoi(s[2])
		wanted, _ := strconv.Atoi(remaining)
		window, _ := strconv.Atoi(p[3])
		until, _ := strconv.Atoi(s[3])
		if left < wanted || until > window {
			t.Errorf("%s: %q is tighter than %s, or lets go later than its window", what, states[i], remaining)
		}
	}
	if !tightest {
		t.Errorf("%s: no policy of %q has %s of %s: %q", what, policies, remaining, limit, states)
	}
}

// tells checks the headers of an answer.
func tells(t *testing.T, what string, a answer, limit, remaining string, within time.Duration) {
	t.Helper()
	h := a.header
	reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	until := time.Until(time.Unix(reset, 0))
	if h.Get("X-RateLimit-Limit") != limit || h.Get("X-RateLimit-Remaining") != remaining || err != nil || until < -time.Minute || until > within {
		t.Errorf("%s: %d: limit %q, remaining %q, reset in %s; want %s, %s, within %s", what, a.status,
			h.Get("X-RateLimit-Limit"), h.Get("X-RateLimit-Remaining"), until, limit, remaining, within)
	}
	tellsAll(t, what, a, limit, remaining)
}

func (w *world) usage(t *testing.T, token, quota string) string {
	t.Helper()
	q := w.want(t, 200, call{method: "GET", path: "/v1/usage", token: token})[quota].(map[string]any)
	return number(q["used"]) + " of " + number(q["limit"]) + ", " + number(q["remaining"]) + " left"
}

// The free tier as printed: 10 verifications a day, each file of a batch one.
func TestVerificationQuotaAsPrinted(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	key := w.newKey(t, token, "verify", "read")
	one := []part{file("file", "a.txt", []byte("no picture"))}
	single := call{method: "POST", path: "/v1/verify/", token: token, form: one}
	a := w.do(t, single)
	if a.status != 400 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	tells(t, "the first", a, "10", "9", 24*time.Hour)
	eight := []part{}
	for range 8 {
		eight = append(eight, file("files", "a.txt", []byte("no picture")))
	}
	batch := call{method: "POST", path: "/v1/verify/batch", key: key, form: eight}
	a = w.do(t, batch)
	tells(t, "a batch of eight", a, "10", "1", 24*time.Hour)
	if w.refused(t, 403, "QUOTA_EXCEEDED", batch); w.usage(t, token, "verifications") != "9 of 10, 1 left" {
		t.Errorf("a refused batch costs: %s", w.usage(t, token, "verifications"))
	}
	tells(t, "the tenth", w.do(t, single), "10", "0", 24*time.Hour)
	a = w.do(t, single)
	tells(t, "the eleventh", a, "10", "0", 24*time.Hour)
	if a.status != 403 || a.object["error_code"] != "QUOTA_EXCEEDED" {
		t.Errorf("the eleventh: %d %s", a.status, a.body)
	}
	// Another organization's quota is its own, and so is an address's.
	tells(t, "a stranger", w.do(t, call{method: "POST", path: "/v1/verify/", token: w.register(t, "b@example.com"), form: one}), "10", "9", 24*time.Hour)
	anonymous := call{method: "POST", path: "/v1/verify/", form: one}
	for left := 9; left >= 0; left-- {
		tells(t, "nobody", w.do(t, anonymous), "10", strconv.Itoa(left), 24*time.Hour)
	}
	w.refused(t, 403, "QUOTA_EXCEEDED", anonymous)

	// What nothing limits tells of no limit.
	if a := w.do(t, call{method: "GET", path: "/v1/usage", token: token}); a.header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("a token's reads are said to be limited to %s", a.header.Get("X-RateLimit-Limit"))
	}
	pro := w.want(t, 201, call{method: "POST", path: "/v1/organizations/", token: token, json: `{"name":"Pro","plan":"pro"}`})
	single.header = map[string]string{"X-Organization-Id": pro["id"].(string)}
	tells(t, "on the plan pro", w.do(t, single), "1000", "999", 24*time.Hour)
	enterprise := w.want(t, 201, call{method: "POST", path: "/v1/organizations/", token: token, json: `{"name":"Big","plan":"enterprise"}`})
	single.header["X-Organization-Id"] = enterprise["id"].(string)
	if a := w.do(t, single); a.header.Get("X-RateLimit-Limit") != "" || a.status != 400 {
		t.Errorf("on the plan enterprise: %d %v", a.status, a.header)
	}
}

// An upload counts when it is accepted and not when it is refused.
func TestUploadQuota(t *testing.T) {
	c := quota.DefaultConfig()
	c.FreeUploads = 2
	w := newWorld(t, limited(t, c))
	token := w.register(t, "user@example.com")
	const month = 31 * 24 * time.Hour
	first := call{method: "POST", path: "/v1/assets/", token: token, form: asPrinted(picture(t, 80)), header: map[string]string{"Idempotency-Key": "once"}}
	a := w.do(t, first)
	if a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	tells(t, "the first", a, "2", "1", month)
	w.want(t, 201, first) // replayed
	a = w.do(t, call{method: "POST", path: "/v1/assets/", token: token, form: []part{file("file", "a.jpg", []byte("no picture"))}})
	if a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	tells(t, "no picture", a, "2", "1", month)
	tells(t, "the same again", w.do(t, call{method: "POST", path: "/v1/assets/", token: token, form: asPrinted(picture(t, 80))}), "2", "1", month)
	if got := w.usage(t, token, "uploads"); got != "1 of 2, 1 left" {
		t.Errorf("uploads: %s", got)
	}
	w.want(t, 201, call{method: "POST", path: "/v1/assets/", token: token, form: asPrinted(picture(t, 81))})
	w.refused(t, 403, "QUOTA_EXCEEDED", call{method: "POST", path: "/v1/assets/", token: token, form: asPrinted(picture(t, 82))})
}

// At the last unit of a quota many ask at the same time: no more are accepted than
// there are, and what is refused for another reason takes none in the end.
func TestLastUploads(t *testing.T) {
	c := quota.DefaultConfig()
	c.FreeUploads = 3
	w := newWorld(t, limited(t, c))
	token := w.register(t, "user@example.com")
	var accepted, exceeded atomic.Int64
	atOnce := func(n int, form func(i int) []part, others ...int) {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				switch a := w.do(t, call{method: "POST", path: "/v1/assets/", token: token, form: form(i)}); {
				case a.status == 201:
					accepted.Add(1)
				case a.status == 403 && a.object["error_code"] == "QUOTA_EXCEEDED":
					exceeded.Add(1)
				case !slices.Contains(others, a.status):
					t.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		all.Wait()
	}
	valid := func(i int) []part { return []part{file("file", "a.jpg", picture(t, uint64(200+i)))} }
	must := func(what string, got *atomic.Int64, want int64, usage string) {
		t.Helper()
		if now := w.usage(t, token, "uploads"); got.Load() != want || now != usage {
			t.Errorf("%s: %d, want %d; usage %s, want %s", what, got.Load(), want, now, usage)
		}
	}
	for i := range 2 {
		w.want(t, 201, call{method: "POST", path: "/v1/assets/", token: token, form: valid(100 + i)})
	}
	// Refusals around the last unit: no picture, and one that is there already.
	atOnce(12, func(i int) []part {
		if i%2 == 0 {
			return []part{file("file", "a.jpg", []byte("no picture"))}
		}
		return valid(100)
	}, 400, 409)
	must("refused", &accepted, 0, "2 of 3, 1 left")
	exceeded.Store(0)
	atOnce(5, valid)
	must("the last one", &accepted, 1, "3 of 3, 0 left")
	if exceeded.Load() != 4 {
		t.Errorf("%d were told that the quota is used up", exceeded.Load())
	}
}

func TestKeyRateLimit(t *testing.T) {
	c := quota.DefaultConfig()
	c.KeyPerHour, c.KeyPerDay = 4, 50
	w := newWorld(t, limited(t, c))
	token := w.register(t, "user@example.com")
	key := w.newKey(t, token, "read")
	read := call{method: "GET", path: "/v1/assets/", key: key}
	tells(t, "the first", w.do(t, read), "4", "3", time.Hour)
	valid := w.do(t, call{method: "POST", path: "/v1/api-keys/validate", key: key})
	tells(t, "validate", valid, "4", "2", time.Hour)
	if l := valid.object["rate_limit"].(map[string]any); number(l["per_hour"]) != "4" || number(l["per_day"]) != "50" ||
		number(l["remaining_this_hour"]) != "2" || number(l["remaining_today"]) != "48" ||
		number(l["used_this_hour"]) != "2" || number(l["used_today"]) != "2" || !soon(l["hour_resets_at"], time.Hour) || !soon(l["day_resets_at"], 24*time.Hour) {
		t.Errorf("validated as %v", l)
	}
	u := w.want(t, 200, call{method: "GET", path: "/v1/usage", key: key})["api_key"].(map[string]any)["per_hour"].(map[string]any)
	if number(u["used"]) != "3" || number(u["remaining"]) != "1" {
		t.Errorf("usage %v", u)
	}
	tells(t, "the last", w.do(t, read), "4", "0", time.Hour)
	a := w.do(t, read)
	tells(t, "one more", a, "4", "0", time.Hour)
	after, err := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != 429 || a.object["error_code"] != "RATE_LIMITED" || err != nil || after < 1 || after > 3600 {
		t.Errorf("one more: %d %s, Retry-After %q", a.status, a.body, a.header.Get("Retry-After"))
	}
	w.want(t, 200, call{method: "GET", path: "/v1/assets/", token: token}) // people are not keys
}

// The headers are written on the wire as the contract prints them.
func TestHeadersAsPrinted(t *testing.T) {
	w := newWorld(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /v1/assets/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: guess\r\n\r\n")
	text, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit"} {
		if strings.Count(string(text), "\r\n"+name+": ") != 1 {
			t.Errorf("%s is not in\n%s", name, text)
		}
	}
}

// soon reports whether a printed time is within d from now.
func soon(text any, d time.Duration) bool {
	at, err := time.Parse(time.RFC3339, fmt.Sprint(text))
	return err == nil && time.Until(at) <= d && time.Until(at) > -time.Minute
}

// Keys that nobody has are slowed down on every route, and refused as ever before
// that; keys that work do, and keys that ended are nobody's guess.
func TestGuessingKeys(t *testing.T) {
	c := quota.DefaultConfig()
	c.KeyFailures, c.AnonymousVerifications = 6, 1000
	w := newWorld(t, limited(t, c))
	token := w.register(t, "user@example.com")
	key := w.newKey(t, token, "read")
	ended := w.want(t, 201, call{method: "POST", path: "/v1/api-keys/", token: token, json: `{"name":"e","scopes":["read"]}`})
	w.want(t, 204, call{method: "DELETE", path: "/v1/api-keys/" + ended["id"].(string), token: token})
	routes := []call{
		{method: "GET", path: "/v1/assets/"},
		{method: "POST", path: "/v1/api-keys/validate"},
		{method: "POST", path: "/v1/verify/", form: []part{file("file", "a.txt", []byte("no picture"))}}, // where none is needed
	}
	for i, guess := range []string{"cert_pk_short", "cert_pk_00000000000000000000000000000000000000", key + "0", key[:45] + "-", "x", "sk_live"} {
		r := routes[i%len(routes)]
		r.key = guess
		w.refused(t, 401, "INVALID_API_KEY", r)
	}
	for _, r := range routes {
		r.key = "guess"
		a := w.do(t, r)
		after, err := strconv.Atoi(a.header.Get("Retry-After"))
		if a.status != 429 || a.object["error_code"] != "RATE_LIMITED" || err != nil || after < 1 || after > 900 {
			t.Errorf("%s %s: %d %s, Retry-After %q", r.method, r.path, a.status, a.body, a.header.Get("Retry-After"))
		}
		tells(t, "a guess", a, "6", "0", 15*time.Minute)
	}
	w.want(t, 200, call{method: "GET", path: "/v1/assets/", key: key})
	w.want(t, 200, call{method: "GET", path: "/v1/assets/", token: token})
	w.refused(t, 401, "INVALID_API_KEY", call{method: "GET", path: "/v1/assets/", key: ended["key"].(string)})
}

// Refresh tokens that nobody has are slowed down; those that work do.
func TestGuessingRefreshTokens(t *testing.T) {
	c := quota.DefaultConfig()
	c.RefreshFailures = 3
	w := newWorld(t, limited(t, c))
	w.register(t, "user@example.com")
	own := w.login(t, "user@example.com")["refresh_token"]
	refresh := func(token any) call {
		return call{method: "POST", path: "/v1/auth/refresh", json: map[string]any{"refresh_token": token}}
	}
	for range 3 {
		w.refused(t, 401, "UNAUTHORIZED", refresh("cert_rt_guess"))
	}
	w.refused(t, 429, "RATE_LIMITED", refresh("cert_rt_guess"))
	w.want(t, 200, refresh(own))
}

// A key is replaced over HTTP, and its successor's secret is shown once.
func TestRotateKeyOverHTTP(t *testing.T) {
	w := newWorld(t)
	token := w.register(t, "user@example.com")
	old := w.want(t, 201, call{method: "POST", path: "/v1/api-keys/", token: token, json: `{"name":"till","scopes":["read","verify"],"expires_in_days":90}`})
	rotate := under("once", call{method: "POST", path: "/v1/api-keys/" + old["id"].(string) + "/rotate", token: token, json: `{"overlap_hours":1}`})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: rotate.method, path: rotate.path, token: token, json: `{"overlap_hours":721}`})
	w.refused(t, 422, "VALIDATION_ERROR", call{method: rotate.method, path: rotate.path, token: token, json: `{"overlap":1}`})
	next := w.want(t, 201, rotate)
	if next["rotated_from"] != old["id"] || next["name"] != "till" || fmt.Sprint(next["scopes"]) != "[read verify]" || next["expires_at"] != old["expires_at"] {
		t.Errorf("%v became %v", old, next)
	}
	again := w.want(t, 201, rotate)
	if masked := again["key"].(string); again["id"] != next["id"] || masked != "cert_pk_..."+next["key"].(string)[42:] {
		t.Errorf("again: %v", again)
	}
	w.refused(t, 409, "CONFLICT", call{method: rotate.method, path: rotate.path, token: token})
	for _, key := range []any{old["key"], next["key"]} {
		w.want(t, 200, call{method: "POST", path: "/v1/api-keys/validate", key: key.(string)})
	}
	list := w.want(t, 200, call{method: "GET", path: "/v1/api-keys/", token: token})["items"].([]any)
	first, second := list[0].(map[string]any), list[1].(map[string]any)
	if first["rotated_from"] != old["id"] || second["replaced_by"] != next["id"] || !soon(second["expires_at"], time.Hour) || second["is_active"] != true {
		t.Errorf("listed as %v and %v", first, second)
	}
	// Without a body the overlap is a day.
	w.want(t, 201, call{method: "POST", path: "/v1/api-keys/" + next["id"].(string) + "/rotate", token: token})
}

// Invitations flood nobody, and their tokens are not guessed.
func TestInvitationLimits(t *testing.T) {
	c := quota.DefaultConfig()
	c.InvitationsPerUser, c.EmailVerificationsPerUser = 4, 2
	w := newWorld(t, limited(t, c))
	token := w.register(t, "user@example.com")
	var org [2]string
	for i := range org {
		org[i] = w.want(t, 201, call{method: "POST", path: "/v1/organizations/", token: token, json: map[string]any{"name": fmt.Sprint("Acme ", i)}})["id"].(string)
	}
	invite := func(org, email string) call {
		return call{method: "POST", path: "/v1/organizations/" + org + "/invitations/", token: token, json: map[string]any{"email": email}}
	}
	for _, id := range org {
		w.want(t, 201, invite(id, "victim@example.com"))
	}
	w.refused(t, 429, "RATE_LIMITED", invite(org[0], "Victim@example.com")) // two messages in this hour
	w.want(t, 201, invite(org[0], "b@example.com"))
	w.want(t, 201, invite(org[0], "c@example.com"))
	w.refused(t, 429, "RATE_LIMITED", invite(org[0], "d@example.com"))
	w.want(t, 201, invite(org[1], "d@example.com"))
	guess := call{method: "POST", path: "/v1/invitations/accept", token: token, json: `{"token":"guess"}`}
	for range 4 {
		w.refused(t, 404, "NOT_FOUND", guess)
	}
	w.refused(t, 429, "RATE_LIMITED", guess)
}

func TestBruteForce(t *testing.T) {
	c := quota.DefaultConfig()
	c.LoginsPerUser, c.Logins, c.Registrations = 3, 5, 2
	w := newWorld(t, limited(t, c))
	w.register(t, "user@example.com")
	for range 5 { // those that succeed do not count
		w.login(t, "user@example.com")
	}
	wrong := func(email string) call {
		return call{method: "POST", path: "/v1/auth/login", json: map[string]any{"email": email, "password": "wrong"}}
	}
	for range 3 {
		w.refused(t, 401, "INVALID_CREDENTIALS", wrong("user@example.com"))
	}
	if a := w.do(t, wrong("user@example.com")); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("the fourth: %d %v", a.status, a.header)
	}
	w.refused(t, 401, "INVALID_CREDENTIALS", wrong("a@example.com"))
	w.refused(t, 401, "INVALID_CREDENTIALS", wrong("b@example.com"))
	w.refused(t, 429, "RATE_LIMITED", wrong("c@example.com"))

	w.register2(t, 201)
	w.register2(t, 429)
}

func (w *world) register2(t *testing.T, status int) {
	t.Helper()
	w.want(t, status, call{method: "POST", path: "/v1/auth/register", json: map[string]any{
		"email": asset.NewID().String() + "@example.com", "password": "SecurePassword123!"}})
}
