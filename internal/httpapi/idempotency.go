package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/certana/certana/internal/db"
)

// maxReplay bounds the answers that are kept to be given again, in bytes. A
// longer one can only be a batch of verifications, which may run twice.
const maxReplay = 16 << 20

// repeatable is a request that came with an Idempotency-Key.
type repeatable struct {
	principal, route, key string
	claim                 *db.IdempotencyClaim // held while the first answer is made
}

type repeatableKey struct{}

// replayed is the first answer, on its way to be given again. It travels as an
// error, because it ends a handler early.
type replayed struct{ *db.IdempotentAnswer }

func (replayed) Error() string { return "answered before" }

// withIdempotency keeps the answer of a POST that has an Idempotency-Key. The
// claim on the key is made by first, once the whole request is known.
func (s *server) withIdempotency(op *operation, next http.Handler) http.Handler {
	if op.method != http.MethodPost || op.public || strings.HasPrefix(op.path, "/v1/auth/") {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := callerOf(r.Context())
		state := &repeatable{principal: principalOf(who), route: op.method + " " + r.URL.Path, key: r.Header.Get("Idempotency-Key")}
		if state.key == "" || who.anonymous {
			next.ServeHTTP(w, r)
			return
		}
		// Whoever sends a key means to ask again if the connection breaks: the
		// work is finished for that, although nobody waits for it now.
		ctx := context.WithoutCancel(r.Context())
		answer := &recorder{ResponseWriter: w}
		kept := false
		defer func() {
			if state.claim != nil && !kept {
				_ = s.Rows.ReleaseIdempotency(ctx, state.claim) // or it ends by itself after a while
			}
		}()
		next.ServeHTTP(answer, r.WithContext(context.WithValue(ctx, repeatableKey{}, state)))
		if state.claim != nil && answer.status < 500 && !answer.long {
			kept = s.keep(ctx, op, state, answer)
		}
	})
}

func principalOf(who caller) string {
	if who.KeyID != nil {
		return "key " + who.KeyID.String()
	}
	if who.ClientID != "" {
		return "client " + who.ClientID + " for user " + who.UserID.String() + " in " + who.OrganizationID.String()
	}
	return "user " + who.UserID.String() + " in " + who.OrganizationID.String()
}

// first is for a request that was read whole and is good. It claims the request's
// key, if it has one: it answers nil when the request must be done, and replayed when
// it was done before. Whoever may not ask for it any more is refused.
func (s *server) first(ctx context.Context, digest string) error {
	if err := exchangeOf(ctx).arrived(); err != nil {
		return err
	}
	state, _ := ctx.Value(repeatableKey{}).(*repeatable)
	if state == nil {
		return nil
	}
	claim, answer, err := s.Rows.ClaimIdempotency(ctx, state.principal, state.route, state.key, digest)
	switch {
	case err != nil:
		return err
	case answer != nil:
		return replayed{answer}
	}
	state.claim = claim
	return nil
}

func (s *server) keep(ctx context.Context, op *operation, state *repeatable, answer *recorder) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	headers := map[string]string{}
	for _, name := range []string{"Content-Type", "Location", "Preference-Applied"} {
		if value := answer.Header().Get(name); value != "" {
			headers[name] = value
		}
	}
	text, err := json.Marshal(headers)
	if err == nil {
		err = s.Rows.CompleteIdempotency(ctx, state.claim, db.IdempotentAnswer{
			Status: answer.status, Headers: text, Body: op.secrets.masked(answer.status, answer.body.Bytes())})
	}
	if err != nil {
		s.Log.WarnContext(ctx, "an answer could not be kept for its Idempotency-Key", "request_id", exchangeOf(ctx).id, "error", err)
	}
	return err == nil
}

// finish ends a request whose handler answered an error, or the first answer.
func (s *server) finish(w http.ResponseWriter, r *http.Request, err error) {
	var again replayed
	if !errors.As(err, &again) {
		s.fail(w, r, err)
		return
	}
	var headers map[string]string
	if json.Unmarshal(again.Headers, &headers) == nil {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
	}
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(again.Status)
	_, _ = w.Write(again.Body)
}

// recorder copies an answer while it is sent.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	long   bool
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.long = r.long || r.body.Len()+len(p) > maxReplay; !r.long {
		r.body.Write(p)
	}
	return r.ResponseWriter.Write(p)
}

// digestOf names a JSON body by its value: spaces and the order of fields do not
// make another request.
func digestOf(value any) string {
	text, _ := json.Marshal(value) // it came from JSON
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// digest names a form by its fields and files, whatever boundary it was sent
// with.
func (f *form) digest() string {
	var all []string
	for name, values := range f.fields {
		all = append(all, strings.Join(append([]string{name}, values...), "\x00"))
	}
	slices.Sort(all)
	for _, file := range f.files {
		sum := "too large"
		if file.Spooled != nil {
			sum = file.SHA256
		}
		all = append(all, file.name+"\x00"+sum)
	}
	return digestOf(all)
}
