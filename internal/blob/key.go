package blob

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/certana/certana/internal/asset"
)

// CheckKey tells whether a key can be held by every store: 1 to 1,000 bytes of
// UTF-8 without control characters, in segments parted by single slashes, each
// 1 to 240 bytes and neither "." nor "..". The first segment is not ".tmp", and
// the key does not end in ".attrs" nor hold "__0x". In a folder, moreover, a
// key cannot lie below another key. The error is ErrKey, wrapped.
func CheckKey(key string) error {
	switch {
	case key == "" || len(key) > 1000:
		return fmt.Errorf("%w: %d bytes long", ErrKey, len(key))
	case !utf8.ValidString(key):
		return fmt.Errorf("%w: not UTF-8", ErrKey)
	case strings.ContainsFunc(key, func(r rune) bool { return r < 32 || r == 127 || r == '\\' }):
		return fmt.Errorf("%w: %q holds a control character or a backslash", ErrKey, key)
	case strings.Contains(key, "__0x"): // reserved by the library's escaping
		return fmt.Errorf("%w: %q holds __0x", ErrKey, key)
	case strings.HasSuffix(key, ".attrs"), key == tempDir, strings.HasPrefix(key, tempDir+"/"):
		return fmt.Errorf("%w: %q is kept for the store itself", ErrKey, key)
	}
	for seg := range strings.SplitSeq(key, "/") {
		if seg == "" || seg == "." || seg == ".." || len(seg) > 240 {
			return fmt.Errorf("%w: %q has a segment that is empty, dots or too long", ErrKey, key)
		}
	}
	return nil
}

// AssetKey is where a rendition of an asset lies: assets/<xx>/<id>/<variant>,
// where xx are the last two hex digits of the id. (The first ones are a clock,
// which would put everything of one day into one folder.)
func AssetKey(id asset.ID, v asset.Variant) string {
	s := id.String()
	return "assets/" + s[len(s)-2:] + "/" + s + "/" + string(v)
}
