package sealing

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/certana/certana/internal/db"
)

// NewHandler serves /api/image and /api/image-random, with and without a slash
// at the end, and answers everything else with 404.
func NewHandler(d Deps) http.Handler {
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	s := &service{d}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What a key bought is for its holder's eyes, not for caches between.
		w.Header().Set("Cache-Control", "private, no-cache")
		w.Header().Set("Vary", "X-API-Key")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		var answer func(http.ResponseWriter, *http.Request) error
		switch strings.TrimSuffix(r.URL.Path, "/") {
		case "/api/image":
			answer = s.serveImage
		case "/api/image-random":
			answer = s.serveRandom
		}
		err := error(errPath)
		if answer != nil {
			err = errMethod
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				err = answer(w, r)
			}
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// keyOf is the key of a request: the query's, else the header's.
func keyOf(r *http.Request) string {
	if key := r.URL.Query().Get("api_key"); key != "" {
		return key
	}
	return r.Header.Get("X-API-Key")
}

func (s *service) askerOf(r *http.Request) asker {
	who := asker{key: keyOf(r)}
	if s.Limits != nil {
		who.from = s.Limits.Address(r.RemoteAddr, r.Header.Values("X-Forwarded-For"))
	}
	return who
}

func (s *service) serveImage(w http.ResponseWriter, r *http.Request) error {
	row, picture, err := s.bySerial(r.Context(), s.askerOf(r), r.URL.Query().Get("serial_number"))
	if err != nil {
		return err
	}
	etag := etagOf(row, picture)
	w.Header().Set("ETag", etag)
	if matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	write(w, http.StatusOK, imageBody(row, picture))
	return nil
}

// imageBody is {"image": "<base64>", "date_of_sealing": "…"}.
func imageBody(row *db.Serial, picture []byte) []byte {
	const head, middle = `{"image": "`, `", "date_of_sealing": `
	date, _ := json.Marshal(row.DateOfSealing) // a string always encodes
	b := make([]byte, 0, len(head)+base64.StdEncoding.EncodedLen(len(picture))+len(middle)+len(date)+1)
	b = append(b, head...)
	b = base64.StdEncoding.AppendEncode(b, picture)
	b = append(b, middle...)
	b = append(b, date...)
	return append(b, '}')
}

func (s *service) serveRandom(w http.ResponseWriter, r *http.Request) error {
	_, picture, err := s.random(r.Context(), s.askerOf(r))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store") // the next one is another one
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = w.Write(picture) // a client that left is no failure of ours
	return nil
}

func (s *service) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem
	if !errors.As(err, &p) {
		p = errInternal
		if r.Context().Err() == nil {
			s.Logger.ErrorContext(r.Context(), "a sealing request failed", "path", r.URL.Path, "error", err)
		}
	}
	if p == errMethod {
		w.Header().Set("Allow", "GET, HEAD")
	}
	var busy tooMany
	if errors.As(err, &busy) {
		w.Header().Set("Retry-After", strconv.FormatInt(max(1, int64(math.Ceil(time.Until(busy.next).Seconds()))), 10))
	}
	write(w, p.status, []byte(`{"error": "`+p.text+`"}`))
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left is no failure of ours
}

// etagOf changes when the picture or its date does.
func etagOf(row *db.Serial, picture []byte) string {
	h := sha256.New()
	h.Write([]byte(row.DateOfSealing)) // always 19 bytes
	h.Write(picture)
	return `"` + hex.EncodeToString(h.Sum(nil)[:16]) + `"`
}

// matches compares as If-None-Match wants it (RFC 9110, 13.1.2): weakly, against
// a list of tags or *. None of our tags holds a comma.
func matches(header []string, etag string) bool {
	for _, tag := range strings.Split(strings.Join(header, ","), ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}
