package db_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func TestAssetRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		a := &asset.Asset{
			ID: asset.NewID(), OrganizationID: org, Title: "It's a \"title\" <&> \x00 ümlaut 漢字", Description: `back\slash`,
			Tags: []string{"b", "a", "it's"}, Visibility: asset.Private, Options: asset.Options{TrackA: true, BlockchainCommit: true},
			Filename: "x.jpg", MIMEType: "image/jpeg", Size: 1 << 33, Width: 3, Height: 4, ContentHash: hexHash("x"),
		}
		must(t, d.InsertAsset(t.Context(), a, func(int64) (uint64, error) { return 1<<63 + 5, nil }))
		want(t, "number", a.Number, 1)
		got, err := d.AssetByPayload(t.Context(), 1<<63+5)
		must(t, err)
		a.Title = strings.ReplaceAll(a.Title, "\x00", "")
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", a) {
			t.Errorf("got  %+v\nwant %+v", got, a)
		}
		got, err = d.AssetByNumber(t.Context(), 1)
		must(t, err)
		want(t, "id by number", got.ID, a.ID)
		_, err = d.OrgAsset(t.Context(), asset.NewID(), a.ID)
		wantCode(t, "another organization's asset", err, asset.AssetNotFound)
	})
}

func TestDuplicateContent(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		first := newAsset(t, d, org, "x")
		again := func(org asset.ID) (*asset.Asset, error) {
			a := &asset.Asset{ID: asset.NewID(), OrganizationID: org, ContentHash: hexHash("x")}
			return a, d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return tx.InsertAsset(ctx, a, mint) })
		}
		_, err := again(org)
		wantCode(t, "the same bytes twice", err, asset.Conflict)
		want(t, "asset id", asset.AsError(err).AssetID, first.ID.String())
		_, err = again(other)
		must(t, err)

		must(t, d.FailAsset(t.Context(), first.ID, "broken"))
		second, err := again(org)
		must(t, err)
		_, err = d.DeleteAsset(t.Context(), org, second.ID)
		must(t, err)
		third, err := again(org)
		must(t, err)
		if first.Number >= second.Number || second.Number >= third.Number {
			t.Errorf("numbers do not rise: %d %d %d", first.Number, second.Number, third.Number)
		}
	})
}

func evidence(title string) db.Evidence {
	return db.Evidence{
		Renditions: []db.Rendition{
			{Variant: asset.Original, BlobKey: "o/" + title, SHA256: hexHash("o" + title), Size: 1, MIMEType: "image/png", Width: 1, Height: 1},
			{Variant: asset.Watermarked, BlobKey: "w/" + title, SHA256: hexHash("w" + title), Size: 2, MIMEType: "image/png", Width: 1, Height: 1},
		},
		Fingerprints: []db.Fingerprint{{Variant: asset.Original, PDQ: hexHash("p" + title), Quality: 90}},
		Metadata:     &db.Metadata{Fields: db.JSON(`{"Make":"O'Neil \u0000 \\ é"}`), Salt: []byte{0, 1, 2}, Digest: "d"},
		Tracks:       []db.Track{{Track: "a", Status: "detected", Detected: true, PValue: 1e-30, PSNR: 46.5}},
	}
}

func complete(t *testing.T, d *db.DB, a *asset.Asset) {
	t.Helper()
	a.CID, a.WatermarkHash = "bafy", hexHash("w"+a.Title)
	must(t, d.MarkProcessing(t.Context(), a.ID))
	must(t, d.CompleteAsset(t.Context(), a, evidence(a.Title)))
}

func TestStates(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		a := newAsset(t, d, org, "x")
		want(t, "at first", a.Status, asset.Pending)
		unfinished, err := d.UnfinishedAssets(t.Context(), time.Now().Add(time.Hour), 10)
		must(t, err)
		want(t, "unfinished", len(unfinished), 1)
		complete(t, d, a)
		got, err := d.AssetByID(t.Context(), a.ID)
		must(t, err)
		want(t, "status", got.Status, asset.Completed)
		want(t, "cid", got.CID, "bafy")
		wantCode(t, "completed twice", d.CompleteAsset(t.Context(), a, evidence("x")), asset.Conflict)
		wantCode(t, "failed after all", d.FailAsset(t.Context(), a.ID, "no"), asset.Conflict)

		md, err := d.Metadata(t.Context(), a.ID)
		must(t, err)
		want(t, "metadata, byte for byte", string(md.Fields), string(evidence("x").Metadata.Fields))
		want(t, "salt", string(md.Salt), "\x00\x01\x02")
		tracks, err := d.Tracks(t.Context(), a.ID)
		must(t, err)
		want(t, "p-value", tracks[0].PValue, 1e-30)

		b := newAsset(t, d, org, "y")
		_, err = d.DeleteAsset(t.Context(), org, b.ID)
		must(t, err)
		wantCode(t, "completed when deleted", d.CompleteAsset(t.Context(), b, evidence("y")), asset.AssetNotFound)
	})
}

func TestEarliestRendition(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		first, second := newAsset(t, d, org, "x"), newAsset(t, d, other, "x")
		complete(t, d, second)
		complete(t, d, first)
		all, err := d.RenditionsBySHA256(t.Context(), hexHash("ox"))
		must(t, err)
		want(t, "claims", len(all), 2)
		want(t, "the earliest registered", all[0].AssetID, first.ID)
	})
}

func TestFingerprintFeed(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		var seen []string
		var last int64
		read := func() {
			for {
				all, err := d.FingerprintsSince(t.Context(), last, 2)
				must(t, err)
				if len(all) == 0 {
					return
				}
				for _, f := range all {
					if f.Seq <= last {
						t.Fatalf("seq %d after %d", f.Seq, last)
					}
					last = f.Seq
					seen = append(seen, f.PDQ)
				}
			}
		}
		var added []string
		for i := range 7 {
			a := newAsset(t, d, org, fmt.Sprint(i))
			complete(t, d, a)
			added = append(added, hexHash("p"+a.Title))
			if i == 3 {
				read()
				// The newest row goes: its number must not come back.
				_, err := d.DeleteAsset(t.Context(), org, a.ID)
				must(t, err)
			}
		}
		read()
		if !slices.Equal(seen, added) {
			t.Errorf("read %v, want %v", seen, added)
		}
	})
}

func TestDeleteErases(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		a := newAsset(t, d, org, "secretword", "tag")
		complete(t, d, a)
		commitment := &asset.Commitment{ID: asset.NewID(), AssetID: a.ID, OrgID: org, Statement: []byte("s"), Hash: hexHash("s")}
		must(t, d.InsertCommitment(t.Context(), commitment))
		must(t, d.WantCommitment(t.Context(), commitment.ID, []byte(`{"who":"me"}`)))

		used, err := d.BlobInUse(t.Context(), "o/secretword")
		must(t, err)
		want(t, "in use before", used, true)
		gone, err := d.DeleteAsset(t.Context(), org, a.ID)
		must(t, err)
		want(t, "renditions to erase", len(gone), 2)
		used, err = d.BlobInUse(t.Context(), "o/secretword")
		must(t, err)
		want(t, "in use after", used, false)

		stone, deletedAt, err := d.Tombstone(t.Context(), a.ID)
		must(t, err)
		if deletedAt == nil {
			t.Error("the tombstone has no time")
		}
		want(t, "title", stone.Title, "")
		want(t, "tags", len(stone.Tags), 0)
		want(t, "hash", stone.ContentHash, a.ContentHash)
		want(t, "payload", stone.Payload, a.Payload)
		_, total, err := d.SearchAssets(t.Context(), org, "secretword", db.Page{Number: 1, Size: 10})
		must(t, err)
		want(t, "found by search", total, 0)
		md, err := d.CommitmentMetadata(t.Context(), commitment.ID)
		must(t, err)
		want(t, "commitment's metadata", string(md), "")
		_, err = d.Metadata(t.Context(), a.ID)
		wantCode(t, "metadata", err, asset.NotFound)
		_, err = d.DeleteAsset(t.Context(), org, a.ID)
		wantCode(t, "deleted twice", err, asset.AssetNotFound)
	})
}

func TestUpdateAsset(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		a := newAsset(t, d, org, "old", "keep")
		title, tags := "new", []string{"x", "y", "x"}
		got, err := d.UpdateAsset(t.Context(), org, a.ID, db.AssetPatch{Title: &title})
		must(t, err)
		want(t, "title", got.Title, "new")
		want(t, "tags kept", fmt.Sprint(got.Tags), "[keep]")
		got, err = d.UpdateAsset(t.Context(), org, a.ID, db.AssetPatch{Tags: &tags})
		must(t, err)
		want(t, "tags", fmt.Sprint(got.Tags), "[x y x]")
		_, total, err := d.ListAssets(t.Context(), db.AssetFilter{OrganizationID: org, Page: db.Page{Number: 1, Size: 5}, Tags: []string{"keep"}})
		must(t, err)
		want(t, "old tag lists", total, 0)
		_, err = d.UpdateAsset(t.Context(), asset.NewID(), a.ID, db.AssetPatch{Title: &title})
		wantCode(t, "another organization's", err, asset.AssetNotFound)
	})
}

func titles(all []asset.Asset) string {
	var s []string
	for _, a := range all {
		s = append(s, a.Title)
	}
	return strings.Join(s, " ")
}

func TestListAssets(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		newAsset(t, d, other, "foreign", "red", "blue")
		newAsset(t, d, org, "b", "red")
		newAsset(t, d, org, "c", "red", "blue")
		failed := newAsset(t, d, org, "a", "blue")
		must(t, d.FailAsset(t.Context(), failed.ID, "x"))
		for _, s := range []struct {
			name   string
			filter db.AssetFilter
			titles string
			total  int
		}{
			{"newest first", db.AssetFilter{}, "a c b", 3},
			{"oldest first", db.AssetFilter{Sort: "asc"}, "b c a", 3},
			{"by title", db.AssetFilter{Order: "title", Sort: "asc"}, "a b c", 3},
			{"one tag", db.AssetFilter{Tags: []string{"red"}}, "c b", 2},
			{"both tags", db.AssetFilter{Tags: []string{"red", "blue"}}, "c", 1},
			{"a tag's part is no tag", db.AssetFilter{Tags: []string{"re"}}, "", 0},
			{"status", db.AssetFilter{Status: asset.Failed}, "a", 1},
			{"second page", db.AssetFilter{Page: db.Page{Number: 2, Size: 2}}, "b", 3},
			{"beyond the last", db.AssetFilter{Page: db.Page{Number: 9, Size: 2}}, "", 3},
		} {
			s.filter.OrganizationID = org
			if s.filter.Page.Size == 0 {
				s.filter.Page = db.Page{Number: 1, Size: 10}
			}
			all, total, err := d.ListAssets(t.Context(), s.filter)
			must(t, err)
			want(t, s.name, titles(all), s.titles)
			want(t, s.name+": total", total, s.total)
		}
		for _, f := range []db.AssetFilter{
			{Page: db.Page{Number: 0, Size: 5}}, {Page: db.Page{Number: 1, Size: 101}}, {Page: db.Page{Number: 1, Size: 0}},
			{Page: db.Page{Number: 1, Size: 5}, Order: "payload"}, {Page: db.Page{Number: 1, Size: 5}, Order: "title; DROP TABLE assets"},
			{Page: db.Page{Number: 1, Size: 5}, Sort: "up"}, {Page: db.Page{Number: 1, Size: 5}, Status: "gone"},
		} {
			_, _, err := d.ListAssets(t.Context(), f)
			wantCode(t, fmt.Sprintf("%+v", f), err, asset.ValidationError)
		}
	})
}

func TestSearchAssets(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		_, other := organization(t, d, "other")
		newAsset(t, d, other, "Harbour logo")
		newAsset(t, d, org, "Sunset", "harbour")
		newAsset(t, d, org, "Harbour at night")
		deep := newAsset(t, d, org, "Untitled")
		text := strings.Repeat("filler words here ", 30) + "harbour and AND OR NEAR rock'n'roll"
		_, err := d.UpdateAsset(t.Context(), org, deep.ID, db.AssetPatch{Description: &text})
		must(t, err)
		for query, result := range map[string]string{
			"harbour":       "Harbour at night Sunset Untitled", // title over tags over description
			"HARB":          "Harbour at night Sunset Untitled",
			"harbour night": "Harbour at night",
			"night harbour": "Harbour at night",
			"arbour":        "",
			"near":          "Untitled",
			"and or":        "Untitled",
			"rock'n'roll":   "Untitled",
			"nothing":       "",
			"":              "",
			`"*()&|!:'`:     "",
		} {
			all, total, err := d.SearchAssets(t.Context(), org, query, db.Page{Number: 1, Size: 10})
			must(t, err)
			want(t, query, titles(all), result)
			want(t, query+": total", total, len(all))
		}
	})
}

// oddQueries are syntax to one index or the other, or odd as text.
var oddQueries = []string{
	`a"b`, "title:x", "NEAR(a b)", "a*", "-a", "^a", "a\x00b", "\xff", "'", `\`, "é́", "ﷺ", "a OR", "{a b}:c", "²½", "\u0301",
	"a & !b", "a <-> b", "a:*", "''", strings.Repeat("long", 2000), strings.Repeat("many words ", 500),
}

func TestSearchTakesAnything(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		for _, query := range oddQueries {
			if _, _, err := d.SearchAssets(t.Context(), asset.NewID(), query, firstPage); err != nil {
				t.Errorf("%q: %v", query, err)
			}
		}
	})
}

// FuzzSearch holds that no query is an error, whatever it holds.
func FuzzSearch(f *testing.F) {
	for _, s := range oddQueries {
		f.Add(s)
	}
	d, err := db.Open(context.Background(), db.DefaultConfig(f.TempDir()))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { d.Close() })
	f.Fuzz(func(t *testing.T, query string) {
		if _, _, err := d.SearchAssets(t.Context(), asset.NewID(), query, db.Page{Number: 1, Size: 10}); err != nil {
			t.Errorf("%q: %v", query, err)
		}
	})
}
