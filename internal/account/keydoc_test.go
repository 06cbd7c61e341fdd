package account

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/certana/certana/internal/asset"
)

// The page for secret scanners tells keys as this package makes them: its
// pattern, its checker, its examples.
func TestKeyDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/api-keys.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	pattern := regexp.MustCompile(block(t, doc, "regex"))
	var lines, want []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\S+)` \\| (well formed|a typo)").FindAllStringSubmatch(doc, -1) {
		if wellFormed(row[1]) != (row[2] == "well formed") || !pattern.MatchString(row[1]) {
			t.Errorf("%s is said to be %s", row[1], row[2])
		}
		lines = append(lines, row[1])
	}
	if len(lines) != 3 {
		t.Fatalf("the page has %d examples", len(lines))
	}
	for range 200 {
		key := newKey()
		if pattern.FindString(`{"key": "`+key+`"}`) != key {
			t.Errorf("the pattern does not find %s", key)
		}
		lines = append(lines, key, key[:45], key+"0", key[:20]+"_"+key[21:])
	}
	if pattern.MatchString("cert_pk_short") || pattern.MatchString(newKey()+"0") {
		t.Error("the pattern finds what is no key")
	}
	for _, line := range lines {
		want = append(want, map[bool]string{true: "key", false: "no key"}[wellFormed(line)])
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("the page's checker needs python3")
	}
	c := exec.Command(python, "-c", block(t, doc, "python"))
	c.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := c.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != strings.Join(want, "\n") {
		t.Errorf("the page's checker answers %s, %v", out, err)
	}
}

// block is what the page has in its only block of a language.
func block(t *testing.T, doc, language string) string {
	t.Helper()
	_, rest, found := strings.Cut(doc, "```"+language+"\n")
	inner, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("the page has no %s", language)
	}
	return strings.TrimSpace(inner)
}

// A key that is not well formed is refused without a database, and is told from
// one that ended.
func TestTyposCostNoQuery(t *testing.T) {
	s := &Service{} // a query would end the test
	key := newKey()
	for i := range key {
		typo := key[:i] + string(key[i]^1) + key[i+1:]
		_, _, err := s.liveKey(context.Background(), typo)
		if !asset.Is(err, asset.InvalidAPIKey) || !UnknownKey(err) {
			t.Errorf("%q: %v", typo, err)
		}
	}
	if UnknownKey(nil) || UnknownKey(asset.Errorf(asset.InvalidAPIKey, nil, "ended")) {
		t.Error("a key that ended is nobody's guess")
	}
}
