package account

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/certana/certana/internal/asset"
)

// operatorDomain is where no registration may come from: the operator's own
// account, which the command line makes, lies there.
const operatorDomain = "certana.invalid"

// checkEmail holds an address to the form local@domain that RFC 5321 delivers
// to, and answers it without surrounding space.
func checkEmail(s string) (string, error) {
	s = strings.TrimSpace(s)
	bad := asset.Invalid("the e-mail address is not valid", "email")
	if len(s) > 254 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", bad
	}
	// The parser knows quoting and comments; comparing with what it understood
	// refuses all forms but the plain one.
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Name != "" || parsed.Address != s {
		return "", bad
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], strings.ToLower(s[at+1:])
	if len(local) > 64 || domain == operatorDomain || !validDomain(domain) {
		return "", bad
	}
	return s, nil
}

// Mailbox is whom messages to an address reach, for counting them: without case, and
// without what follows a plus in the local part, which many servers drop (RFC 5233).
func Mailbox(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	local, domain := address[:at], address[at:]
	if plus := strings.IndexByte(local, '+'); plus > 0 {
		local = local[:plus]
	}
	return local + domain
}

// validDomain accepts dotted labels of letters, digits and inner hyphens, of any
// script, and localhost.
func validDomain(d string) bool {
	labels := strings.Split(d, ".")
	if len(labels) < 2 && d != "localhost" {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(l, func(r rune) bool {
			return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}) {
			return false
		}
	}
	return true
}
