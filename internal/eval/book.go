package eval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/certana/certana/internal/attack"
)

// book keeps the rows of a run, in memory and in rows.jsonl. A row is one write
// of one line: what a crash leaves behind is whole lines and at most one torn
// one at the end, which the next run cuts off.
type book struct {
	mu   sync.Mutex
	rows map[string]Row
	dir  string
	file *os.File // nil when nothing is kept on disk
}

func rowKey(image, track string, a attack.Attack) string {
	return strings.Join([]string{image, track, a.Name, strconv.FormatFloat(a.Strength, 'g', -1, 64)}, "\x00")
}

// openBook reads the rows of an earlier run in dir, which must have had the
// same seed.
func openBook(dir string, seed int64) (*book, error) {
	b := &book{rows: map[string]Row{}, dir: dir}
	if dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "rows.jsonl")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	b.file = file
	if err := b.read(path, seed); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *book) read(path string, seed int64) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	for i, line := range bytes.Split(data[:whole], []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var r Row
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		if r.Seed != seed {
			return fmt.Errorf("%s holds rows of seed %d, not %d: choose another folder", path, r.Seed, seed)
		}
		b.rows[rowKey(r.Image, r.Track, attack.Attack{Name: r.Attack, Strength: r.Strength})] = r
	}
	if err := b.file.Truncate(int64(whole)); err != nil {
		return err
	}
	_, err = b.file.Seek(int64(whole), 0)
	return err
}

func (b *book) get(key string) (Row, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.rows[key]
	return r, ok
}

func (b *book) has(key string) bool {
	_, ok := b.get(key)
	return ok
}

func (b *book) add(r Row) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows[rowKey(r.Image, r.Track, attack.Attack{Name: r.Attack, Strength: r.Strength})] = r
	if b.file == nil {
		return nil
	}
	_, err = b.file.Write(append(line, '\n'))
	return err
}

// finish writes summary.json beside the rows.
func (b *book) finish(s Summary) error {
	if b.file == nil {
		return nil
	}
	return writeJSON(filepath.Join(b.dir, "summary.json"), s)
}

func (b *book) close() {
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
