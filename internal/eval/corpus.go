package eval

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/certana/certana/internal/raster"
)

// corpusFile is one picture of a corpus.
type corpusFile struct {
	path, name string
	index      int // in the whole corpus, whatever the limit
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
	if limit <= 0 || limit >= len(files) {
		return files, nil
	}
	picked := make([]corpusFile, limit)
	for i := range picked {
		picked[i] = files[i*len(files)/limit]
	}
	return picked, nil
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
