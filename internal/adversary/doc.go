// Package adversary attacks a whole deployment from outside, through the real
// binary: other tenants, forged tokens, secrets that must not come out again,
// and HTTP as no client should speak it. It holds tests alone.
//
// testdata/matrix.tsv says who may call what; docs/security.md names the tests of
// this package as evidence.
package adversary
