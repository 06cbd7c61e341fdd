package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob/s3test"
	"github.com/certana/certana/internal/config"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/sealing"
	"github.com/certana/certana/internal/synth"
)

// Pictures of assets and of sealed items lie in a bucket; the sealing service
// answers with its own words when one is missing and when the store is down.
func TestS3WholeService(t *testing.T) {
	bucket, stop := s3test.Start(t)
	dir := t.TempDir()
	ctx := t.Context()
	a := certified(t, dir, bucket)
	e := &env{out: io.Discard, err: io.Discard}
	cfg, err := config.Load(config.Input{Flags: map[string]string{"data": dir, "blobs": bucket}})
	must(t, err)
	s, err := e.openStore(ctx, cfg, false)
	must(t, err)
	app, err := newServer(ctx, s)
	must(t, err)
	defer func() { must(t, app.close(context.WithoutCancel(ctx))) }()
	h, err := app.handler()
	must(t, err)
	server := httptest.NewServer(h)
	defer server.Close()

	content, err := app.Pipeline.Content(ctx, a, asset.Watermarked)
	must(t, err)
	b, err := io.ReadAll(content)
	must(t, err)
	must(t, content.Close())
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != a.WatermarkHash {
		t.Error("the rendition in the bucket is another")
	}

	org, err := s.accounts.OperatorOrganization(ctx, "")
	must(t, err)
	_, key, err := s.accounts.CreateOperatorKey(ctx, org, account.NewAPIKey{Name: "x", Scopes: []string{"sealing"}})
	must(t, err)
	picture := sealed(t, app, org.ID)

	url := server.URL + "/api/image?serial_number=SN1&api_key=" + key
	var got struct {
		Image string `json:"image"`
		Date  string `json:"date_of_sealing"`
		Error string `json:"error"`
	}
	ask := func(path string, status int, into any) []byte {
		t.Helper()
		res, err := http.Get(path)
		must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		must(t, err)
		if res.StatusCode != status {
			t.Fatalf("%s, want %d: %s", res.Status, status, body)
		}
		if into != nil {
			must(t, json.Unmarshal(body, into))
		}
		return body
	}
	ask(url, http.StatusOK, &got)
	if decoded, err := base64.StdEncoding.DecodeString(got.Image); err != nil || !bytes.Equal(decoded, picture) || got.Date != "2024-03-15 09:32:11" {
		t.Error("the sealing picture came back as another, or with another date")
	}
	if !bytes.Equal(ask(server.URL+"/api/image-random?api_key="+key, http.StatusOK, nil), picture) {
		t.Error("the random picture is another")
	}

	row, err := s.rows.SerialByNumber(ctx, org.ID, "SN1")
	must(t, err)
	must(t, app.Blobs.Delete(ctx, row.ImageKey))
	ask(url, http.StatusNotFound, &got)
	if got.Error != "Serial Number Image File not found" {
		t.Errorf("a missing object: %q", got.Error)
	}
	stop()
	ask(url, http.StatusNotFound, &got)
	if got.Error != "Could not Retrieve the image. Please retry again" {
		t.Errorf("a store that is down: %q", got.Error)
	}
}

// sealed imports one sealed item and returns its picture.
func sealed(t *testing.T, a *server, org asset.ID) []byte {
	t.Helper()
	dir := t.TempDir()
	picture, err := raster.EncodeJPEG(raster.FromImage(synth.Photo(64, 48, 3)), 90)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "one.jpg"), picture, 0o600))
	csv := filepath.Join(dir, "serials.csv")
	must(t, os.WriteFile(csv, []byte("serial_number,image,date_of_sealing\nSN1,one.jpg,2024-03-15 09:32:11\n"), 0o600))
	done, err := sealing.Import(t.Context(), a.rows, a.Blobs, a.cfg.Sealing, sealing.ImportOptions{CSV: csv, ImagesDir: dir, OrganizationID: org})
	must(t, err)
	if done.Imported != 1 {
		t.Fatalf("imported %+v", done)
	}
	return picture
}
