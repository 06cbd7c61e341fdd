package conformance

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/certana/certana/internal/synth"
)

// verifyRows are the pages on verification and on the ledger.
var verifyRows = []row{
	{part: "Verify Image", ask: `
POST /verify/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<marked>
include_tamper_map=true`, want: `
200 OK

{
  "is_authentic": true,
  "confidence": "(0 to 1)",
  "watermark": {
    "track_a_detected": true,
    "track_b_detected": "(boolean)",
    "track_c_detected": "(boolean)",
    "payload": "base64encoded"
  },
  "fingerprint": {
    "similarity_score": "(0 to 1)",
    "match_count": 1,
    "top_matches": [
      {
        "asset_id": "<asset_id>",
        "similarity": 1,
        "distance": 0
      }
    ]
  },
  "blockchain": {
    "commitment_found": true,
    "tx_hash": "Ax5q...",
    "signature_valid": true,
    "on_chain": true
  },
  "metadata": {
    "exif_intact": true,
    "modifications": []
  },
  "tamper_map": "base64image",
  "verdict": "authentic",
  "details": "(text)"
}`, after: mapOfItsSize},
	{part: "Verify Image: without credentials, without the map", ask: `
POST /verify/
Content-Type: multipart/form-data

file=<marked>`, want: `
200 OK
X-RateLimit-Limit: 10
X-RateLimit-Remaining: 9
X-RateLimit-Reset: 1705334400

{"is_authentic": true, "verdict": "authentic", "tamper_map": null}`},
	{part: "Verify Image: with an API key, of a stranger", ask: `
POST /verify/
X-API-Key: <api_key>
Content-Type: multipart/form-data

file=<stranger>
include_tamper_map=false`, want: `
200 OK

{
  "is_authentic": false,
  "confidence": "(0 to 1)",
  "watermark": {"track_a_detected": false, "track_b_detected": false, "track_c_detected": false, "payload": null},
  "fingerprint": {"similarity_score": "(0 to 1)", "match_count": 0, "top_matches": []},
  "blockchain": {"commitment_found": false, "tx_hash": null, "signature_valid": false, "on_chain": false},
  "metadata": {"exif_intact": "(boolean)", "modifications": "(list)"},
  "tamper_map": null,
  "verdict": "unknown",
  "details": "(text)"
}`},
	{part: "Verify Image: with something pasted in", before: paste, ask: `
POST /verify/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<pasted>
include_tamper_map=true`, want: `
200 OK

{"is_authentic": false, "verdict": "forged", "tamper_map": "base64image", "details": "(text)"}`, after: mapOfItsSize},
	{part: "Batch Verification", ask: `
POST /verify/batch
Authorization: Bearer <token>
Content-Type: multipart/form-data

files=<marked>&files=<stranger>&files=<png>
include_tamper_map=false`, want: `
200 OK

{
  "results": [
    { "verdict": "authentic", "is_authentic": true, "watermark": "(object)", "fingerprint": "(object)", "blockchain": "(object)", "metadata": "(object)", "tamper_map": null, "confidence": "(0 to 1)", "details": "(text)" },
    { "verdict": "unknown", "is_authentic": false },
    { "verdict": "authentic" }
  ],
  "total": 3,
  "successful": 3,
  "failed": 0,
  "processing_time_ms": "(count)"
}`},
	{part: "Batch Verification: one bad file fails alone", ask: `
POST /verify/batch
Authorization: Bearer <token>
Content-Type: multipart/form-data

files=<text>&files=<stranger>`, want: `
200 OK

{
  "results": [ {"filename": "text", "error": "(text)"}, {"verdict": "unknown"} ],
  "total": 2, "successful": 1, "failed": 1, "processing_time_ms": "(count)"
}`},
	{part: "Get Verification History", ask: `
GET /verify/history?page=1&page_size=20&verdict=authentic
Authorization: Bearer <token>`, want: `
200 OK

{
  "items": [
    {"id": "uuid", "verified_at": "2024-01-15T10:30:00Z", "verdict": "authentic", "confidence": "(0 to 1)", "asset_id": "<png_id>", "matched_asset": {"id": "<png_id>"}},
    {"id": "uuid", "verified_at": "2024-01-15T10:30:00Z", "verdict": "authentic", "confidence": "(0 to 1)", "asset_id": "<asset_id>", "matched_asset": {"id": "<asset_id>", "title": "Updated Title"}},
    {"id": "uuid", "verified_at": "2024-01-15T10:30:00Z", "verdict": "authentic", "confidence": "(0 to 1)", "asset_id": "<asset_id>", "matched_asset": {"id": "<asset_id>", "title": "Updated Title"}}
  ],
  "total": 3,
  "page": 1, "page_size": 20, "pages": 1
}`},
	{part: "Get Verification History: forged", ask: `
GET /verify/history?verdict=forged
Authorization: Bearer <token>`, want: `
200 OK

{"items": [{"verdict": "forged", "asset_id": "<asset_id>"}], "total": 1, "page": 1, "page_size": 20, "pages": 1}`},
	{part: "Get Verification History: unknown", ask: `
GET /verify/history?verdict=unknown&page_size=1
Authorization: Bearer <token>`, want: `
200 OK

{"items": [{"verdict": "unknown", "asset_id": null, "matched_asset": null}], "total": 3, "page": 1, "page_size": 1, "pages": 3}`},
	{part: "Get Verification History: between dates", ask: `
GET /verify/history?start_date=2024-01-15&end_date=2024-01-15T10:30:00Z
Authorization: Bearer <token>`, want: `
200 OK

{"items": [], "total": 0, "page": 1, "page_size": 20, "pages": 0}`},
	{part: "Get Verification History: from a date on", ask: `
GET /verify/history?start_date=2024-01-15T10:30:00Z
Authorization: Bearer <token>`, want: `
200 OK

{"items": [{"id": "uuid", "verified_at": "2024-01-15T10:30:00Z"}], "total": 7, "page": 1, "page_size": 20, "pages": 1}`},

	{part: "Create Commitment", ask: `
POST /blockchain/commit
Authorization: Bearer <token>
Content-Type: application/json

{
  "asset_id": "<asset_id>",
  "watermark_hash": "<watermark_hash>",
  "metadata": { "series": "spring" }
}`, want: `
201 Created

{
  "commitment_id": "uuid",
  "tx_hash": "Ax5q7n...",
  "signature": "base64sig",
  "commitment_hash": "sha256hash",
  "on_chain_at": "2024-01-15T10:30:05Z",
  "confirmation_status": "finalized"
}`, keep: "commitment_id=commitment_id tx_hash=tx_hash commitment_hash=commitment_hash"},
	{part: "Create Commitment: again, and it is the same", ask: `
POST /blockchain/commit
Authorization: Bearer <token>
Content-Type: application/json

{"asset_id": "<asset_id>"}`, want: `
201 Created

{"commitment_id": "<commitment_id>", "tx_hash": "<tx_hash>", "commitment_hash": "<commitment_hash>"}`},
	{part: "Create Commitment: with a hash that is not the asset's", ask: `
POST /blockchain/commit
Authorization: Bearer <token>
Content-Type: application/json

{"asset_id": "<asset_id>", "watermark_hash": "<binary_hash>"}`, want: `
422 Unprocessable Content

{"detail": "Error message", "error_code": "VALIDATION_ERROR", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Get Commitment Details", ask: `
GET /blockchain/commitment/{commitment_id}`, want: `
200 OK

{
  "commitment_id": "<commitment_id>",
  "asset_id": "<asset_id>",
  "tx_hash": "<tx_hash>",
  "commitment_hash": "<commitment_hash>",
  "on_chain_at": "2024-01-15T10:30:05Z",
  "confirmation_status": "finalized",
  "verified": true
}`},
}

// mapOfItsSize checks that a tamper map has the submitted picture's geometry.
func mapOfItsSize(t *testing.T, _ *world, a *answer) {
	text, _ := a.json.(map[string]any)["tamper_map"].(string)
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if c.Width != 1920 || c.Height != 1080 {
		t.Errorf("the tamper map has %d × %d pixels", c.Width, c.Height)
	}
}

// paste makes a forgery of the marked picture.
func paste(t *testing.T, w *world) {
	marked, err := jpeg.Decode(bytes.NewReader(w.files["marked"]))
	if err != nil {
		t.Fatal(err)
	}
	pasted := image.NewNRGBA(marked.Bounds())
	draw.Draw(pasted, pasted.Bounds(), marked, image.Point{}, draw.Src)
	synth.PasteObject(pasted, 3, 0.08)
	w.files["pasted"] = encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, pasted, &jpeg.Options{Quality: 92}) })
}
