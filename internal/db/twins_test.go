package db_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
)

// oneSided begins the names of the tools' own tables, and of what the full-text
// searches are made of.
var oneSided = []string{"river_", "goose_", "sqlite_", "asset_search", "assets.search"}

// Both databases have the same tables with the same columns.
func TestTwins(t *testing.T) {
	if os.Getenv("CERTANA_TEST_POSTGRES") == "" {
		t.Skip("make test-postgres runs this over PostgreSQL; CERTANA_TEST_POSTGRES names no server")
	}
	lite := columns(t, db.DefaultConfig(t.TempDir()), `SELECT m.name || '.' || c.name
		FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`)
	full := columns(t, dbtest.In(t, t.TempDir()), `SELECT table_name || '.' || column_name
		FROM information_schema.columns WHERE table_schema = current_schema()`)
	for _, c := range lite {
		if !slices.Contains(full, c) {
			t.Errorf("SQLite alone has %s", c)
		}
	}
	for _, c := range full {
		if !slices.Contains(lite, c) {
			t.Errorf("PostgreSQL alone has %s", c)
		}
	}
	if len(lite) < 100 {
		t.Errorf("only %d columns were found", len(lite))
	}
}

func columns(t *testing.T, c db.Config, query string) (all []string) {
	t.Helper()
	must(t, open(t, c).Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		rows, err := tx.SQL().QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			if !slices.ContainsFunc(oneSided, func(p string) bool { return strings.HasPrefix(name, p) }) {
				all = append(all, name)
			}
		}
		return rows.Err()
	}))
	slices.Sort(all)
	return all
}
