// Package conformance holds the program against the two pages that describe its
// API, as a client written from those pages alone would meet it: over HTTP, in a
// process of its own.
//
// The rows read like the pages. A request stands as it is printed, first line,
// headers, body, with names in angle brackets where a client puts its own:
//
//	POST /assets/
//	Authorization: Bearer <token>
//	Content-Type: multipart/form-data
//
//	file=<binary>
//	title=My Image
//
// and so does its answer. In an answer a printed example such as "uuid",
// "bafyrei..." or "2024-01-15T10:30:00Z" stands for everything of its kind (see
// words in shape_test.go); any other value is meant literally, and fields that are
// not printed may be there as well.
package conformance
