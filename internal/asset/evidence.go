package asset

import "time"

// Outcome of one piece of evidence.
type Outcome string

// NotChecked is neither for nor against: the check could not speak.
const (
	Pass       Outcome = "pass"
	Fail       Outcome = "fail"
	NotChecked Outcome = "not_checked"
)

// Verdict is what the evidence adds up to.
type Verdict string

// See the contract: unknown is not proof of a fake.
const (
	Authentic Verdict = "authentic"
	Forged    Verdict = "forged"
	Unknown   Verdict = "unknown"
)

// Evidence is one check with its outcome and figure, in words that a reader of
// the verdict understands.
type Evidence struct {
	Check   string   `json:"check"` // e.g. "content_hash", "track_a", "alignment"
	Outcome Outcome  `json:"outcome"`
	Figure  *float64 `json:"figure,omitempty"`
	Note    string   `json:"note,omitempty"`
}

// Box is a rectangle of the submitted picture, in its upright pixels.
type Box struct {
	X      int     `json:"x"`
	Y      int     `json:"y"`
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Score  float64 `json:"score"` // 0 to 1
}

// TrackEvidence is what one watermark track says of a submitted picture.
type TrackEvidence struct {
	Track    string  `json:"track"`
	Status   string  `json:"status"` // detected, not_detected, unavailable, not_checked
	PValue   float64 `json:"p_value"`
	Source   string  `json:"source"` // image, or certification for a byte-identical rendition
	Payload  uint64  `json:"-"`
	Detected bool    `json:"detected"`
}

// Issuer is who vouches for an identified asset.
type Issuer struct {
	OrganizationID ID           `json:"organization_id"`
	Name           string       `json:"name"`   // "" unless active
	Status         IssuerStatus `json:"status"` // when it was verified
	KeyID          string       `json:"key_id"`
	RegisteredAt   time.Time    `json:"registered_at"`
}

// IssuerStatus is how an organization stands whose signature still holds.
type IssuerStatus string

// The ways to stand.
const (
	IssuerActive    IssuerStatus = "active"
	IssuerSuspended IssuerStatus = "suspended" // by the operator
	IssuerDeleted   IssuerStatus = "deleted"   // by its owner, or erased
)

// Match is a registered asset whose fingerprint is near the picture's.
type Match struct {
	AssetID    ID      `json:"asset_id"`
	Similarity float64 `json:"similarity"` // 1 - Distance
	Distance   float64 `json:"distance"`   // Hamming distance over 256, 0 to 1
}
