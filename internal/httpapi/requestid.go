package httpapi

import (
	"crypto/rand"
	"regexp"
)

// clientRequestID is what a client may call its request: long enough to be
// found again, short enough for a log line, without anything that would need
// escaping in one.
var clientRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,128}$`)

// requestID keeps a client's own id when it is a valid one, and otherwise makes
// one of 130 random bits.
func requestID(own string) string {
	if clientRequestID.MatchString(own) {
		return own
	}
	return "req_" + rand.Text()
}
