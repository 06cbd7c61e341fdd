package account

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/asset"
)

// loopback are the hosts by which a program on the user's own machine is reached
// (RFC 8252, section 7.3).
var loopback = []string{"127.0.0.1", "[::1]", "localhost"}

// hostSyntax is what an https redirect URI names after the scheme: labels of letters, digits
// and hyphens, or an address in brackets, and a port. It is printed into the pages'
// Content-Security-Policy, where an asterisk or a semicolon would say something.
var hostSyntax = regexp.MustCompile(`^(?i:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)

// authority is what stands between a URI's "//" and its path, as it was written.
func authority(uri string) string {
	_, after, _ := strings.Cut(uri, "://")
	if end := strings.IndexAny(after, "/?#"); end >= 0 {
		return after[:end]
	}
	return after
}

// checkRedirectURI holds an address that users are sent back to to what is safe:
// https, http to the user's own machine, or, for public clients, a scheme of the
// program's own such as com.example.app:/done (RFC 8252, section 7.1).
func checkRedirectURI(kind, uri string) error {
	refused := func(why string) error { return asset.Invalid(why, "redirect_uris") }
	u, err := url.Parse(uri)
	if err != nil || len(uri) > 2000 || strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return refused("a redirect URI is an absolute URI of printable ASCII, up to 2000 characters")
	}
	if u.User != nil || strings.Contains(uri, "#") {
		return refused("a redirect URI has neither a user name nor a fragment")
	}
	_, _, local := cutLoopback(uri)
	switch {
	case u.Scheme == "https" && !hostSyntax.MatchString(authority(uri)):
		return refused("the host of a redirect URI has letters, digits, dots and hyphens, or is an address in brackets")
	case u.Scheme == "https", u.Scheme == "http" && local:
		return nil
	case u.Scheme == "http":
		return refused("http is for the user's own machine (127.0.0.1, [::1], localhost); use https")
	case kind == PublicClient && strings.Contains(u.Scheme, "."):
		return nil
	}
	return refused("a redirect URI begins with https://, or a public client's with a scheme of its own that has a dot")
}

// RedirectAllowed reports whether users may be sent back to an address: it is one
// of the client's, letter by letter. The port of a public client's program on
// the user's own machine may be any (RFC 8252, section 7.3).
func RedirectAllowed(c *Client, uri string) bool {
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	host, rest, local := cutLoopback(uri)
	return c.Kind == PublicClient && local && slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		h, r, ok := cutLoopback(registered)
		return ok && h == host && r == rest
	})
}

// cutLoopback takes an http address of the user's own machine apart: the host,
// and what comes after the port.
func cutLoopback(uri string) (host, rest string, ok bool) {
	after, ok := strings.CutPrefix(uri, "http://")
	if !ok {
		return "", "", false
	}
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		end = len(after)
	}
	authority, rest := after[:end], after[end:]
	for _, h := range loopback {
		if authority == h {
			return h, rest, true
		}
		if port, ok := strings.CutPrefix(authority, h+":"); ok {
			n, err := strconv.ParseUint(port, 10, 16)
			return h, rest, err == nil && n > 0
		}
	}
	return "", "", false
}
