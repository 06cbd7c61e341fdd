package verify

import (
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/exif"
)

// Result is the answer to one verification, in the shape of the API.
type Result struct {
	ID           asset.ID          `json:"id"`
	IsAuthentic  bool              `json:"is_authentic"`
	Confidence   float64           `json:"confidence"`
	Watermark    WatermarkResult   `json:"watermark"`
	Fingerprint  FingerprintResult `json:"fingerprint"`
	Blockchain   BlockchainResult  `json:"blockchain"`
	Metadata     MetadataResult    `json:"metadata"`
	TamperMap    *string           `json:"tamper_map"` // base64 PNG in the submitted picture's upright geometry; null when not asked for
	TamperBoxes  []asset.Box       `json:"tamper_regions"`
	Verdict      asset.Verdict     `json:"verdict"`
	Details      string            `json:"details"`
	AssetID      *asset.ID         `json:"asset_id"`
	Issuer       *asset.Issuer     `json:"issuer"`
	Claimants    []asset.Issuer    `json:"other_claimants"`
	DerivedFrom  *asset.ID         `json:"derived_from"`
	Evidence     []asset.Evidence  `json:"evidence"`
	ProcessingMS int64             `json:"processing_time_ms"`

	figures [featureCount]float64 // what the confidence was made of
}

// WatermarkResult is what the three tracks say.
type WatermarkResult struct {
	TrackA  bool                  `json:"track_a_detected"`
	TrackB  bool                  `json:"track_b_detected"`
	TrackC  bool                  `json:"track_c_detected"`
	Payload *string               `json:"payload"` // base64 of the 8 bytes, most significant first
	Tracks  []asset.TrackEvidence `json:"tracks"`
}

// FingerprintResult is what the similarity index says.
type FingerprintResult struct {
	SimilarityScore float64       `json:"similarity_score"` // mean similarity of the matches, 0 without one
	MatchCount      int           `json:"match_count"`
	TopMatches      []asset.Match `json:"top_matches"` // at most ten, nearest first
}

// BlockchainResult is what the ledger says of the identified asset.
type BlockchainResult struct {
	CommitmentFound bool    `json:"commitment_found"`
	TxHash          *string `json:"tx_hash"`
	SignatureValid  bool    `json:"signature_valid"`
	OnChain         bool    `json:"on_chain"`
}

// MetadataResult compares the submitted file's metadata with the registered.
type MetadataResult struct {
	EXIFIntact    bool                `json:"exif_intact"`
	Modifications []exif.Modification `json:"modifications"`
}
