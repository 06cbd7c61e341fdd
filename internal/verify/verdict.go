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
	// Local: track B of the asset says, without the rendition, that nothing was
	// altered in most of the picture (pass) or that something was (fail). Of a copy
	// that was scaled or turned it fails only where Detail does.
	Local asset.Outcome
	// Detail: where track B says that something was altered, the picture agrees with
	// the registered rendition at full size (pass) or differs from it (fail).
	Detail asset.Outcome
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
	Sites        int     // regions of Detail that differ
}

// Judge is the rule of the verdict, read from the top; the first line that
// applies decides. It depends on Findings alone.
//
// A watermark alone never makes a picture authentic, for it can be
// transplanted, nor does a fingerprint alone: the pixels must agree with the
// registered rendition, or be it byte for byte. Nor does track B: it points, and
// where it points the pixels decide at full size. Where they cannot, its word is
// enough to withhold "authentic", and for a forgery only if there is no rendition to
// ask, the picture lies as it was marked, and the share is beyond any mistake of it.
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
	case f.Pixels == asset.Fail && f.Regions == 0:
		return asset.Forged, "Parts of a registered asset were found in the picture, but most of it is something else."
	case f.Pixels == asset.Fail:
		return asset.Forged, fmt.Sprintf("The picture is a copy of a registered asset whose content was altered: %s, %.1f%% of the compared area.", plural(f.Regions, "region"), 100*f.AlteredShare)
	case f.Detail == asset.Fail:
		return asset.Forged, fmt.Sprintf("The picture is a copy of a registered asset whose content was altered: in %s to which its semi-fragile mark points, %.2f%% of the picture, it differs from the registered rendition at full size.", plural(f.Sites, "region"), 100*f.LocalShare)
	case f.Scene == asset.Fail:
		return asset.Unknown, "The fingerprint is near that of a registered asset, but the pixels do not show the same scene."
	case (f.Scene == asset.NotChecked || f.Pixels == asset.NotChecked) && f.Track == asset.Pass && f.Local == asset.Fail && f.LocalShare >= sureShare:
		return asset.Forged, fmt.Sprintf("The picture could not be held against the registered rendition, but carries its marks, and by the semi-fragile one %.1f%% of it was altered since.", 100*f.LocalShare)
	case f.Scene == asset.NotChecked || f.Pixels == asset.NotChecked:
		return asset.Unknown, "An asset was identified, but the picture could not be held against the registered rendition, which is lost, or the picture has too little detail for it: the evidence is too weak for a verdict."
	case f.Local == asset.Fail:
		return asset.Unknown, "The pixels agree with the registered rendition as far as they could be compared, but by the semi-fragile mark parts of the picture were altered: the evidence contradicts itself."
	default:
		return asset.Authentic, "The picture is a faithful copy of a registered asset: the pixels agree with the registered rendition up to benign change."
	}
}

// sureShare is the altered share from which track B's word alone makes a forgery of a
// copy that lies pixel on pixel as it was marked: far less is flagged by mistake there.
const sureShare = 0.02

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
