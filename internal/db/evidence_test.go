package db_test

import (
	"fmt"
	"testing"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

func TestEvidenceReads(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		a, b := newAsset(t, d, org, "a"), newAsset(t, d, org, "b")
		complete(t, d, a)
		all, err := d.Renditions(t.Context(), a.ID)
		must(t, err)
		want(t, "renditions, the original first", words(len(all), all[0].Variant, all[1].BlobKey), "2 original w/a")
		r, err := d.Rendition(t.Context(), a.ID, asset.Watermarked)
		must(t, err)
		want(t, "one", r.SHA256, hexHash("wa"))
		_, err = d.Rendition(t.Context(), b.ID, asset.Watermarked)
		wantCode(t, "before it was made", err, asset.NotFound)
		prints, err := d.Fingerprints(t.Context(), a.ID)
		must(t, err)
		want(t, "fingerprints", words(len(prints), prints[0].PDQ), words(1, hexHash("pa")))

		for _, source := range []*asset.ID{&a.ID, nil} {
			must(t, d.SetTrace(t.Context(), b.ID, source))
			got, err := d.AssetByID(t.Context(), b.ID)
			must(t, err)
			if got.TracedAt == nil || (source == nil) != (got.DerivedFrom == nil) || source != nil && *got.DerivedFrom != *source {
				t.Errorf("traced to %v: %+v", source, got)
			}
		}
		some, err := d.AssetsByID(t.Context(), []asset.ID{b.ID, asset.NewID()})
		must(t, err)
		want(t, "some", words(len(some), some[0].ID), words(1, b.ID))
	})
}

func TestSerialReads(t *testing.T) {
	each(t, func(t *testing.T, c db.Config) {
		d := open(t, c)
		_, org := organization(t, d, "acme")
		s := &db.Serial{OrganizationID: org, SerialNumber: "A-1\x00", ImageKey: "k", Source: "s", DateOfSealing: "2024-01-15 10:30:00"}
		must(t, d.InsertSerial(t.Context(), s))
		byNumber, err := d.SerialByNumber(t.Context(), org, "A-1")
		must(t, err)
		byID, err := d.SerialByID(t.Context(), org, s.ID)
		must(t, err)
		want(t, "by number and by id", fmt.Sprintf("%+v", byNumber), fmt.Sprintf("%+v", byID))
		want(t, "date, as stored", byID.DateOfSealing, "2024-01-15 10:30:00")
		stranger, err := d.SerialByID(t.Context(), asset.NewID(), s.ID)
		must(t, err)
		if stranger != nil {
			t.Error("another organization's item")
		}
		n, err := d.Serials(t.Context(), org)
		must(t, err)
		want(t, "items", n, 1)
	})
}
