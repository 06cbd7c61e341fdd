// Package corpus finds the pictures that lie beside the repository, in
// ../shared/corpus: too large and not ours to keep in it. Tests that need them
// say so and skip where they are not.
package corpus

import (
	"os"
	"path/filepath"
)

// TB is the part of testing.TB that is used, so that the program itself does not
// link the testing package.
type TB interface {
	Helper()
	Skipf(format string, args ...any)
}

// Find answers where a file or folder under ../shared lies, and whether it is
// there. CERTANA_SHARED names another folder than that beside the repository.
func Find(parts ...string) (path string, ok bool) {
	root := os.Getenv("CERTANA_SHARED")
	if root == "" {
		root = filepath.Join(repository(), "..", "shared")
	}
	path = filepath.Join(append([]string{root}, parts...)...)
	_, err := os.Stat(path)
	return path, err == nil
}

// Need is Find for a test, which is skipped where the file is not there.
func Need(t TB, parts ...string) string {
	t.Helper()
	path, ok := Find(parts...)
	if !ok {
		t.Skipf("needs %s beside the repository, or CERTANA_SHARED to name its folder", filepath.Join(append([]string{"../shared"}, parts...)...))
	}
	return path
}

// Kodak lists the pictures of the Kodak set, in order.
func Kodak(t TB) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(Need(t, "corpus", "kodak"), "*.png")) // the pattern is valid
	if len(files) == 0 {
		t.Skipf("the Kodak folder is empty")
	}
	return files
}

// repository is the folder above the working one that holds go.mod; the working
// one where none does.
func repository() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}
