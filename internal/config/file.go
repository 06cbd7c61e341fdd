package config

import (
	"errors"
	"fmt"
	"io"
	"os"

	yaml "go.yaml.in/yaml/v3"
)

// maxFile bounds what is read of a configuration file: a mistaken --config must
// not load a picture.
const maxFile = 1 << 20

// readFile fills the leaves that the YAML file names. A key that is no setting
// is refused with its line: a misspelt setting must not pass in silence.
func (l *Loaded) readFile(path string, all []leaf) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	if len(b) > maxFile {
		return fmt.Errorf("%s is longer than 1 MiB and so no configuration file", path)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(doc.Content) == 0 {
		return nil // empty, or comments alone
	}
	byPath := map[string]leaf{}
	sections := map[string]bool{"": true}
	for _, s := range all {
		byPath[s.path] = s
		for i, c := range s.path {
			if c == '.' {
				sections[s.path[:i]] = true
			}
		}
	}
	d := fileReader{name: path, byPath: byPath, sections: sections, sources: l.sources, seen: map[string]bool{}}
	d.mapping(doc.Content[0], "")
	return errors.Join(d.errs...)
}

// fileReader walks a YAML document beside the settings and gathers every
// mistake in it.
type fileReader struct {
	name     string
	byPath   map[string]leaf
	sections map[string]bool
	sources  map[string]string
	seen     map[string]bool
	errs     []error
}

func (d *fileReader) fail(n *yaml.Node, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("%s:%d: %s", d.name, n.Line, fmt.Sprintf(format, args...)))
}

func (d *fileReader) mapping(n *yaml.Node, section string) {
	if n.Tag == "!!null" {
		return // a section whose settings are all commented out
	}
	if n.Kind != yaml.MappingNode {
		d.fail(n, "%s must hold keys and values", orWhole(section))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		path := key.Value
		if section != "" {
			path = section + "." + key.Value
		}
		if d.seen[path] {
			d.fail(key, "%s is there twice", path)
			continue
		}
		d.seen[path] = true
		d.entry(key, value, path)
	}
}

func (d *fileReader) entry(key, value *yaml.Node, path string) {
	s, ok := d.byPath[path]
	switch {
	case d.sections[path]:
		d.mapping(value, path)
	case !ok:
		d.fail(key, "unknown key %s", path)
	default:
		if err := s.setNode(value); err != nil {
			d.fail(value, "%s: %s", path, complaint(s, value.Value, err))
			return
		}
		d.sources[path] = fmt.Sprintf("%s:%d", d.name, key.Line)
	}
}

func orWhole(section string) string {
	if section == "" {
		return "the file"
	}
	return section
}
