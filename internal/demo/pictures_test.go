package demo

import (
	"path/filepath"
	"testing"

	"github.com/certana/certana/internal/raster"
)

// With or without photographs beside the repository, there are four pictures of
// the sizes that the cases name.
func TestSubmissions(t *testing.T) {
	for _, shared := range []string{t.TempDir(), filepath.Join("..", "..", "..", "shared")} {
		t.Setenv("CERTANA_SHARED", shared)
		p, err := choosePictures()
		if err != nil {
			t.Fatal(err)
		}
		all, err := p.submissions(p.photograph)
		if err != nil {
			t.Fatal(err)
		}
		var sizes [4][2]int
		for i, s := range all {
			info, err := raster.ReadInfo(s.data, raster.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
			sizes[i] = [2]int{info.Width, info.Height}
			if want := string(rune('a' + i)); s.name != want || expected[want] == "" {
				t.Errorf("case %d is called %q", i, s.name)
			}
		}
		w, h := sizes[0][0], sizes[0][1]
		if sizes[1] != [2]int{w * 3 / 4, h * 3 / 4} || sizes[2] != sizes[0] {
			t.Errorf("sizes are %v", sizes)
		}
	}
}
