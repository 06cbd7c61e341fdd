package fingerprint

import (
	"slices"
	"sync"
)

const (
	bands       = 16
	exactRadius = 2*bands - 1 // 31: see MultiIndex
	scanned     = 4096        // up to so many entries a scan is as quick as 272 buckets
)

// MultiIndex is the Index by multi-index hashing (Norouzi, Punjani and Fleet,
// "Fast exact search in Hamming space with multi-index hashing", 2014): 16
// tables, one for each band of 16 bits. Two hashes within 31 bits differ by at
// most one bit in some band, so 16 × 17 buckets hold every match; beyond 31 the
// search scans all entries. An entry costs some 250 bytes; the tables are made,
// 25 MB of them, when there are more than 4096.
type MultiIndex[ID comparable] struct {
	mu     sync.RWMutex
	ids    []ID
	hashes []Hash
	live   []bool
	dead   int                       // entries removed and not yet swept
	of     map[ID][]uint32           // entries of each id
	tables *[bands][1 << 16][]uint32 // entries by the value of a band; nil while there are few
}

// NewMultiIndex returns an empty index.
func NewMultiIndex[ID comparable]() *MultiIndex[ID] {
	return &MultiIndex[ID]{of: map[ID][]uint32{}}
}

func band(h Hash, b int) uint16 { return uint16(h[b>>2] >> (16 * (b & 3))) }

// Add implements Index.
func (m *MultiIndex[ID]) Add(id ID, h Hash) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.ContainsFunc(m.of[id], func(e uint32) bool { return m.hashes[e] == h }) {
		return
	}
	m.insert(id, h)
}

func (m *MultiIndex[ID]) insert(id ID, h Hash) {
	e := uint32(len(m.ids))
	m.ids = append(m.ids, id)
	m.hashes = append(m.hashes, h)
	m.live = append(m.live, true)
	m.of[id] = append(m.of[id], e)
	if m.tables != nil {
		m.file(e)
	} else if len(m.ids) > scanned {
		m.tables = new([bands][1 << 16][]uint32)
		for e := range m.ids {
			m.file(uint32(e))
		}
	}
}

// file puts entry e into its 16 buckets.
func (m *MultiIndex[ID]) file(e uint32) {
	for b := range bands {
		bucket := &m.tables[b][band(m.hashes[e], b)]
		*bucket = append(*bucket, e)
	}
}

// Remove implements Index. Entries are marked, and swept out by a rebuild when
// they are more than half of all.
func (m *MultiIndex[ID]) Remove(id ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.of[id] {
		m.live[e] = false
		m.dead++
	}
	delete(m.of, id)
	if m.dead > 1024 && 2*m.dead > len(m.ids) {
		m.sweep()
	}
}

// sweep builds the tables anew from the live entries, in their order.
func (m *MultiIndex[ID]) sweep() {
	ids, hashes, live := m.ids, m.hashes, m.live
	m.ids, m.hashes, m.live, m.dead = nil, nil, nil, 0
	m.tables = nil
	clear(m.of)
	for e, alive := range live {
		if alive {
			m.insert(ids[e], hashes[e])
		}
	}
}

// Search implements Index.
func (m *MultiIndex[ID]) Search(h Hash, maxDistance int) []Match[ID] {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if maxDistance < 0 {
		return nil
	}
	found := m.scan
	if maxDistance <= exactRadius && m.tables != nil {
		found = m.probe
	}
	var out []Match[ID]
	for _, e := range found(h, maxDistance) {
		out = append(out, Match[ID]{m.ids[e], m.hashes[e], h.Distance(m.hashes[e])})
	}
	return byDistance(out)
}

// scan returns the entries within maxDistance of h by looking at all of them.
func (m *MultiIndex[ID]) scan(h Hash, maxDistance int) (out []uint32) {
	for e, g := range m.hashes {
		if m.live[e] && h.Distance(g) <= maxDistance {
			out = append(out, uint32(e))
		}
	}
	return out
}

// probe returns them, in ascending order, from the buckets within one bit of
// each band of h.
func (m *MultiIndex[ID]) probe(h Hash, maxDistance int) (out []uint32) {
	for b := range bands {
		v := band(h, b)
		out = m.collect(out, m.tables[b][v], h, maxDistance)
		for bit := range 16 {
			out = m.collect(out, m.tables[b][v^1<<bit], h, maxDistance)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (m *MultiIndex[ID]) collect(out, bucket []uint32, h Hash, maxDistance int) []uint32 {
	for _, e := range bucket {
		if m.live[e] && h.Distance(m.hashes[e]) <= maxDistance {
			out = append(out, e)
		}
	}
	return out
}

// Len implements Index.
func (m *MultiIndex[ID]) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.ids) - m.dead
}
