package adversary

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// bookkeeping matches the tables that a refused call may touch, or that jobs
// change by themselves: counts, the audit log, the queue.
var bookkeeping = regexp.MustCompile(`^(river|goose|sqlite_|asset_search|usage_counters|rate_limits|audit_events|idempotency_keys|webhook_deliveries|webhook_attempts)`)

// rows prints every row that a call could be after.
func (v *victim) rows(t *testing.T) string {
	t.Helper()
	v.idle(t)
	db := v.db(t)
	defer db.Close()
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	names, err := tx.Query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if !bookkeeping.MatchString(name) {
			tables = append(tables, name)
		}
	}
	var b strings.Builder
	for _, table := range tables {
		rows, err := tx.Query("SELECT * FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			line := table
			for i, name := range columns {
				if name != "last_used_at" {
					line += fmt.Sprintf(" %s=%v", name, values[i])
				}
			}
			lines = append(lines, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return b.String()
}

// idle waits until no job is under way.
func (v *victim) idle(t *testing.T) {
	t.Helper()
	db := v.db(t)
	defer db.Close()
	until(t, "the queue", func() bool {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM river_job WHERE state IN ('available', 'running', 'pending')").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
}

// difference lists the rows that came, went or changed, ten at most.
func difference(before, after string) string {
	var lines []string
	missing := func(sign, from, to string) {
		for _, row := range strings.Split(from, "\n") {
			if !strings.Contains(to, row) && len(lines) < 10 {
				lines = append(lines, "\n"+sign+" "+row[:min(len(row), 200)])
			}
		}
	}
	missing("-", before, after)
	missing("+", after, before)
	return strings.Join(lines, "")
}
