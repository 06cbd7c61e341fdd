package sealing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/blob"
	"github.com/certana/certana/internal/db"
)

// ImportOptions name what to import and for whom.
type ImportOptions struct {
	CSV            string // a file with the columns serial_number, image, date_of_sealing
	ImagesDir      string // the folder that the image column's names lie in
	OrganizationID asset.ID
	// Workers is how many pictures are read and stored at a time. Default 4.
	Workers int
	// Progress is told how many of the total rows are done; may be nil.
	Progress func(done, total int)
	// Problem is told of every row that was left out, by its line in the CSV
	// (the header is line 1), as it happens; may be nil.
	Problem func(line int, reason string)
}

// ImportSummary counts the rows of one import.
type ImportSummary struct {
	Imported int `json:"imported"`
	Skipped  int `json:"skipped"` // were there already, with the same data
	Failed   int `json:"failed"`  // were left out, with a reason each
}

// importBatch is how many rows share a transaction.
const importBatch = 128

// Writer stores pictures.
type Writer interface {
	Put(ctx context.Context, key string, r io.Reader, contentType string) (blob.Written, error)
}

// Import stores the pictures of a CSV and then their rows. It may be stopped or
// killed at any moment and run again: rows that are there already with the same
// data are skipped, and a picture stored without its row is stored again over
// itself, since its name is its hash. A bad row is reported and left out; the
// error is for what no row is to blame for (the store, the database, a CSV
// without its columns), and the summary then counts what was done before.
func Import(ctx context.Context, d *db.DB, store Writer, c Config, o ImportOptions) (ImportSummary, error) {
	total, err := countRows(o.CSV)
	if err != nil {
		return ImportSummary{}, err
	}
	rows, err := openRows(o.CSV)
	if err != nil {
		return ImportSummary{}, err
	}
	defer func() { _ = rows.Close() }() // only read
	images, err := os.OpenRoot(o.ImagesDir)
	if err != nil {
		return ImportSummary{}, err
	}
	defer func() { _ = images.Close() }()
	if o.Workers <= 0 {
		o.Workers = 4
	}
	im := &importer{ImportOptions: o, db: d, store: store, limit: c.MaxImageBytes, images: images, total: total}
	for {
		batch, err := rows.next(importBatch)
		if err != nil || len(batch) == 0 {
			return im.summary, err
		}
		if err := im.run(ctx, batch); err != nil {
			return im.summary, err
		}
	}
}

type importer struct {
	ImportOptions
	db      *db.DB
	store   Writer
	limit   int64
	images  *os.Root
	total   int
	done    int
	summary ImportSummary
}

// run imports one batch: pictures first, side by side, then the rows in the
// order of the CSV, in one transaction.
func (im *importer) run(ctx context.Context, batch []*importRow) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(im.Workers)
	for _, r := range batch {
		if r.reason == "" {
			g.Go(func() error { return im.prepare(gctx, r) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	err := im.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, r := range batch {
			if r.reason != "" || r.skip {
				continue
			}
			if err := im.insert(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range batch {
		im.count(r)
	}
	return nil
}

func (im *importer) count(r *importRow) {
	im.done++
	switch {
	case r.reason != "":
		im.summary.Failed++
		if im.Problem != nil {
			im.Problem(r.line, r.reason)
		}
	case r.skip:
		im.summary.Skipped++
	default:
		im.summary.Imported++
	}
	if im.Progress != nil {
		im.Progress(im.done, im.total)
	}
}

// prepare decides whether a row is to be written, and stores its picture if so.
// What is wrong with the row itself goes to r.reason.
func (im *importer) prepare(ctx context.Context, r *importRow) error {
	size, err := im.size(r.image)
	if err != nil {
		r.reason = err.Error()
		return nil
	}
	r.source = fmt.Sprintf("%s (%d bytes)", r.image, size)
	known, err := im.db.SerialByNumber(ctx, im.OrganizationID, r.serial)
	if err != nil {
		return err
	}
	// Name, size and date as before: taken for the same without reading the
	// picture, so that a resumed import of many gigabytes starts at once.
	if known != nil && known.Source == r.source && known.DateOfSealing == r.date {
		r.skip = true
		return nil
	}
	picture, err := im.read(r.image)
	if err != nil {
		r.reason = err.Error()
		return nil
	}
	sum := sha256.Sum256(picture)
	name := hex.EncodeToString(sum[:])
	r.key = "sealing/" + im.OrganizationID.String() + "/" + name[:2] + "/" + name + ".jpg"
	if known != nil {
		r.compare(known)
		return nil
	}
	_, err = im.store.Put(ctx, r.key, bytes.NewReader(picture), "image/jpeg")
	return err
}

// compare holds a row against the one that has its serial number already.
func (r *importRow) compare(known *db.Serial) {
	switch {
	case known.ImageKey != r.key:
		r.reason = fmt.Sprintf("serial number %q is there already, with another picture", r.serial)
	case known.DateOfSealing != r.date:
		r.reason = fmt.Sprintf("serial number %q is there already, sealed at %s", r.serial, known.DateOfSealing)
	default:
		r.skip = true
	}
}

func (im *importer) insert(ctx context.Context, tx *db.Tx, r *importRow) error {
	r.reason, r.skip = "", false // the transaction may run a second time
	err := tx.InsertSerial(ctx, &db.Serial{
		OrganizationID: im.OrganizationID, SerialNumber: r.serial, ImageKey: r.key, Source: r.source, DateOfSealing: r.date,
	})
	if !asset.Is(err, asset.Conflict) {
		return err
	}
	// The same serial twice in one batch, or another import beside this one.
	known, err := tx.SerialByNumber(ctx, im.OrganizationID, r.serial)
	if err == nil && known != nil {
		r.compare(known)
	}
	return err
}

// size answers a picture's size in bytes without reading it.
func (im *importer) size(name string) (int64, error) {
	if !filepath.IsLocal(name) {
		return 0, fmt.Errorf("image %q is not a name inside the folder of pictures", name)
	}
	info, err := im.images.Stat(name)
	switch {
	case os.IsNotExist(err):
		return 0, fmt.Errorf("image %q is not in the folder of pictures", name)
	case err != nil:
		return 0, fmt.Errorf("image %q cannot be read: %w", name, err)
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("image %q is not a file", name)
	case info.Size() > im.limit:
		return 0, fmt.Errorf("image %q has %d bytes; at most %d are served", name, info.Size(), im.limit)
	}
	return info.Size(), nil
}

func (im *importer) read(name string) ([]byte, error) {
	f, err := im.images.Open(name)
	if err != nil {
		return nil, fmt.Errorf("image %q cannot be read: %w", name, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, im.limit+1))
	if err != nil {
		return nil, fmt.Errorf("image %q cannot be read: %w", name, err)
	}
	if err := checkJPEG(b); err != nil {
		return nil, fmt.Errorf("image %q is not a whole JPEG: %w", name, err)
	}
	return b, nil
}
