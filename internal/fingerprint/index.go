package fingerprint

import "slices"

// Match is one entry of an index near a query.
type Match[ID comparable] struct {
	ID       ID
	Hash     Hash
	Distance int // bits, 0 to 256
}

// Index holds hashes under ids and finds those near a query. An id may hold
// several hashes (variants of one picture); adding the same pair twice changes
// nothing. All methods may be called at the same time from any goroutine, and a
// search sees every Add and Remove that returned before it began.
type Index[ID comparable] interface {
	// Add files h under id.
	Add(id ID, h Hash)
	// Remove forgets every hash of id; an unknown id is no error.
	Remove(id ID)
	// Search returns every entry within maxDistance bits of h, nearest first,
	// equal distances in the order in which they were added. A negative
	// distance finds nothing.
	Search(h Hash, maxDistance int) []Match[ID]
	// Len is the number of pairs of id and hash.
	Len() int
}

// byDistance puts the nearest first and keeps the order of the rest.
func byDistance[ID comparable](m []Match[ID]) []Match[ID] {
	slices.SortStableFunc(m, func(a, b Match[ID]) int { return a.Distance - b.Distance })
	return m
}
