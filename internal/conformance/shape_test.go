package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"regexp"
	"strings"
	"time"
)

// words are the examples that stand for everything of their kind.
var words = map[string]func(v any) bool{
	"uuid":                 like(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
	"2024-01-15T10:30:00Z": isTime,
	"2024-01-15T10:30:05Z": isTime,
	"2024-04-15T10:30:00Z": isTime,
	"2024-01-14T15:22:00Z": isTime,
	"req_xxx":              like(`^req_[A-Za-z0-9._-]{16,}$`),
	"bafyrei...":           like(`^bafyrei[a-z2-7]{52}$`),
	"sha256hash":           like(`^[0-9a-f]{64}$`),
	"eyJhbGc...":           like(`^[A-Za-z0-9_.~+/=-]{20,}$`),
	"cert_pk_...":          like(`^cert_pk_\S+$`),
	"whsec_...":            like(`^whsec_[A-Za-z0-9+/]+=*$`),
	"Ax5q...":              like(`^[1-9A-HJ-NP-Za-km-z]{32,88}$`),
	"Ax5q7n...":            like(`^[1-9A-HJ-NP-Za-km-z]{32,88}$`),
	"base64sig":            isBase64,
	"base64encoded":        isBase64,
	"base64image":          isBase64PNG,
	"Error message":        like(`\S`),
	"Success message":      like(`\S`),
	// Not printed: kinds of values whose examples nothing tells from literal ones.
	"(text)":    like(`\S`),
	"(boolean)": func(v any) bool { _, ok := v.(bool); return ok },
	"(count)":   func(v any) bool { n, ok := v.(float64); return ok && n >= 0 && n == float64(int64(n)) },
	"(0 to 1)":  func(v any) bool { n, ok := v.(float64); return ok && n >= 0 && n <= 1 },
	"(object)":  func(v any) bool { _, ok := v.(map[string]any); return ok },
	"(list)":    func(v any) bool { _, ok := v.([]any); return ok },
}

func like(pattern string) func(any) bool {
	re := regexp.MustCompile(pattern)
	return func(v any) bool {
		s, ok := v.(string)
		return ok && re.MatchString(s)
	}
}

// isTime wants RFC 3339 in UTC, written with Z.
func isTime(v any) bool {
	s, _ := v.(string)
	_, err := time.Parse(time.RFC3339, s)
	return err == nil && strings.HasSuffix(s, "Z")
}

func isBase64(v any) bool {
	s, _ := v.(string)
	b, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(b) > 0
}

func isBase64PNG(v any) bool {
	s, _ := v.(string)
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return false
	}
	_, err = png.DecodeConfig(bytes.NewReader(b))
	return err == nil
}

// differences lists where got is not what want shows. A field of want must be in
// got; one that is in got alone is no difference. A list of one object shows what
// every item looks like, and there must be an item.
func differences(want, got any, at string) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is no object: %s", at, short(got))}
		}
		var all []string
		for name, v := range w {
			value, ok := g[name]
			if !ok {
				all = append(all, at+"."+name+" is missing")
				continue
			}
			all = append(all, differences(v, value, at+"."+name)...)
		}
		return all
	case []any:
		return listDifferences(w, got, at)
	case string:
		if ok, known := words[w]; known {
			if ok(got) {
				return nil
			}
			return []string{fmt.Sprintf("%s is nothing like %q: %s", at, w, short(got))}
		}
	}
	if want != got {
		return []string{fmt.Sprintf("%s is %s, not %s", at, short(got), short(want))}
	}
	return nil
}

func listDifferences(want []any, got any, at string) (all []string) {
	g, ok := got.([]any)
	if !ok {
		return []string{fmt.Sprintf("%s is no list: %s", at, short(got))}
	}
	if len(want) == 1 && len(g) > 1 {
		if _, pattern := want[0].(map[string]any); pattern {
			for len(want) < len(g) {
				want = append(want, want[0])
			}
		}
	}
	if len(want) != len(g) {
		return []string{fmt.Sprintf("%s has %d items, not %d: %s", at, len(g), len(want), short(got))}
	}
	for i := range g {
		all = append(all, differences(want[i], g[i], fmt.Sprintf("%s[%d]", at, i))...)
	}
	return all
}

func short(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b[:min(len(b), 300)])
}
