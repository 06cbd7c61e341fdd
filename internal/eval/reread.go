package eval

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ReadFalseAccepts returns what FalseAccepts last came to in a folder with
// settings that begin with made, over all rows of that run's settings and side;
// nil where there is none.
func ReadFalseAccepts(dir, made string) (*FalseAcceptSummary, error) {
	var last FalseAcceptSummary
	ok, err := readJSON(filepath.Join(dir, "fpr.json"), &last)
	if err != nil || !ok || !strings.HasPrefix(last.Settings, made) {
		return nil, err
	}
	path := filepath.Join(dir, "fpr.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows, err := parseRows[FalseRow](path, data[:bytes.LastIndexByte(data, '\n')+1], "")
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r FalseRow) bool {
		return r.stamp() != stampOf(last.Seed, last.Settings) || r.Side != last.Side
	})
	slices.SortFunc(rows, func(a, b FalseRow) int {
		return cmp.Or(cmp.Compare(a.Track, b.Track), cmp.Compare(a.Trial, b.Trial))
	})
	s := summariseFalse(rows, last.Side)
	s.Seed, s.Settings = last.Seed, last.Settings
	return &s, nil
}

// ReadTrials returns what Trials last came to in a folder with settings that
// begin with made; nil where there is nothing.
func ReadTrials(dir, made string) (*TrialSummary, error) {
	var s TrialSummary
	ok, err := readJSON(filepath.Join(dir, "trials.json"), &s)
	if err != nil || !ok || !strings.HasPrefix(s.Settings, made) {
		return nil, err
	}
	return &s, nil
}

// readJSON reads a file that may be missing.
func readJSON(path string, v any) (bool, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal(data, v)
}
