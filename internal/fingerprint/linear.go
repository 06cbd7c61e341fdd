package fingerprint

import (
	"slices"
	"sync"
)

// Linear is the Index that compares the query with every entry: exact at any
// distance, and the twin that MultiIndex is tested against.
type Linear[ID comparable] struct {
	mu     sync.RWMutex
	ids    []ID
	hashes []Hash        // one for each of ids
	of     map[ID][]Hash // what each id holds
}

// NewLinear returns an empty index.
func NewLinear[ID comparable]() *Linear[ID] {
	return &Linear[ID]{of: map[ID][]Hash{}}
}

// Add implements Index.
func (l *Linear[ID]) Add(id ID, h Hash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.of[id], h) {
		return
	}
	l.of[id] = append(l.of[id], h)
	l.ids = append(l.ids, id)
	l.hashes = append(l.hashes, h)
}

// Remove implements Index; it takes time linear in Len.
func (l *Linear[ID]) Remove(id ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.of[id]; !ok {
		return
	}
	delete(l.of, id)
	n := 0
	for i, v := range l.ids {
		if v != id {
			l.ids[n], l.hashes[n] = v, l.hashes[i]
			n++
		}
	}
	clear(l.ids[n:])
	l.ids, l.hashes = l.ids[:n], l.hashes[:n]
}

// Search implements Index.
func (l *Linear[ID]) Search(h Hash, maxDistance int) []Match[ID] {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var out []Match[ID]
	for i, g := range l.hashes {
		if d := h.Distance(g); d <= maxDistance {
			out = append(out, Match[ID]{l.ids[i], g, d})
		}
	}
	return byDistance(out)
}

// Len implements Index.
func (l *Linear[ID]) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.ids)
}
