package sealing

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// importRow is one row of the CSV on its way.
type importRow struct {
	line   int // where it begins in the file, from 1
	serial string
	image  string // a name in the folder of pictures
	date   string // YYYY-MM-DD HH:MM:SS, UTC

	reason string // why it is left out; "" when it is not
	skip   bool   // it is there already
	source string
	key    string
}

// rowReader reads the rows of a CSV (RFC 4180) with a header. Its columns may
// stand in any order and others beside them.
type rowReader struct {
	file    *os.File
	csv     *csv.Reader
	columns [3]int // of serial_number, image, date_of_sealing
}

var columnNames = [3]string{"serial_number", "image", "date_of_sealing"}

func openRows(path string) (*rowReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &rowReader{file: f}
	if err := r.header(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func (r *rowReader) Close() error { return r.file.Close() }

func (r *rowReader) header() error {
	b := bufio.NewReader(r.file)
	if bom, _ := b.Peek(3); string(bom) == "\ufeff" { // spreadsheets write one
		_, _ = b.Discard(3)
	}
	r.csv = csv.NewReader(b)
	r.csv.FieldsPerRecord = -1 // counted by row, so that a short one spoils itself only
	names, err := r.csv.Read()
	if err != nil {
		return fmt.Errorf("the header cannot be read: %w", err)
	}
	for i, column := range columnNames {
		r.columns[i] = -1
		for at, name := range names {
			if strings.EqualFold(strings.TrimSpace(name), column) {
				r.columns[i] = at
			}
		}
		if r.columns[i] < 0 {
			return fmt.Errorf("the header has no column %s", column)
		}
	}
	return nil
}

// next reads up to n rows; none at the end. A row that cannot be understood
// comes with its reason.
func (r *rowReader) next(n int) ([]*importRow, error) {
	var rows []*importRow
	for len(rows) < n {
		fields, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			rows = append(rows, &importRow{line: broken.StartLine, reason: broken.Err.Error()})
		case err != nil:
			return rows, err
		default:
			line, _ := r.csv.FieldPos(0)
			rows = append(rows, r.row(line, fields))
		}
	}
	return rows, nil
}

func (r *rowReader) row(line int, fields []string) *importRow {
	row := &importRow{line: line}
	var cells [3]string
	for i, at := range r.columns {
		if at >= len(fields) {
			row.reason = fmt.Sprintf("the row has %d fields and no %s", len(fields), columnNames[i])
			return row
		}
		cells[i] = strings.TrimSpace(fields[at])
	}
	row.serial, row.image = cells[0], cells[1]
	date, err := parseDate(cells[2])
	row.date = date
	switch {
	case row.serial == "":
		row.reason = "serial_number is empty"
	case len(row.serial) > 255 || !utf8.ValidString(row.serial) || strings.ContainsFunc(row.serial, unicode.IsControl):
		row.reason = "serial_number is longer than 255 bytes, or not plain UTF-8 text"
	case row.image == "":
		row.reason = "image is empty"
	case err != nil:
		row.reason = err.Error()
	}
	return row
}

// parseDate understands YYYY-MM-DD HH:MM:SS and YYYY-MM-DD, both UTC, and
// RFC 3339 with its own offset; it answers the first form in UTC.
func parseDate(s string) (string, error) {
	for _, layout := range []string{time.DateTime, time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 {
			return t.UTC().Format(time.DateTime), nil
		}
	}
	return "", fmt.Errorf("date_of_sealing %q is not of the form YYYY-MM-DD HH:MM:SS", s)
}

// countRows reads the CSV once, for the progress bar and for a header that is
// wrong before anything is written.
func countRows(path string) (n int, err error) {
	r, err := openRows(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = r.Close() }() // only read
	for {
		rows, err := r.next(1024)
		if err != nil || len(rows) == 0 {
			return n, err
		}
		n += len(rows)
	}
}
