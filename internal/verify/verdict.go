package verify

import (
	"fmt"

	"github.com/certana/certana/internal/asset"
)

// Findings are what the verdict is made of, and nothing else is. Every outcome
// is pass, fail or not checked; the zero Findings identify nothing.
type Findings struct {
	// Identified: a registered asset that the caller may know of was named by
	// Exact, Track or Fingerprint.
	Identified bool
	// Exact: the bytes are those of a registered rendition.
	Exact asset.Outcome
	// Track: a watermark payload names the asset (pass), names another one
	// (fail), or none was read (not checked).
	Track asset.Outcome
	// Fingerprint: within the match threshold of the asset's (pass) or not (fail).
	Fingerprint asset.Outcome
	// Scene: aligned with the registered rendition, the picture shows the same
	// scene (pass), or a picture rich enough to be aligned does not (fail).
	Scene asset.Outcome
	// Pixels: no region differs by more than copying explains (pass), or some do (fail).
	Pixels asset.Outcome
	// Local: track B of the asset is there and says, without the rendition, that
	// nothing was altered (pass) or that something was (fail).
	Local asset.Outcome
	// Signature: the organization's signature over the statement holds.
	Signature asset.Outcome
	// Record: the asset's row says what the statement says: ids, hashes, CID.
	Record asset.Outcome
	// Inclusion: the statement is in the log, under a signed checkpoint.
	Inclusion asset.Outcome
	// Derived: the asset is itself a copy of an earlier one of somebody else.
	Derived bool

	AlteredShare float64 // of the compared pixels, 0 to 1
	Regions      int     // altered regions
	LocalShare   float64 // altered by the word of track B, of what it can tell of
}

// Judge is the rule of the verdict, read from the top; the first line that
// applies decides. It depends on Findings alone.
//
// A watermark alone never makes a picture authentic, for it can be
// transplanted, nor does a fingerprint alone: the pixels must agree with the
// registered rendition, or be it byte for byte. Nor does track B: where the pixels
// were compared, they decide; where they were not, it can speak for a forgery.
func Judge(f Findings) (asset.Verdict, string) {
	switch {
	case !f.Identified:
		return asset.Unknown, "No registered asset was identified. That is no proof of a fake: the picture may never have been registered here, or its traces may be lost."
	case f.Signature == asset.Fail:
		return asset.Forged, "The registered record does not hold: the organization's signature over its statement is wrong."
	case f.Record == asset.Fail:
		return asset.Forged, "The registered record does not hold: the statement names other pictures than those on record."
	case f.Inclusion == asset.Fail:
		return asset.Forged, "The commitment does not hold: the ledger does not contain the asset's statement."
	case f.Derived:
		return asset.Unknown, "The identified asset is a copy of an earlier one by another organization, which cannot be shown here; a copy is not authentic in its own right."
	case f.Exact == asset.Pass:
		return asset.Authentic, "The file is a registered rendition, byte for byte."
	case f.Scene == asset.Fail && f.Track == asset.Pass && f.Local == asset.Pass:
		return asset.Unknown, "Both marks of a registered asset lie undisturbed in the picture, but it could not be aligned with the registered rendition: the evidence contradicts itself."
	case f.Scene == asset.Fail && f.Track == asset.Pass:
		return asset.Forged, "The watermark of a registered asset stands on a picture that shows something else: it was transplanted."
	case f.Scene == asset.Fail:
		return asset.Unknown, "The fingerprint is near that of a registered asset, but the pixels do not show the same scene."
	case (f.Scene == asset.NotChecked || f.Pixels == asset.NotChecked) && f.Track == asset.Pass && f.Local == asset.Fail && f.LocalShare >= sureShare:
		return asset.Forged, fmt.Sprintf("The picture could not be held against the registered rendition, but carries its marks, and by the semi-fragile one %.1f%% of it was altered since.", 100*f.LocalShare)
	case f.Scene == asset.NotChecked || f.Pixels == asset.NotChecked:
		return asset.Unknown, "An asset was identified, but the picture has too little detail to be held against the registered rendition: the evidence is too weak for a verdict."
	case f.Pixels == asset.Fail && f.Regions == 0:
		return asset.Forged, "Parts of a registered asset were found in the picture, but most of it is something else."
	case f.Pixels == asset.Fail:
		return asset.Forged, fmt.Sprintf("The picture is a copy of a registered asset whose content was altered: %s, %.1f%% of the compared area.", plural(f.Regions, "region"), 100*f.AlteredShare)
	default:
		return asset.Authentic, "The picture is a faithful copy of a registered asset: the pixels agree with the registered rendition up to benign change."
	}
}

// sureShare is the altered share from which track B's word alone makes a forgery: in
// untouched copies it flags less by mistake, with few exceptions.
const sureShare = 0.01

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
