package main

import (
	"bufio"
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

// writeFile puts data at path whole or not at all; "-" is standard output.
func (e *env) writeFile(path string, data []byte) error {
	if path == "-" {
		_, err := e.out.Write(data)
		return err
	}
	_, err := writeWhole(path, func(w *bufio.Writer) error {
		_, err := w.Write(data)
		return err
	})
	return err
}

// writeWhole writes a file that appears only when all of it is there.
func writeWhole(path string, write func(*bufio.Writer) error) (size int64, err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".certana-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(tmp.Name()) // gone already when all went well
	w := bufio.NewWriterSize(tmp, 1<<16)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if info, serr := tmp.Stat(); serr == nil {
		size = info.Size()
	}
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return 0, err
	}
	return size, os.Rename(tmp.Name(), path)
}
