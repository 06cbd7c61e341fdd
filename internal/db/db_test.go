package db_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
)

// each runs a test over every database at hand.
func each(t *testing.T, f func(t *testing.T, c db.Config)) { dbtest.Each(t, f) }

func open(t *testing.T, c db.Config) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wantCode(t *testing.T, what string, err error, code asset.Code) {
	t.Helper()
	if !asset.Is(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// organization adds a user with an organization.
func organization(t *testing.T, d *db.DB, name string) (user, org asset.ID) {
	t.Helper()
	user, org = asset.NewID(), asset.NewID()
	must(t, d.InsertUser(t.Context(), &db.User{ID: user, Email: name + "@example.com"}))
	must(t, d.InsertOrganization(t.Context(), &db.Organization{ID: org, Name: name, Slug: name, OwnerID: user, Plan: "free", Personal: true}))
	return user, org
}

func hexHash(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// mint is a payload that cannot collide and is not the number itself.
func mint(n int64) (uint64, error) { return uint64(n) * 0x9e3779b97f4a7c15, nil }

func newAsset(t *testing.T, d *db.DB, org asset.ID, title string, tags ...string) *asset.Asset {
	t.Helper()
	a := &asset.Asset{ID: asset.NewID(), OrganizationID: org, Title: title, Tags: tags, ContentHash: hexHash(title), MIMEType: "image/jpeg"}
	must(t, d.InsertAsset(t.Context(), a, mint))
	return a
}

func TestOpenTwice(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		first := open(t, c)
		_, org := organization(t, first, "acme")
		second := open(t, c)
		o, err := second.OrganizationByID(t.Context(), org)
		must(t, err)
		want(t, "name seen by the second handle", o.Name, "acme")
		must(t, second.PutSetting(t.Context(), "k", []byte("v")))
		v, err := first.Setting(t.Context(), "k")
		must(t, err)
		want(t, "setting seen by the first handle", string(v), "v")
	})
}

func TestOpenAtOnce(t *testing.T) {
	dbtest.EachEmpty(t, func(t *testing.T, c db.Config) {
		errs := make(chan error)
		for range 6 {
			go func() {
				d, err := db.Open(context.Background(), c)
				if err == nil {
					err = d.Close()
				}
				errs <- err
			}()
		}
		for range 6 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestConfig(t *testing.T) {
	for url, good := range map[string]bool{
		"sqlite:///tmp/x.db":              true,
		"sqlite:x.db":                     true,
		"postgres://u:p@h/db":             true,
		"":                                false,
		"sqlite:":                         false,
		"sqlite:///tmp/x.db?_pragma=evil": false,
		"mysql://h/db":                    false,
	} {
		if err := (db.Config{URL: url}).Validate(); (err == nil) != good {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := db.Open(t.Context(), db.Config{URL: "sqlite://" + filepath.Join(t.TempDir(), "a b%20c", "x.db")}); err != nil {
		t.Errorf("a path with a space and a percent sign: %v", err)
	}
}

func TestFileMode(t *testing.T) {
	dir := t.TempDir()
	d := open(t, db.DefaultConfig(dir))
	must(t, d.PutSetting(t.Context(), "k", nil))
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		info, err := e.Info()
		must(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be read by others: %v", e.Name(), info.Mode())
		}
	}
}

// TestManyWriters has several handles, as several processes have them, write at
// the same time; a lost update or SQLITE_BUSY would show.
func TestManyWriters(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		const handles, writes = 4, 50
		must(t, open(t, c).PutSetting(t.Context(), "n", []byte("0")))
		errs := make(chan error)
		for range handles {
			d := open(t, c)
			go func() {
				var err error
				for i := 0; i < writes && err == nil; i++ {
					err = d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
						// Locks the row on PostgreSQL before it is read.
						if err := tx.PutSetting(ctx, "lock", []byte("x")); err != nil {
							return err
						}
						v, err := tx.Setting(ctx, "n")
						if err != nil {
							return err
						}
						n, err := strconv.Atoi(string(v))
						if err != nil {
							return err
						}
						return tx.PutSetting(ctx, "n", fmt.Append(nil, n+1))
					})
				}
				errs <- err
			}()
		}
		for range handles {
			must(t, <-errs)
		}
		v, err := open(t, c).Setting(t.Context(), "n")
		must(t, err)
		want(t, "count", string(v), fmt.Sprint(handles*writes))
	})
}

func TestNestedTx(t *testing.T) {
	d := open(t, db.DefaultConfig(t.TempDir()))
	err := d.Tx(t.Context(), func(ctx context.Context, _ *db.Tx) error {
		return d.Tx(ctx, func(context.Context, *db.Tx) error { return nil })
	})
	if err == nil {
		t.Error("a transaction within a transaction was let through")
	}
	err = d.Tx(t.Context(), func(ctx context.Context, _ *db.Tx) error {
		_, err := d.SettingOrPut(ctx, "k", []byte("v")) // on the DB, not on the Tx
		return err
	})
	if err == nil {
		t.Error("a write beside the transaction was let through")
	}
}

func TestSettingOrPut(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		for i, value := range []string{"first", "second"} {
			kept, err := d.SettingOrPut(t.Context(), "k", []byte(value))
			must(t, err)
			want(t, fmt.Sprint("kept after call ", i), string(kept), "first")
		}
	})
}

// words puts values into one line, to be compared as a text.
func words(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }
