package raster

import (
	"errors"
	"fmt"
)

// The kinds of refusal. ErrTruncated is also an ErrInvalidFileType and
// ErrAnimated also an ErrTooLarge under errors.Is, so that a caller that knows
// two answers only ("not a picture", "too much of it") asks for those two.
var (
	// ErrInvalidFileType: not JPEG, PNG, TIFF or WebP by content, or undecodable.
	ErrInvalidFileType = errors.New("not a supported picture")
	// ErrTooLarge: more bytes or pixels than the limits allow.
	ErrTooLarge = errors.New("the picture is too large")
	// ErrTruncated: the header is fine but picture data is missing or damaged.
	ErrTruncated = fmt.Errorf("%w: picture data is missing or damaged", ErrInvalidFileType)
	// ErrAnimated: more than one frame or page.
	ErrAnimated = fmt.Errorf("%w: more than one frame", ErrTooLarge)
)

// Error is a refusal of one file: a kind and a text that is safe to show.
type Error struct {
	Kind error  // one of the Err… values above
	Text string // one sentence for the person who sent the file
}

func (e *Error) Error() string { return e.Text }

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }

func refuse(kind error, format string, args ...any) error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}
