// Package verify holds a submitted picture against the record: probe →
// evidence → verdict.
package verify

import "github.com/certana/certana/internal/asset"

// Options of one verification.
type Options struct {
	TamperMap bool
	OrgID     *asset.ID // the caller's organization in force; nil when anonymous
	UserID    *asset.ID
}
