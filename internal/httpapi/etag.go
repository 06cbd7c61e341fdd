package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// etagOf is a strong validator of a JSON body: half of its SHA-256.
func etagOf(body any) string {
	text, _ := json.Marshal(body) // the same value is marshalled for the answer, where a failure shows
	return etagOfText(text)
}

func etagOfText(text []byte) string {
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// etagMatches reports whether an If-None-Match header names a tag: weak
// comparison (RFC 9110 section 13.1.2).
func etagMatches(header, tag string) bool {
	for _, one := range strings.Split(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}
