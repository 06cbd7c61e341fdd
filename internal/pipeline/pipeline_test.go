package pipeline_test

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/synth"
)

func photo(seed uint64) image.Image { return synth.Photo(480, 360, seed) }

func upload(d *apptest.Deployment, tb testing.TB, data []byte) pipeline.Upload {
	return pipeline.Upload{OrganizationID: d.Org, File: d.Spool(tb, data), Options: apptest.AllTracks, Title: "A title"}
}

func TestRegisteredAssetIsWhole(t *testing.T) {
	d := apptest.Start(t)
	data := apptest.JPEG(t, photo(1), 92)
	a := d.Register(t, d.Org, data)

	for name, cid := range map[string]string{"cid": a.CID, "ipfs_cid": a.IPFSCID, "watermarked_cid": a.WatermarkedCID} {
		if !strings.HasPrefix(cid, "bafyrei") {
			t.Errorf("%s is %q, not a DAG-CBOR CIDv1", name, cid)
		}
	}
	if a.IPFSCID == a.WatermarkedCID {
		t.Error("both renditions have one name")
	}
	c, err := d.Pipeline.Commit(t.Context(), pipeline.CommitRequest{OrganizationID: d.Org, AssetID: a.ID}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if c.Status != asset.CommitFinalized || c.TxHash == "" || c.OnChainAt == nil {
		t.Errorf("the commitment is %+v", c)
	}
	again, err := d.Pipeline.Commit(t.Context(), pipeline.CommitRequest{OrganizationID: d.Org, AssetID: a.ID}, time.Minute)
	if err != nil || again.ID != c.ID || *again.LeafIndex != *c.LeafIndex {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	_, checks, err := d.Pipeline.Commitment(t.Context(), c.ID)
	if err != nil || !checks.Verified() {
		t.Errorf("recomputed: %+v, %v", checks, err)
	}
}

// A commitment whose row was changed does not verify: nothing is read from a
// column that can be computed.
func TestCheckRefusesForgedCommitments(t *testing.T) {
	d := apptest.Start(t)
	first := d.Register(t, d.Org, apptest.JPEG(t, photo(1), 92))
	second := d.Register(t, d.Org, apptest.JPEG(t, photo(2), 92))
	commit := func(a asset.Asset) asset.Commitment {
		c, err := d.Pipeline.Commit(t.Context(), pipeline.CommitRequest{OrganizationID: d.Org, AssetID: a.ID}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	good, other := commit(first), commit(second)
	for _, c := range []struct {
		name   string
		forge  func(*asset.Commitment)
		failed func(pipeline.Checks) asset.Outcome
	}{
		{"statement of another asset", func(c *asset.Commitment) { c.Statement = other.Statement }, func(k pipeline.Checks) asset.Outcome { return k.Signature }},
		{"signature of another statement", func(c *asset.Commitment) { c.Signature = other.Signature }, func(k pipeline.Checks) asset.Outcome { return k.Signature }},
		{"another hash", func(c *asset.Commitment) { c.Hash = other.Hash }, func(k pipeline.Checks) asset.Outcome { return k.Signature }},
		{"another leaf", func(c *asset.Commitment) { c.LeafIndex = other.LeafIndex }, func(k pipeline.Checks) asset.Outcome { return k.Inclusion }},
	} {
		t.Run(c.name, func(t *testing.T) {
			forged := good
			c.forge(&forged)
			checks, err := d.Pipeline.Check(t.Context(), forged)
			if err != nil {
				t.Fatal(err)
			}
			if c.failed(checks) != asset.Fail || checks.Verified() {
				t.Errorf("it passes: %+v", checks)
			}
		})
	}
}

func TestRefusalsLeaveNothing(t *testing.T) {
	d := apptest.Start(t)
	whole := apptest.JPEG(t, photo(1), 92)
	for _, c := range []struct {
		name string
		data []byte
		want asset.Code
	}{
		{"no bytes", nil, asset.InvalidFileType},
		{"no picture", []byte("this is text, whatever its name says"), asset.InvalidFileType},
		{"a truncated picture", whole[:len(whole)/2], asset.InvalidFileType},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := d.Spool(t, c.data)
			_, err := d.Pipeline.Accept(t.Context(), pipeline.Upload{OrganizationID: d.Org, File: file, Options: apptest.AllTracks})
			if !asset.Is(err, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			if left := d.Files(t); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestSameBytesTwiceIsConflict(t *testing.T) {
	d := apptest.Start(t)
	data := apptest.JPEG(t, photo(1), 92)
	a := d.Register(t, d.Org, data)
	before := len(d.Files(t))
	_, err := d.Pipeline.Accept(t.Context(), upload(d, t, data))
	var e *asset.Error
	if !errors.As(err, &e) || e.Code != asset.Conflict || e.AssetID != a.ID.String() {
		t.Errorf("got %v, want CONFLICT with the asset's id", err)
	}
	if after := len(d.Files(t)); after != before+1 { // the spooled file itself
		t.Errorf("%d files before, %d after", before, after)
	}
	other, _ := d.NewOrganization(t, "second")
	d.Register(t, other, data) // another organization may
}

func TestCopyOfAnothersPictureIsDerived(t *testing.T) {
	d := apptest.Start(t)
	first := d.Register(t, d.Org, apptest.JPEG(t, photo(1), 92))
	other, _ := d.NewOrganization(t, "second")
	copied := d.Register(t, other, d.Rendition(t, first))
	if err := d.Pipeline.Trace(t.Context(), copied.ID); err != nil {
		t.Fatal(err)
	}
	got, err := d.Pipeline.Get(t.Context(), other, copied.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.DerivedFrom == nil || *got.DerivedFrom != first.ID {
		t.Errorf("derived_from is %v, want %s", got.DerivedFrom, first.ID)
	}
	if kept, err := d.Pipeline.Get(t.Context(), d.Org, first.ID); err != nil || kept.DerivedFrom != nil {
		t.Errorf("the first is said to be derived from %v (%v)", kept.DerivedFrom, err)
	}
}

func TestDeleteErasesPictures(t *testing.T) {
	d := apptest.Start(t)
	a := d.Register(t, d.Org, apptest.JPEG(t, photo(1), 92))
	if err := d.Pipeline.Delete(t.Context(), d.Org, a.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Pipeline.Get(t.Context(), d.Org, a.ID); !asset.Is(err, asset.AssetNotFound) {
		t.Errorf("a deleted asset is found: %v", err)
	}
	eventually(t, "the pictures are erased", func() bool { return len(pictures(t, d)) == 0 })
	c, err := d.Rows.CommitmentByAsset(t.Context(), a.ID)
	if err != nil || c.Hash == "" {
		t.Errorf("the commitment must outlive the asset: %v", err)
	}
}

// A crash between the blob and the row is a claim without a row: the next start
// erases the picture and the claim.
func TestUnfinishedUploadIsSettledAtStart(t *testing.T) {
	dir := t.TempDir()
	d := apptest.Open(t, dir)
	id := asset.NewID()
	if _, err := d.Blobs.Put(t.Context(), blob.AssetKey(id, asset.Original), strings.NewReader("picture"), "image/jpeg"); err != nil {
		t.Fatal(err)
	}
	claim := filepath.Join(dir, "tmp", "claim-"+id.String())
	if err := os.WriteFile(claim, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again := apptest.Reopen(t, dir)
	if left := again.Files(t); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A neighbour that starts leaves alone what a living process is about to enter; the
// picture stays until that process settles it.
func TestNeighboursUploadIsNotSettled(t *testing.T) {
	dir := t.TempDir()
	d := apptest.Open(t, dir)
	id := asset.NewID()
	release, err := d.Pipeline.ClaimUpload(id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Blobs.Put(t.Context(), blob.AssetKey(id, asset.Original), strings.NewReader("picture"), "image/jpeg"); err != nil {
		t.Fatal(err)
	}
	neighbour := apptest.Reopen(t, dir)
	if left := pictures(t, neighbour); len(left) != 1 {
		t.Errorf("the picture is gone: %v", left)
	}
	claim := filepath.Join(dir, "tmp", "claim-"+id.String())
	if _, err := os.Stat(claim); err != nil {
		t.Errorf("the claim is gone: %v", err)
	}
	release()
	if _, err := os.Stat(claim); !os.IsNotExist(err) {
		t.Errorf("the claim after its release: %v", err)
	}
}

// A transaction may be in although its answer was lost: then the picture stays.
func TestUndoKeepsThePictureOfARow(t *testing.T) {
	d := apptest.Open(t, t.TempDir())
	a, err := d.Pipeline.Accept(t.Context(), upload(d, t, apptest.JPEG(t, photo(1), 92)))
	if err != nil {
		t.Fatal(err)
	}
	orphan := asset.NewID()
	if _, err := d.Blobs.Put(t.Context(), blob.AssetKey(orphan, asset.Original), strings.NewReader("picture"), "image/jpeg"); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[asset.ID]bool{a.ID: true, orphan: false} {
		if err := d.Pipeline.UndoUpload(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if there, err := d.Blobs.Exists(t.Context(), blob.AssetKey(id, asset.Original)); err != nil || there != want {
			t.Errorf("the picture of %s: there %v, want %v (%v)", id, there, want, err)
		}
	}
}

// An orphan that cannot be removed keeps its claim, and no server from starting.
func TestOrphanThatCannotBeRemoved(t *testing.T) {
	dir := t.TempDir()
	d := apptest.Open(t, dir)
	id := asset.NewID()
	// The folder of the picture is a link to itself, which nobody can look into.
	folder := filepath.Dir(filepath.Join(dir, "blobs", blob.AssetKey(id, asset.Original)))
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(folder, folder); err != nil {
		t.Fatal(err)
	}
	claim := filepath.Join(dir, "tmp", "claim-"+id.String())
	if err := os.WriteFile(claim, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	apptest.Reopen(t, dir)
	if _, err := os.Stat(claim); err != nil {
		t.Errorf("the claim is gone: %v", err)
	}
}

func TestConcurrentUploads(t *testing.T) {
	d := apptest.Start(t)
	same := apptest.JPEG(t, photo(9), 92)
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted, conflicts := 0, 0
	for range 8 {
		u := upload(d, t, same)
		wg.Go(func() {
			_, err := d.Pipeline.Accept(t.Context(), u)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				accepted++
			case asset.Is(err, asset.Conflict):
				conflicts++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if accepted != 1 || conflicts != 7 {
		t.Errorf("%d accepted, %d conflicts of 8 equal uploads", accepted, conflicts)
	}
}

func pictures(t *testing.T, d *apptest.Deployment) []string {
	var out []string
	for _, f := range d.Files(t) {
		if !strings.HasPrefix(f, filepath.Join(d.Dir, "tmp")) {
			out = append(out, f)
		}
	}
	return out
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 600 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("not within 30 s: %s", what)
}
