package asset

import (
	"errors"
	"fmt"
)

// Code names a kind of failure as the API prints it in error_code.
type Code string

// The codes of the API. The first ten are those of its reference page.
const (
	InvalidCredentials Code = "INVALID_CREDENTIALS"
	TokenExpired       Code = "TOKEN_EXPIRED"
	InvalidAPIKey      Code = "INVALID_API_KEY"
	QuotaExceeded      Code = "QUOTA_EXCEEDED"
	AssetNotFound      Code = "ASSET_NOT_FOUND"
	FileTooLarge       Code = "FILE_TOO_LARGE"
	InvalidFileType    Code = "INVALID_FILE_TYPE"
	ProcessingFailed   Code = "PROCESSING_FAILED"
	BlockchainError    Code = "BLOCKCHAIN_ERROR"
	RateLimited        Code = "RATE_LIMITED"

	ValidationError Code = "VALIDATION_ERROR"
	// SecondFactorRequired: the password was right, and a code is needed too.
	SecondFactorRequired Code = "SECOND_FACTOR_REQUIRED"
	Unauthorized         Code = "UNAUTHORIZED"
	Forbidden            Code = "FORBIDDEN"
	InsufficientScope    Code = "INSUFFICIENT_SCOPE"
	NotFound             Code = "NOT_FOUND"
	MethodNotAllowed     Code = "METHOD_NOT_ALLOWED"
	Conflict             Code = "CONFLICT"
	PayloadMalformed     Code = "PAYLOAD_MALFORMED"
	ServiceUnavailable   Code = "SERVICE_UNAVAILABLE"
	Internal             Code = "INTERNAL_ERROR"
)

// Error is the one error type that crosses rooms on its way to a caller: Detail
// is safe to show to anybody, Cause goes to the log alone.
type Error struct {
	Code    Code
	Detail  string
	Fields  []FieldError // for VALIDATION_ERROR: which fields, and why
	AssetID string       // for CONFLICT and PROCESSING_FAILED: which asset
	Cause   error
}

// FieldError names one field that was refused, as a path from the body's root.
type FieldError struct {
	Loc []string `json:"loc"`
	Msg string   `json:"msg"`
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Detail)
}

func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error with a formatted detail; cause may be nil and does not
// show in the detail.
func Errorf(code Code, cause error, format string, args ...any) *Error {
	return &Error{Code: code, Cause: cause, Detail: fmt.Sprintf(format, args...)}
}

// Invalid makes a VALIDATION_ERROR of one field.
func Invalid(msg string, loc ...string) *Error {
	return &Error{Code: ValidationError, Detail: msg, Fields: []FieldError{{Loc: loc, Msg: msg}}}
}

// AsError finds the Error in a chain, or wraps anything else as Internal.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: Internal, Detail: "something went wrong on our side; quote the request id when you report it", Cause: err}
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
