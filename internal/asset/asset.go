// Package asset is certana's vocabulary: the asset and its states, its
// renditions and commitment, the evidence of a verification, and the error
// codes. It knows nothing of how any of them is stored, computed or sent.
package asset

import (
	"time"

	"github.com/google/uuid"
)

// ID is a UUIDv7: sortable by time of creation, printed in lower case.
type ID = uuid.UUID

// NewID mints an ID.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// Status is where an asset stands in the pipeline.
type Status string

// The states. pending → processing → completed or failed; deleted leaves a
// tombstone that lists no more.
const (
	Pending    Status = "pending"
	Processing Status = "processing"
	Completed  Status = "completed"
	Failed     Status = "failed"
)

// Visibility says who may learn of an asset from a picture alone.
type Visibility string

// Discoverable lets verification by outsiders identify it; Published also
// serves the watermarked rendition on IPFS; Private answers outsiders unknown.
const (
	Discoverable Visibility = "discoverable"
	Published    Visibility = "published"
	Private      Visibility = "private"
)

// Options are the flags of an upload.
type Options struct {
	TrackA, TrackB, TrackC bool
	MetadataTracking       bool
	BlockchainCommit       bool
}

// Asset is one registered picture. Fields that Certify fills are zero before.
type Asset struct {
	ID             ID
	OrganizationID ID
	Number         int64 // 1 to 2^40-1, carried by the watermark payload
	Payload        uint64
	Title          string
	Description    string
	Tags           []string
	Visibility     Visibility
	Options        Options

	Filename    string
	MIMEType    string // image/jpeg, image/png, image/tiff or image/webp
	Size        int64  // bytes of the original
	Width       int    // upright pixels
	Height      int
	ContentHash string // hex SHA-256 of the uploaded bytes

	Status          Status
	ProcessingError string // safe to show; set when Failed

	CID            string // provenance record
	IPFSCID        string // original rendition's node
	WatermarkedCID string
	WatermarkHash  string     // hex SHA-256 of the watermarked rendition's bytes
	DerivedFrom    *ID        // an earlier asset of another organization that this one is a copy of
	TracedAt       *time.Time // when that was last looked for; nil before

	CreatedAt time.Time
	UpdatedAt time.Time
}

// Variant names a rendition, or what is kept beside the two.
type Variant string

// Original is what was uploaded; Watermarked is what certana made of it;
// Features, no picture, is what a copy is aligned by.
const (
	Original    Variant = "original"
	Watermarked Variant = "watermarked"
	Features    Variant = "features"
)

// CommitmentStatus is how final a commitment is.
type CommitmentStatus string

// In order of finality.
const (
	CommitPending   CommitmentStatus = "pending"
	CommitProcessed CommitmentStatus = "processed"
	CommitConfirmed CommitmentStatus = "confirmed"
	CommitFinalized CommitmentStatus = "finalized"
)

// Commitment is an asset's statement, its signature and its place in the log.
type Commitment struct {
	ID        ID
	AssetID   ID
	OrgID     ID
	Statement []byte // canonical DAG-CBOR, the log's leaf byte for byte
	Hash      string // hex SHA-256 of Statement
	Signature string // base64 Ed25519 over Statement by the organization
	KeyID     string
	Wanted    bool // false: signed, but not asked into the log
	TxHash    string
	LeafIndex *int64
	Status    CommitmentStatus
	OnChainAt *time.Time
	CreatedAt time.Time
}
