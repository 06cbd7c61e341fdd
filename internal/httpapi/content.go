package httpapi

import (
	"context"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/pipeline"
)

// GetAssetContent serves a rendition, with ranges and conditions.
func (s *server) GetAssetContent(ctx context.Context, r gen.GetAssetContentRequestObject) (gen.GetAssetContentResponseObject, error) {
	a, err := s.Pipeline.Get(ctx, callerOf(ctx).OrganizationID, r.AssetID)
	if err != nil {
		return nil, err
	}
	variant := asset.Variant(orElse(r.Params.Variant, gen.VariantWatermarked))
	file, err := s.Pipeline.Content(ctx, a, variant)
	if err != nil {
		return nil, err
	}
	return &contentAnswer{server: s, request: requestOf(ctx), asset: a, variant: variant, file: file}, nil
}

// contentAnswer sends a picture as net/http sends files.
type contentAnswer struct {
	server  *server
	request *http.Request
	asset   asset.Asset
	variant asset.Variant
	file    *pipeline.File
}

// VisitGetAssetContentResponse sends the answer.
func (c *contentAnswer) VisitGetAssetContentResponse(w http.ResponseWriter) error {
	defer c.file.Close()
	h := w.Header()
	h.Set("Content-Type", c.file.MIME)
	h.Set("ETag", `"`+c.file.SHA256+`"`)
	h.Set("Content-Disposition", disposition("inline", contentName(c.asset, c.variant)))
	http.ServeContent(&rangeWriter{ResponseWriter: w, answer: c}, c.request, "", c.file.ModTime, c.file)
	return nil
}

// contentName is the client's own name for its file; the watermarked rendition
// says so in it.
func contentName(a asset.Asset, v asset.Variant) string {
	name := safeName(a.Filename)
	if name == "" {
		name = a.ID.String() + extensions[a.MIMEType]
	}
	if v == asset.Watermarked {
		ext := path.Ext(name)
		name = strings.TrimSuffix(name, ext) + "-watermarked" + ext
	}
	return name
}

var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif", "image/webp": ".webp"}

// disposition is a Content-Disposition header with the name in quotes, or in
// the encoding of RFC 8187 when it is not ASCII.
func disposition(kind, name string) string {
	return mime.FormatMediaType(kind, map[string]string{"filename": name})
}

// rangeWriter puts the one error of http.ServeContent into our shape.
type rangeWriter struct {
	http.ResponseWriter
	answer *contentAnswer
	failed bool
}

func (r *rangeWriter) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *rangeWriter) WriteHeader(status int) {
	if status != http.StatusRequestedRangeNotSatisfiable {
		r.ResponseWriter.WriteHeader(status)
		return
	}
	r.failed = true
	r.answer.server.fail(r.ResponseWriter, r.answer.request,
		asset.Errorf(rangeNotSatisfiable, nil, "the picture has %d bytes", r.answer.file.Size))
}

func (r *rangeWriter) Write(p []byte) (int, error) {
	if r.failed {
		return len(p), nil
	}
	return r.ResponseWriter.Write(p)
}

// ExportAssetCAR streams an asset's blocks.
func (s *server) ExportAssetCAR(ctx context.Context, r gen.ExportAssetCARRequestObject) (gen.ExportAssetCARResponseObject, error) {
	a, err := s.Pipeline.Get(ctx, callerOf(ctx).OrganizationID, r.AssetID)
	if err != nil {
		return nil, err
	}
	return &carAnswer{server: s, ctx: ctx, asset: a, original: orElse(r.Params.Original, false)}, nil
}

type carAnswer struct {
	server   *server
	ctx      context.Context // lives as long as the request
	asset    asset.Asset
	original bool
}

// VisitExportAssetCARResponse sends the answer. A failure before the first byte
// is an error like any other; after it, the connection breaks, so that half a
// file does not look like a whole one.
func (c *carAnswer) VisitExportAssetCARResponse(w http.ResponseWriter) error {
	lazy := &lazyWriter{w: w, begin: func() {
		h := w.Header()
		h.Set("Content-Type", "application/vnd.ipld.car; version=1")
		h.Set("ETag", `"`+c.asset.CID+`"`)
		h.Set("Content-Disposition", disposition("attachment", c.asset.ID.String()+".car"))
	}}
	err := c.server.Pipeline.WriteCAR(c.ctx, lazy, c.asset, c.original)
	if err != nil && lazy.begun {
		c.server.Log.ErrorContext(c.ctx, "CAR export broke off", "asset", c.asset.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// lazyWriter sets headers before the first byte.
type lazyWriter struct {
	w     http.ResponseWriter
	begin func()
	begun bool
}

func (l *lazyWriter) Write(p []byte) (int, error) {
	if !l.begun && len(p) > 0 {
		l.begun = true
		l.begin()
	}
	return l.w.Write(p)
}
