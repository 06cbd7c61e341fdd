package adversary

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	quoted   = regexp.MustCompile("`([^`]+)`")
	testName = regexp.MustCompile(`^(Test|Fuzz)[A-Z]\w*$`)
	fileName = regexp.MustCompile(`^((internal|docs|api|cmd|scripts)/[\w./-]+|Makefile|go\.(mod|sum)|\.golangci\.yml|\w+\.md)$`)
	asvsLine = regexp.MustCompile(`^\| (\d+\.\d+\.\d+) \| [^|]+ \| ([^|]+) \|$`)
)

// TestEvidence: every test and file that docs/security.md names exists, and every
// line of its checklist has evidence or says why not.
func TestEvidence(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/security.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := testsOfRepository(t)
	exists := func(name string) bool {
		if testName.MatchString(name) {
			return tests[name]
		}
		_, err := os.Stat(filepath.Join(root, name))
		return err == nil
	}
	for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
		if name := m[1]; (testName.MatchString(name) || fileName.MatchString(name)) && !exists(name) {
			t.Errorf("%s does not exist", name)
		}
	}
	lines := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		m := asvsLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if number := m[1]; lines[number] {
			t.Errorf("%s is there twice", number)
		}
		lines[m[1]] = true
		shown := false
		for _, q := range quoted.FindAllStringSubmatch(m[2], -1) {
			shown = shown || testName.MatchString(q[1]) || fileName.MatchString(q[1])
		}
		for _, word := range []string{"not met: ", "not applicable: ", "operator: "} {
			shown = shown || strings.HasPrefix(m[2], word)
		}
		if !shown {
			t.Errorf("%s shows nothing: %s", m[1], m[2])
		}
	}
	if len(lines) < 200 {
		t.Errorf("the checklist has %d lines", len(lines))
	}
}

// testsOfRepository are the names of all tests and fuzz targets.
func testsOfRepository(t *testing.T) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	names := map[string]bool{}
	for _, dir := range []string{"internal", "cmd", "api"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
				names[m[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}
