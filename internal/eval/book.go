package eval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// record is a row that a book keeps.
type record interface {
	key() string   // which measurement it is the answer of
	stamp() string // the seed and the settings that it was made with
}

// stampOf joins a seed and settings.
func stampOf(seed int64, settings string) string {
	if settings == "" {
		return fmt.Sprintf("seed %d", seed)
	}
	return fmt.Sprintf("seed %d, %s", seed, settings)
}

// book keeps the rows of a run, in memory and in a file of JSON lines. A row is
// one write of one line: what a crash leaves behind is whole lines and at most
// one torn one at the end, which the next run cuts off.
type book[R record] struct {
	mu   sync.Mutex
	rows map[string]R
	dir  string
	file *os.File // nil when nothing is kept on disk
}

// differing says in which words two stamps differ.
func differing(got, want string) (only, not string) {
	g, w := strings.Split(got, ", "), strings.Split(want, ", ")
	without := func(a, b []string) string {
		words := slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
		if len(words) == 0 {
			return "no such thing"
		}
		return strings.Join(words, ", ")
	}
	return without(g, w), without(w, g)
}

// openBook reads the rows of an earlier run in a file of dir, which must have
// had the same seed, the same settings, and rows of the same kind. The file is
// locked until close, so that no other run writes to it.
func openBook[R record](dir, name, stamp string) (*book[R], error) {
	b := &book[R]{rows: map[string]R{}, dir: dir}
	if dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	b.file = file
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		b.close()
		return nil, fmt.Errorf("%s: another run is writing to it: choose another folder", path)
	}
	if err := b.read(path, stamp); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *book[R]) read(path, stamp string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	rows, err := parseRows[R](path, data[:whole], stamp)
	if err != nil {
		return err
	}
	for _, r := range rows {
		b.rows[r.key()] = r
	}
	if err := b.file.Truncate(int64(whole)); err != nil {
		return err
	}
	_, err = b.file.Seek(int64(whole), 0)
	return err
}

// parseRows reads JSON lines, all of one stamp if that is given.
func parseRows[R record](path string, data []byte, stamp string) ([]R, error) {
	var rows []R
	for i, line := range bytes.Split(data, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var r R
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			return nil, fmt.Errorf("%s:%d: not a row of this measurement: %w", path, i+1, err)
		}
		if got := r.stamp(); stamp != "" && got != stamp {
			only, not := differing(got, stamp)
			return nil, fmt.Errorf("%s holds rows of %s, not of %s: choose another folder", path, only, not)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (b *book[R]) get(key string) (R, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.rows[key]
	return r, ok
}

func (b *book[R]) has(key string) bool {
	_, ok := b.get(key)
	return ok
}

func (b *book[R]) add(r R) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows[r.key()] = r
	if b.file == nil {
		return nil
	}
	_, err = b.file.Write(append(line, '\n'))
	return err
}

// finish writes the sums to a file beside the rows.
func (b *book[R]) finish(name string, summary any) error {
	if b.file == nil {
		return nil
	}
	return writeJSON(filepath.Join(b.dir, name), summary)
}

func (b *book[R]) close() {
	if b.file != nil {
		b.file.Close()
	}
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
