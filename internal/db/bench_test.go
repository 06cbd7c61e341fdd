package db_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/riverqueue/river"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func benchDB(b *testing.B) (*db.DB, asset.ID) {
	b.Helper()
	d, err := db.Open(b.Context(), db.DefaultConfig(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	user, org := asset.NewID(), asset.NewID()
	if err := d.InsertUser(b.Context(), &db.User{ID: user, Email: "a@example.com"}); err != nil {
		b.Fatal(err)
	}
	if err := d.InsertOrganization(b.Context(), &db.Organization{ID: org, Name: "a", Slug: "a", OwnerID: user, Plan: "free"}); err != nil {
		b.Fatal(err)
	}
	return d, org
}

// BenchmarkJobLatency is the time from a commit to its job running: what an
// upload that waits pays besides the work.
func BenchmarkJobLatency(b *testing.B) {
	d, _ := benchDB(b)
	q, err := db.NewQueue(d, db.QueueConfig{})
	if err != nil {
		b.Fatal(err)
	}
	ran := make(chan bool)
	workers := river.NewWorkers()
	river.AddWorker(workers, &noter{do: func(context.Context, *river.Job[noteArgs]) error { ran <- true; return nil }})
	if err := q.Start(b.Context(), workers); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = q.Stop(context.Background()) }()
	for b.Loop() {
		err := d.Tx(b.Context(), func(ctx context.Context, tx *db.Tx) error { return q.Enqueue(ctx, tx, noteArgs{"x"}, nil) })
		if err != nil {
			b.Fatal(err)
		}
		<-ran
	}
}

// BenchmarkInsertAsset is one durable transaction with an asset in it.
func BenchmarkInsertAsset(b *testing.B) {
	d, org := benchDB(b)
	for i := 0; b.Loop(); i++ {
		a := &asset.Asset{ID: asset.NewID(), OrganizationID: org, Title: "A title", Tags: []string{"a", "b"}, ContentHash: fmt.Sprint(i)}
		if err := d.InsertAsset(b.Context(), a, mint); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRandomSerial shows that a random item costs the same among a thousand
// as among a hundred thousand.
func BenchmarkRandomSerial(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d, org := benchDB(b)
			err := d.Tx(b.Context(), func(ctx context.Context, tx *db.Tx) error {
				for i := range n {
					s := &db.Serial{OrganizationID: org, SerialNumber: fmt.Sprint(i), DateOfSealing: "2024-01-01 00:00:00"}
					if err := tx.InsertSerial(ctx, s); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if s, err := d.RandomSerial(b.Context(), org); err != nil || s == nil {
					b.Fatal(s, err)
				}
			}
		})
	}
}
