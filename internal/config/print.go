package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// Setting is one setting as `certana config print` shows it.
type Setting struct {
	Key    string `json:"key"`    // YAML path
	Value  any    `json:"value"`  // a secret that is set shows as asterisks
	Source string `json:"source"` // default, derived, FILE:LINE, environment NAME, flag --NAME
	Env    string `json:"env"`    // the variable that sets it
}

// Settings lists everything in the order of the declarations.
func (l *Loaded) Settings() []Setting {
	all := leaves(&l.Root)
	out := make([]Setting, len(all))
	for i, s := range all {
		v := s.value.Interface()
		if _, isText := v.(fmt.Stringer); isText || s.secret || s.value.Kind() == reflect.String {
			v = s.text()
		}
		out[i] = Setting{Key: s.path, Value: v, Source: l.sources[s.path], Env: s.env()}
	}
	return out
}

// Source tells where a setting came from, by its YAML path.
func (l *Loaded) Source(path string) string { return l.sources[path] }

// Print writes the whole as a YAML file that would configure the same, each
// line with its source as a comment. Secrets are masked, so a file made of it
// needs them filled in again.
func (l *Loaded) Print(w io.Writer) error {
	var b strings.Builder
	var open []string
	for _, s := range l.Settings() {
		parts := strings.Split(s.Key, ".")
		sections, name := parts[:len(parts)-1], parts[len(parts)-1]
		for depth, section := range sections {
			if depth < len(open) && open[depth] == section {
				continue
			}
			open = append(open[:min(depth, len(open))], section)
			fmt.Fprintf(&b, "%s%s:\n", strings.Repeat("  ", depth), section)
		}
		open = open[:len(sections)]
		value, err := flow(s.Value)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s%s: %s", strings.Repeat("  ", len(sections)), name, value)
		fmt.Fprintf(&b, "%-48s # %s\n", line, s.Source)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// flow writes one value on one line of YAML.
func flow(v any) (string, error) {
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		return "", err
	}
	n.Style |= yaml.FlowStyle
	b, err := yaml.Marshal(&n)
	return strings.TrimSpace(string(b)), err
}
