package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/pipeline"
)

// uploadRules are the fields of an upload, see UploadRequest in the contract.
var uploadRules = formRules{
	file: "file", maxFiles: 1,
	fields: []string{"title", "description", "tags", "visibility", "track_a_enabled", "track_b_enabled",
		"track_c_enabled", "metadata_tracking_enabled", "blockchain_commit"},
}

// The limits of an asset's words, in characters.
const (
	maxTitle       = 256
	maxDescription = 4096
)

// UploadAsset takes a picture in and waits for its processing, unless the client
// would rather not.
func (s *server) UploadAsset(ctx context.Context, r gen.UploadAssetRequestObject) (gen.UploadAssetResponseObject, error) {
	f, err := readForm(r.Body, s.Pipeline.Spooler(), uploadRules)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	u, err := uploadOf(f, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	if err := s.first(ctx, f.digest()); err != nil {
		return nil, err
	}
	taken, err := s.takeUpload(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.Pipeline.Accept(ctx, u)
	if err != nil {
		s.giveBack(ctx, taken, 1)
		return nil, err
	}
	answer := gen.UploadAsset201JSONResponse{}
	if async := respondAsync(r.Params.Prefer); async {
		applied := "respond-async"
		answer.Headers.PreferenceApplied = &applied
	} else if a, err = s.Pipeline.Wait(ctx, a.ID, s.UploadWait); err != nil {
		return nil, err
	}
	if a.Status == asset.Failed { // which gave the upload back
		taken.GivenBack(1)
		exchangeOf(ctx).tellLimits()
		return nil, &asset.Error{Code: asset.ProcessingFailed, AssetID: a.ID.String(),
			Detail: "the picture could not be processed: " + a.ProcessingError}
	}
	answer.Body = assetBody(a)
	answer.Headers.Location = "/v1/assets/" + a.ID.String()
	return answer, nil
}

// uploadOf reads the fields of the form.
func uploadOf(f *form, who caller) (pipeline.Upload, error) {
	u := pipeline.Upload{
		OrganizationID: who.OrganizationID, UserID: who.user(),
		File: f.files[0].Spooled, Filename: f.files[0].name,
		Title:       strings.TrimSpace(f.text("title", maxTitle)),
		Description: strings.TrimSpace(f.text("description", maxDescription)),
		Tags:        f.tags("tags"),
		Visibility:  asset.Visibility(f.text("visibility", 32)),
		Options: asset.Options{
			TrackA:           f.boolean("track_a_enabled", true),
			TrackB:           f.boolean("track_b_enabled", true),
			TrackC:           f.boolean("track_c_enabled", true),
			MetadataTracking: f.boolean("metadata_tracking_enabled", true),
			BlockchainCommit: f.boolean("blockchain_commit", true),
		},
	}
	if u.Visibility != "" && !gen.Visibility(u.Visibility).Valid() {
		f.refuse("visibility", "must be one of discoverable, published, private")
	}
	return u, invalidFields(f.wrong)
}

// respondAsync reports whether a Prefer header asks not to wait (RFC 7240).
func respondAsync(prefer *string) bool {
	if prefer == nil {
		return false
	}
	for _, one := range strings.Split(*prefer, ",") {
		name, _, _ := strings.Cut(one, ";")
		if strings.EqualFold(strings.TrimSpace(name), "respond-async") {
			return true
		}
	}
	return false
}

// GetAsset answers with the details, or 304 when the client has them.
func (s *server) GetAsset(ctx context.Context, r gen.GetAssetRequestObject) (gen.GetAssetResponseObject, error) {
	org := callerOf(ctx).OrganizationID
	answer, err := s.assets.Get(ctx, s.Rows, [2]asset.ID{org, r.AssetID}, func(ctx context.Context) (*assetAnswer, error) {
		a, err := s.Pipeline.Get(ctx, org, r.AssetID)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(assetBody(a))
		return &assetAnswer{append(text, '\n'), etagOfText(text)}, err
	})
	if err != nil {
		return nil, err
	}
	if r.Params.IfNoneMatch != nil && etagMatches(*r.Params.IfNoneMatch, answer.etag) {
		return gen.GetAsset304Response{Headers: gen.GetAsset304ResponseHeaders{ETag: answer.etag}}, nil
	}
	return answer, nil
}

// assetAnswer is an asset's details as they are sent.
type assetAnswer struct {
	text []byte
	etag string
}

// VisitGetAssetResponse sends the details.
func (a *assetAnswer) VisitGetAssetResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Etag", a.etag)
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(a.text)
	return err
}

// UpdateAsset merges a patch: absent fields are kept, null clears.
func (s *server) UpdateAsset(ctx context.Context, r gen.UpdateAssetRequestObject) (gen.UpdateAssetResponseObject, error) {
	patch := db.AssetPatch{
		Title:       cleared(r.Body.Title, strings.TrimSpace),
		Description: cleared(r.Body.Description, strings.TrimSpace),
		Tags:        cleared(r.Body.Tags, splitTags),
		Visibility:  cleared(r.Body.Visibility, func(v gen.Visibility) asset.Visibility { return asset.Visibility(v) }),
	}
	a, err := s.Rows.UpdateAsset(ctx, callerOf(ctx).OrganizationID, r.AssetID, patch)
	if err != nil {
		return nil, err
	}
	body := assetBody(*a)
	return gen.UpdateAsset200JSONResponse{Body: body, Headers: gen.UpdateAsset200ResponseHeaders{ETag: etagOf(body)}}, nil
}

// cleared is a patched field as db takes it: nil when absent, the zero value
// when null.
func cleared[T, U any](p gen.Patch[T], as func(T) U) *U {
	if !p.Set {
		return nil
	}
	out := new(U)
	if p.Value != nil {
		*out = as(*p.Value)
	}
	return out
}

// DeleteAsset erases an asset and leaves its tombstone.
func (s *server) DeleteAsset(ctx context.Context, r gen.DeleteAssetRequestObject) (gen.DeleteAssetResponseObject, error) {
	if err := s.Pipeline.Delete(ctx, callerOf(ctx).OrganizationID, r.AssetID); err != nil {
		return nil, err
	}
	return gen.DeleteAsset204Response{}, nil
}

// assetBody is an asset in the words of the contract.
func assetBody(a asset.Asset) gen.Asset {
	tags := a.Tags
	if tags == nil {
		tags = []string{}
	}
	return gen.Asset{
		ID: a.ID, OrganizationID: a.OrganizationID,
		CID: orNull(a.CID), IpfsCID: orNull(a.IPFSCID), WatermarkedCID: orNull(a.WatermarkedCID),
		ContentHash: a.ContentHash, WatermarkHash: orNull(a.WatermarkHash),
		Title: orNull(a.Title), Description: orNull(a.Description), Tags: tags,
		Visibility: gen.Visibility(a.Visibility), Filename: orNull(a.Filename),
		MimeType: a.MIMEType, FileSizeBytes: a.Size, Width: a.Width, Height: a.Height,
		ProcessingStatus: gen.ProcessingStatus(a.Status), ProcessingError: orNull(a.ProcessingError),
		DerivedFrom:   a.DerivedFrom,
		TrackAEnabled: a.Options.TrackA, TrackBEnabled: a.Options.TrackB, TrackCEnabled: a.Options.TrackC,
		MetadataTrackingEnabled: a.Options.MetadataTracking, BlockchainCommit: a.Options.BlockchainCommit,
		CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC(),
	}
}

// orNull prints an empty text as null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
