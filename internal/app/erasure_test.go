package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/synth"
	"github.com/certana/certana/internal/verify"
)

// fuse lets so many calls through and then fails them all, before or after they
// are done: a process that was killed there.
type fuse struct {
	account.Assets
	account.Pictures
	left  int
	after bool
}

var errKilled = errors.New("killed")

func (f *fuse) burn(do func() error) error {
	if f.left == 0 && !f.after {
		return errKilled
	}
	if err := do(); err != nil {
		return err
	}
	if f.left == 0 {
		return errKilled
	}
	f.left--
	return nil
}

type burningAssets struct{ *fuse }

func (b burningAssets) Delete(ctx context.Context, org, id asset.ID) error {
	return b.burn(func() error { return b.Assets.Delete(ctx, org, id) })
}

type burningPictures struct{ *fuse }

func (b burningPictures) Delete(ctx context.Context, key string) error {
	return b.burn(func() error { return b.Pictures.Delete(ctx, key) })
}

// An organization whose grace is over goes with everything that it had, however
// often that is cut off; another's things stay, and so does what the ledger says.
func TestEraseOrganization(t *testing.T) {
	d := apptest.Start(t)
	kept, _ := d.NewOrganization(t, "kept")
	keptAsset := d.Register(t, kept, apptest.JPEG(t, synth.Photo(320, 240, 1), 90))
	before := len(pictures(t, d))
	var gone []asset.Asset
	for seed := range uint64(2) {
		gone = append(gone, d.Register(t, d.Org, apptest.JPEG(t, synth.Photo(320, 240, 10+seed), 90)))
	}
	for _, serial := range []string{"S1", "S2", "S3"} {
		key := "sealing/" + d.Org.String() + "/aa/" + serial + ".jpg"
		if _, err := d.Blobs.Put(t.Context(), key, strings.NewReader(serial), "image/jpeg"); err != nil {
			t.Fatal(err)
		}
		if err := d.Rows.InsertSerial(t.Context(), &db.Serial{OrganizationID: d.Org, SerialNumber: serial, ImageKey: key, DateOfSealing: "2024-01-01 00:00:00"}); err != nil {
			t.Fatal(err)
		}
	}
	commitment, err := d.Pipeline.Commit(t.Context(), pipeline.CommitRequest{OrganizationID: d.Org, AssetID: gone[0].ID}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}

	run := func(f *fuse) error {
		f.Assets, f.Pictures = d.Pipeline, d.Blobs
		return account.Erasing{Rows: d.Rows, Assets: burningAssets{f}, Pictures: burningPictures{f}, Logger: slog.New(slog.DiscardHandler)}.Run(t.Context())
	}
	const plenty = 1000
	if err := run(&fuse{left: plenty}); err != nil {
		t.Fatal(err)
	}
	if n := len(pictures(t, d)); n <= before {
		t.Fatal("what was not deleted was erased")
	}
	o, err := d.Rows.OrganizationByID(t.Context(), d.Org)
	if err != nil {
		t.Fatal(err)
	}
	leaveTraces(t, d, kept)
	now := time.Now().Add(-time.Second)
	o.DeletedAt, o.EraseAt = &now, &now
	if err := d.Rows.UpdateOrganization(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	// Cut off at every call in turn, each time later; what is done is done.
	cuts := 0
	for ; ; cuts++ {
		err := run(&fuse{left: cuts, after: cuts%2 == 1})
		if err == nil {
			break
		}
		if !errors.Is(err, errKilled) || cuts > 50 {
			t.Fatalf("after %d cuts: %v", cuts, err)
		}
		if o, err := d.Rows.OrganizationByID(t.Context(), d.Org); err != nil || o.ErasedAt != nil {
			t.Fatalf("told to be erased while something was left: %v", err)
		}
	}
	if cuts < 3 {
		t.Errorf("%d cuts only", cuts)
	}
	if err := run(&fuse{left: plenty}); err != nil { // there is nothing more to do
		t.Fatal(err)
	}
	erasedOnce(t, d)
	noTrace(t, d)
	shutForUploads(t, d)
	late := &asset.Asset{ID: asset.NewID(), OrganizationID: d.Org, Filename: "late.jpg", ContentHash: strings.Repeat("ab", 32), MIMEType: "image/jpeg"}
	err = d.Rows.InsertAsset(t.Context(), late, func(number int64) (uint64, error) { return uint64(number), nil })
	if err == nil { // it is found, and goes
		err = run(&fuse{left: plenty})
	}
	if left, lerr := d.Rows.AssetsLeft(t.Context(), d.Org, 1); err != nil || lerr != nil || len(left) > 0 {
		t.Errorf("what came late: %v, %v, %v", left, err, lerr)
	}
	erasedOnce(t, d)

	for deadline := time.Now().Add(time.Minute); len(pictures(t, d)) != before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("pictures are left: %v", pictures(t, d))
		}
	}
	for _, a := range gone {
		if _, err := d.Rows.AssetByID(t.Context(), a.ID); !asset.Is(err, asset.AssetNotFound) {
			t.Errorf("an asset is left: %v", err)
		}
	}
	if n, err := d.Rows.Serials(t.Context(), d.Org); n != 0 || err != nil {
		t.Errorf("%d sealed items are left, %v", n, err)
	}
	if _, err := d.Rows.OrgAsset(t.Context(), kept, keptAsset.ID); err != nil {
		t.Errorf("the other's asset: %v", err)
	}
	_, checks, err := d.Pipeline.Commitment(t.Context(), commitment.ID)
	if err != nil || !checks.Verified() {
		t.Errorf("the commitment of what was erased: %+v, %v", checks, err)
	}
}

// pictures are the files of pictures at rest.
func pictures(t *testing.T, d *apptest.Deployment) []string {
	t.Helper()
	return slices.DeleteFunc(d.Files(t), func(path string) bool { return !strings.Contains(path, "/blobs/") })
}

// erasedOnce looks for the tombstone and its one line in the audit log.
func erasedOnce(t *testing.T, d *apptest.Deployment) {
	t.Helper()
	o, err := d.Rows.OrganizationByID(t.Context(), d.Org)
	if err != nil {
		t.Fatal(err)
	}
	if o.ErasedAt == nil || o.Name != "Erased organization" || o.Slug != "erased--"+d.Org.String() {
		t.Errorf("the tombstone is %+v", o)
	}
	_, total, err := d.Rows.AuditEvents(t.Context(), db.AuditFilter{OrganizationID: &d.Org, Action: account.ActionOrgErased, Page: db.Page{Number: 1, Size: 1}})
	if err != nil || total != 1 {
		t.Errorf("told %d times, %v", total, err)
	}
}

// shutForUploads sees an upload refused that was let in before the organization ended.
func shutForUploads(t *testing.T, d *apptest.Deployment) {
	t.Helper()
	file := d.Spool(t, apptest.JPEG(t, synth.Photo(160, 120, 99), 90))
	_, err := d.Pipeline.Accept(t.Context(), pipeline.Upload{OrganizationID: d.Org, File: file, Options: apptest.AllTracks})
	if !asset.Is(err, asset.Forbidden) {
		t.Errorf("an upload into what was erased: %v", err)
	}
}

// canary is in everything that leaveTraces leaves of the organization.
const canary = "Canary Works"

// leaveTraces gives the organization what is kept of it in other places: a name that
// others' verifications saw, answers to be repeated, counts.
func leaveTraces(t *testing.T, d *apptest.Deployment, other asset.ID) {
	t.Helper()
	o, err := d.Rows.OrganizationByID(t.Context(), d.Org)
	if err != nil {
		t.Fatal(err)
	}
	o.Name, o.Slug = canary, "canary-works"
	key := &db.APIKey{ID: asset.NewID(), OrganizationID: d.Org, UserID: o.OwnerID, Name: canary, Hash: "canary", Scopes: []string{"read"}}
	errs := []error{d.Rows.UpdateOrganization(t.Context(), o), d.Rows.InsertAPIKey(t.Context(), key)}
	for _, principal := range []string{"key " + key.ID.String(), "user " + o.OwnerID.String() + " in " + d.Org.String(),
		"client " + asset.NewID().String() + " for user " + asset.ID{}.String() + " in " + d.Org.String()} {
		claim, _, err := d.Rows.ClaimIdempotency(t.Context(), principal, "POST /v1/assets/", "canary-works", "hash")
		if err == nil {
			err = d.Rows.CompleteIdempotency(t.Context(), claim, db.IdempotentAnswer{Status: 201, Headers: db.JSON("{}"), Body: []byte(canary)})
		}
		errs = append(errs, err)
	}
	for _, kind := range []string{"upload/", "verify/"} {
		now := time.Now()
		_, _, err := d.Rows.Count(t.Context(), kind+d.Org.String(), db.Window{Start: now, End: now.Add(time.Hour)}, 1, 10)
		errs = append(errs, err)
	}
	for _, options := range []verify.Options{{}, {OrgID: &other}} {
		r, err := d.Verifier.Verify(t.Context(), d.Spool(t, apptest.JPEG(t, synth.Photo(320, 240, 10), 90)), options)
		if err == nil && (r.Issuer == nil || r.Issuer.Name != canary) {
			err = errors.New("the verification names nobody")
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// noTrace looks through the whole database, as it is on disk.
func noTrace(t *testing.T, d *apptest.Deployment) {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(d.Dir, "certana.db")+"?_pragma=busy_timeout(15000)")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	copied := filepath.Join(t.TempDir(), "copy.db")
	if _, err := raw.Exec("VACUUM INTO ?", copied); err != nil { // without the pages that are free
		t.Fatal(err)
	}
	text, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{canary, "canary-works", "upload/" + d.Org.String(), "verify/" + d.Org.String(), " in " + d.Org.String()} {
		if at := bytes.Index(text, []byte(word)); at >= 0 {
			t.Errorf("%q is left: %q", word, text[max(0, at-60):min(len(text), at+100)])
		}
	}
}
