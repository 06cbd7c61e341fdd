package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/certana/certana/internal/raster"
)

// readPicture reads a whole picture file under the limits; what is not a
// picture, or too much of one, is bad input.
func readPicture(path string, o raster.Options) (*raster.Picture, []byte, error) {
	data, err := readBounded(path, raster.DefaultLimits.MaxBytes)
	if err != nil {
		return nil, nil, err
	}
	p, err := raster.Decode(data, o)
	if err != nil {
		return nil, nil, inputError(fmt.Errorf("%s: %w", path, err))
	}
	return p, data, nil
}

// readBounded reads a file of at most max bytes; "-" is standard input.
func readBounded(path string, max int64) ([]byte, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, inputError(err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, inputError(fmt.Errorf("%s is a folder", path))
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if int64(len(data)) > max {
		return nil, inputError(fmt.Errorf("%s has more than %d bytes", path, max))
	}
	return data, nil
}

// writeFile puts data at path whole or not at all.
func writeFile(path string, data []byte) (err error) {
	if path == "-" {
		_, err := os.Stdout.Write(data)
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".certana-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
