package ledger

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/transparency-dev/tessera/api/layout"
)

// tilePath is the shape of tile and entry bundle paths in C2SP tlog-tiles: a
// level of at most two digits or "entries", an index in groups of three digits
// that begin with x except the last, and .p/<width> on a partial one.
var tilePath = regexp.MustCompile(`^tile/(?:[0-9]{1,2}|entries)/(?:x[0-9]{3}/){0,6}[0-9]{3}(?:\.p/[0-9]{1,3})?$`)

// Handler serves the log to auditors, read-only: checkpoint, tile/… and log.vkey,
// relative to where it is mounted (http.StripPrefix takes the rest off). Tiles
// never change and may be cached for ever; the checkpoint is checked anew each
// time. A partial tile may go once the full one is there: clients ask for that
// instead, as the specification says.
func (r *Reader) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the log is read-only", http.StatusMethodNotAllowed)
			return
		}
		path := strings.TrimPrefix(req.URL.Path, "/")
		contentType, cache := "text/plain; charset=utf-8", "no-cache"
		switch {
		case tilePath.MatchString(path):
			contentType, cache = "application/octet-stream", "public, max-age=31536000, immutable"
		case path != layout.CheckpointPath && path != vkeyFile:
			http.NotFound(w, req)
			return
		}
		r.serveFile(w, req, path, contentType, cache)
	})
}

func (r *Reader) serveFile(w http.ResponseWriter, req *http.Request, path, contentType, cache string) {
	f, err := os.Open(filepath.Join(r.dir, filepath.FromSlash(path)))
	if err != nil {
		http.NotFound(w, req)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		http.NotFound(w, req)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", cache)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, req, "", info.ModTime(), f)
}
