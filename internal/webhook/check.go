package webhook

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/certana/certana/internal/asset"
)

// The longest texts of a webhook: bytes of a URL, characters of a description.
const (
	maxURL         = 2048
	maxDescription = 500
)

// check says which field is out of its range, if any.
func (s *Service) check(f Fields) error {
	if msg := checkURL(f.URL, s.cfg.AllowPrivate); msg != "" {
		return asset.Invalid(msg, "url")
	}
	if !utf8.ValidString(f.Description) || utf8.RuneCountInString(f.Description) > maxDescription {
		return asset.Invalid("description is at most "+strconv.Itoa(maxDescription)+" characters", "description")
	}
	if len(f.Events) == 0 {
		return asset.Invalid("events names at least one event", "events")
	}
	for i, e := range f.Events {
		if !slices.Contains(Events(), e) {
			return asset.Invalid("an event is one of "+strings.Join(Events(), ", "), "events", strconv.Itoa(i))
		}
		if slices.Contains(f.Events[:i], e) {
			return asset.Invalid("an event is named twice", "events", strconv.Itoa(i))
		}
	}
	return nil
}

// checkURL says what keeps a text from being a webhook's address; "" when
// nothing does. It looks at the text alone, so that its author hears at once of
// what would never work; the address that a name leads to is looked at whenever
// it is dialled, and only that look protects.
func checkURL(text string, allowPrivate bool) string {
	if len(text) > maxURL {
		return "url is at most " + strconv.Itoa(maxURL) + " bytes"
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return "url is not an absolute URL"
	case u.Scheme != "https" && !(allowPrivate && u.Scheme == "http"):
		return "url begins with https://"
	case u.User != nil:
		return "url holds no user name or password; the signature tells who sends"
	case u.Fragment != "" || strings.Contains(text, "#"):
		return "url holds no fragment"
	}
	if port := u.Port(); strings.HasSuffix(u.Host, ":") || port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "url's port is 1 to 65535"
		}
	}
	return checkHost(u.Hostname(), allowPrivate)
}

func checkHost(host string, allowPrivate bool) string {
	if strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`%\`, r) }) {
		return "url's host is written in ASCII (xn--…), without % or spaces"
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	ip, err := netip.ParseAddr(name)
	if err != nil && endsInNumber(name) {
		// 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some resolvers.
		return "url's host is an IPv4 address in four decimal numbers, or a name"
	}
	if allowPrivate {
		return ""
	}
	switch {
	case err == nil && !public(ip):
		return "url's host is not a public address"
	case err == nil:
		return ""
	case !strings.Contains(name, "."), reservedName(name):
		return "url's host is not a public name"
	}
	return ""
}

// endsInNumber is the WHATWG URL standard's test of the same name: the last
// label consists of digits, or is 0x and hex digits.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// reservedName reports whether a name belongs to a zone that the public DNS does
// not have (RFC 6761, RFC 6762, RFC 8375, ICANN's .internal) and inner networks do.
func reservedName(name string) bool {
	for _, zone := range []string{"localhost", "localdomain", "local", "internal", "home.arpa"} {
		if name == zone || strings.HasSuffix(name, "."+zone) {
			return true
		}
	}
	return false
}
