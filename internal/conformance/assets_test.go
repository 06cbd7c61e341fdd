package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// assetRows are the pages on assets, on the shape of answers and on pagination.
var assetRows = []row{
	{part: "Upload Asset", ask: `
POST /assets/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<binary>
title=My Image
description=Image description
tags=tag1,tag2
track_a_enabled=true
track_b_enabled=true
track_c_enabled=true
metadata_tracking_enabled=true
blockchain_commit=true`, want: `
201 Created
Content-Type: application/json

{
  "id": "uuid",
  "organization_id": "uuid",
  "cid": "bafyrei...",
  "content_hash": "<binary_hash>",
  "title": "My Image",
  "mime_type": "image/jpeg",
  "file_size_bytes": <binary_size>,
  "width": 1920,
  "height": 1080,
  "ipfs_cid": "bafyrei...",
  "watermarked_cid": "bafyrei...",
  "processing_status": "completed",
  "created_at": "2024-01-15T10:30:00Z"
}`, keep: "asset_id=id personal_org=organization_id cid=cid ipfs_cid=ipfs_cid watermarked_cid=watermarked_cid"},
	{part: "Upload Asset: the file alone, PNG", ask: `
POST /assets/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<png>`, want: `
201 Created

{"id": "uuid", "title": null, "mime_type": "image/png", "width": 192, "height": 128, "processing_status": "completed"}`, keep: "png_id=id"},
	{part: "Upload Asset: TIFF, without commitment", ask: `
POST /assets/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<tiff>
title=A logo on paper
track_a_enabled=false
track_b_enabled=false
track_c_enabled=false
metadata_tracking_enabled=false
blockchain_commit=false`, want: `
201 Created

{"id": "uuid", "mime_type": "image/tiff", "processing_status": "completed"}`, keep: "tiff_id=id"},
	{part: "Upload Asset: WebP", ask: `
POST /assets/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<webp>
tags=tag2,logo`, want: `
201 Created

{"id": "uuid", "mime_type": "image/webp", "processing_status": "completed"}`, keep: "webp_id=id"},
	{part: "Upload Asset: the same picture again", ask: `
POST /assets/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<binary>`, want: `
409 Conflict

{"detail": "Error message", "error_code": "CONFLICT", "timestamp": "2024-01-15T10:30:00Z", "asset_id": "<asset_id>"}`},
	{part: "Error Codes: INVALID_FILE_TYPE", ask: `
POST /assets/
Authorization: Bearer <token>
Content-Type: multipart/form-data

file=<text>`, want: `
400 Bad Request

{"detail": "Error message", "error_code": "INVALID_FILE_TYPE", "timestamp": "2024-01-15T10:30:00Z"}`},

	{part: "List Assets", ask: `
GET /assets/?page=1&page_size=20&order=created_at&sort=desc
Authorization: Bearer <token>`, want: `
200 OK

{
  "items": [ {"id": "<webp_id>"}, {"id": "<tiff_id>"}, {"id": "<png_id>"}, {"id": "<asset_id>"} ],
  "total": 4,
  "page": 1,
  "page_size": 20,
  "pages": 1
}`},
	{part: "List Assets: the defaults", ask: `
GET /assets
Authorization: Bearer <token>`, want: `
200 OK

{"items": [ {"id": "<webp_id>"}, {"id": "<tiff_id>"}, {"id": "<png_id>"}, {"id": "<asset_id>"} ], "total": 4, "page": 1, "page_size": 20, "pages": 1}`},
	{part: "List Assets: the other direction", ask: `
GET /assets/?order=created_at&sort=asc
Authorization: Bearer <token>`, want: `
200 OK

{"items": [ {"id": "<asset_id>"}, {"id": "<png_id>"}, {"id": "<tiff_id>"}, {"id": "<webp_id>"} ], "total": 4, "page": 1, "page_size": 20, "pages": 1}`},
	{part: "List Assets: by tags, all of them", ask: `
GET /assets/?tags=tag1,tag2
Authorization: Bearer <token>`, want: `
200 OK

{"items": [ {"id": "<asset_id>"} ], "total": 1, "page": 1, "page_size": 20, "pages": 1}`},
	{part: "List Assets: by status", ask: `
GET /assets/?status=failed
Authorization: Bearer <token>`, want: `
200 OK

{"items": [], "total": 0, "page": 1, "page_size": 20, "pages": 0}`},
	{part: "List Assets: by a field that is none", ask: `
GET /assets/?order=password
Authorization: Bearer <token>`, want: `
422 Unprocessable Content

{"detail": "Error message", "error_code": "VALIDATION_ERROR", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Pagination", ask: `
GET /assets/?page=1&page_size=1
Authorization: Bearer <token>`, want: `
200 OK

{
  "items": [ {"id": "<webp_id>"} ],
  "total": 4,
  "page": 1,
  "page_size": 1,
  "pages": 4
}`},
	{part: "Pagination: the last page", ask: `
GET /assets/?page=2&page_size=3
Authorization: Bearer <token>`, want: `
200 OK

{"items": [ {"id": "<asset_id>"} ], "total": 4, "page": 2, "page_size": 3, "pages": 2}`},
	{part: "Pagination: of organizations", ask: `
GET /organizations/?page=2&page_size=1
Authorization: Bearer <token>`, want: `
200 OK

{"items": [ {"id": "uuid", "plan": "(text)"} ], "total": 2, "page": 2, "page_size": 1, "pages": 2}`},
	{part: "Pagination: of API keys", ask: `
GET /api-keys/?page=2&page_size=20
Authorization: Bearer <token>`, want: `
200 OK

{"items": [], "total": 1, "page": 2, "page_size": 20, "pages": 1}`},
	{part: "Pagination: of webhooks", ask: `
GET /webhooks/?page=1&page_size=20
Authorization: Bearer <token>`, want: `
200 OK

{"items": [], "total": 0, "page": 1, "page_size": 20, "pages": 0}`},
	{part: "Pagination: beyond what is served", ask: `
GET /assets/?page=1&page_size=101
Authorization: Bearer <token>`, want: `
422 Unprocessable Content

{"detail": "Error message", "error_code": "VALIDATION_ERROR", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Pagination Examples: Get second page of assets", ask: `
GET /assets/?page=2&page_size=50
Authorization: Bearer <token>`, want: `
200 OK

{"items": [], "total": 4, "page": 2, "page_size": 50, "pages": 1}`},
	{part: "Pagination Examples: Search with pagination", ask: `
GET /assets/search/?q=logo&page=1&page_size=10
Authorization: Bearer <token>`, want: `
200 OK

{"items": [ {"id": "uuid", "cid": "bafyrei..."} ], "total": 2, "page": 1, "page_size": 10, "pages": 1}`},

	{part: "Get Asset Details", ask: `
GET /assets/{asset_id}
Authorization: Bearer <token>`, want: `
200 OK
ETag: (any)

{
  "id": "<asset_id>",
  "organization_id": "<personal_org>",
  "cid": "<cid>",
  "content_hash": "<binary_hash>",
  "title": "My Image",
  "mime_type": "image/jpeg",
  "file_size_bytes": <binary_size>,
  "width": 1920,
  "height": 1080,
  "ipfs_cid": "<ipfs_cid>",
  "watermarked_cid": "<watermarked_cid>",
  "processing_status": "completed",
  "created_at": "2024-01-15T10:30:00Z",
  "description": "Image description",
  "tags": ["tag1", "tag2"]
}`, keep: "watermark_hash=watermark_hash"},
	{part: "Error Codes: ASSET_NOT_FOUND", ask: `
GET /assets/01890a5d-ac96-774b-bcce-b302099a8057
Authorization: Bearer <token>`, want: `
404 Not Found

{"detail": "Error message", "error_code": "ASSET_NOT_FOUND", "timestamp": "2024-01-15T10:30:00Z"}`},
	{part: "Response Format", ask: `
GET /assets/{asset_id}?envelope=true
Authorization: Bearer <token>`, want: `
200 OK

{
  "data": {"id": "<asset_id>", "title": "My Image"},
  "message": "Success message",
  "timestamp": "2024-01-15T10:30:00Z",
  "request_id": "req_xxx"
}`},
	{part: "Response Format: of a list", ask: `
GET /assets/?envelope=true
Authorization: Bearer <token>`, want: `
200 OK

{"data": {"items": [{"id": "uuid"}], "total": 4}, "message": "Success message", "timestamp": "2024-01-15T10:30:00Z", "request_id": "req_xxx"}`},
	{part: "Response Format: Errors", ask: `
GET /assets/?page=none
Authorization: Bearer <token>`, want: `
422 Unprocessable Content
Content-Type: application/json

{
  "detail": "Error message",
  "error_code": "VALIDATION_ERROR",
  "timestamp": "2024-01-15T10:30:00Z"
}`},
	{part: "Update Asset", ask: `
PATCH /assets/{asset_id}
Authorization: Bearer <token>
Content-Type: application/json

{
  "title": "Updated Title",
  "description": "New description",
  "tags": ["new", "tags"]
}`, want: `
200 OK

{
  "id": "<asset_id>",
  "organization_id": "<personal_org>",
  "cid": "<cid>",
  "content_hash": "<binary_hash>",
  "title": "Updated Title",
  "mime_type": "image/jpeg",
  "file_size_bytes": <binary_size>,
  "width": 1920,
  "height": 1080,
  "ipfs_cid": "<ipfs_cid>",
  "watermarked_cid": "<watermarked_cid>",
  "processing_status": "completed",
  "created_at": "2024-01-15T10:30:00Z",
  "description": "New description",
  "tags": ["new", "tags"]
}`},
	{part: "Get Asset Details: the picture that the watermark is in", ask: `
GET /assets/{asset_id}/content
Authorization: Bearer <token>`, want: `
200 OK
Content-Type: image/jpeg
ETag: (any)`, after: func(t *testing.T, w *world, a *answer) {
		sum := sha256.Sum256(a.body)
		if got := hex.EncodeToString(sum[:]); got != w.names["watermark_hash"] {
			t.Errorf("its hash is %s, not the asset's watermark_hash %s", got, w.names["watermark_hash"])
		}
		w.files["marked"] = a.body
	}},
}

// lastAssetRows delete.
var lastAssetRows = []row{
	{part: "Delete Asset", ask: `
DELETE /assets/{asset_id}
Authorization: Bearer <token>`, want: `204 No Content`},
	{part: "Error Codes: ASSET_NOT_FOUND, deleted", ask: `
GET /assets/{asset_id}
Authorization: Bearer <token>`, want: `
404 Not Found

{"detail": "Error message", "error_code": "ASSET_NOT_FOUND", "timestamp": "2024-01-15T10:30:00Z"}`},
}
