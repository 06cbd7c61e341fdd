package eval

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/certana/certana/internal/raster"
)

// corpusFile is one picture of a corpus, or one window of one.
type corpusFile struct {
	path, name string
	index      int // in the whole corpus, whatever the limit
	window     int // which, from 0; of windows in all
	windows    int // 0 is the whole picture
}

// listCorpus returns the pictures below dir in order of their names, at most
// limit of them, evenly spread.
func listCorpus(dir string, limit int) ([]corpusFile, error) {
	var files []corpusFile
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp":
			name, err := filepath.Rel(dir, path)
			files = append(files, corpusFile{path: path, name: filepath.ToSlash(name)})
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no pictures in %s", dir)
	}
	slices.SortFunc(files, func(a, b corpusFile) int { return strings.Compare(a.name, b.name) })
	for i := range files {
		files[i].index = i
	}
	return thin(files, limit), nil
}

// listCorpora lists several folders, each picture once, its name beginning with
// that of its folder.
func listCorpora(dirs []string) ([]corpusFile, error) {
	var files []corpusFile
	seen := map[string]bool{}
	for _, dir := range dirs {
		whole, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		if resolved, err := filepath.EvalSymlinks(whole); err == nil {
			whole = resolved
		}
		more, err := listCorpus(whole, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", dir, fs.ErrNotExist)
		}
		if err != nil {
			return nil, err
		}
		for _, f := range more {
			if seen[f.path] {
				continue
			}
			seen[f.path] = true
			f.name, f.index = filepath.Base(whole)+"/"+f.name, len(files)
			files = append(files, f)
		}
	}
	return files, nil
}

// identity tells pictures from others of the same names: their number and a hash
// of their names and bytes.
func identity(files []corpusFile) (string, error) {
	all := sha256.New()
	for _, f := range files {
		data, err := os.ReadFile(f.path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(all, "%s\x00%x\n", f.name, sha256.Sum256(data))
	}
	return fmt.Sprintf("%d pictures (%.4x)", len(files), all.Sum(nil)), nil
}

// and joins settings, leaving empty ones out.
func and(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), ", ")
}

// thin takes at most limit of the files, evenly spread; 0 is all.
func thin(files []corpusFile, limit int) []corpusFile {
	if limit <= 0 || limit >= len(files) {
		return files
	}
	picked := make([]corpusFile, limit)
	for i := range picked {
		picked[i] = files[i*len(files)/limit]
	}
	return picked
}

// inWindows lists n windows of each file instead of the file.
func inWindows(files []corpusFile, n int) []corpusFile {
	if n <= 0 {
		return files
	}
	out := make([]corpusFile, 0, n*len(files))
	for _, f := range files {
		for w := range n {
			out = append(out, corpusFile{path: f.path, name: fmt.Sprintf("%s#%d", f.name, w),
				index: f.index*n + w, window: w, windows: n})
		}
	}
	return out
}

// sized adds to settings how pictures are cut and reduced.
func sized(settings string, maxSide, windows int, megapixels float64) string {
	words := []string{settings}
	if maxSide > 0 {
		words = append(words, fmt.Sprintf("long side %d", maxSide))
	}
	if windows > 0 {
		words = append(words, fmt.Sprintf("%d windows of %g MP", windows, megapixels))
	}
	return and(words...)
}

// windowBox places window i of n in a picture of w × h: of its proportions and
// at most so many pixels, each in the middle of its cell of a grid (four: one in
// each quarter), moved inside where a cell is smaller than it.
func windowBox(w, h, i, n int, most float64) (x, y, ww, wh int) {
	f := min(1, math.Sqrt(most/float64(w*h)))
	ww, wh = max(1, int(float64(w)*f)), max(1, int(float64(h)*f))
	columns := int(math.Ceil(math.Sqrt(float64(n))))
	rows := (n + columns - 1) / columns
	place := func(side, part, cell, cells int) int {
		return min(max((2*cell+1)*side/(2*cells)-part/2, 0), side-part)
	}
	return place(w, ww, i%columns, columns), place(h, wh, i/columns, rows), ww, wh
}

// load reads a picture of the corpus or its window of at most so many
// megapixels.
func (f corpusFile) load(maxSide int, megapixels float64) (*raster.RGB8, error) {
	m, err := load(f.path, maxSide)
	if err != nil || f.windows == 0 {
		return m, err
	}
	x, y, w, h := windowBox(m.W, m.H, f.window, f.windows, 1e6*megapixels)
	return (*raster.RGB8)(cut(m, x, y, w, h)), nil
}

// load decodes a picture, shrunk to maxSide if that is not 0.
func load(path string, maxSide int) (*raster.RGB8, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := raster.Decode(data, raster.Options{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p.RGB(maxSide), nil
}
