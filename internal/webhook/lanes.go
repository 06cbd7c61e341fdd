package webhook

import (
	"sync"

	"github.com/certana/certana/internal/asset"
)

// lanes bounds how many attempts one organization makes at a time in this
// process, so that a receiver which swallows requests does not take every worker
// from the others.
type lanes struct {
	each int
	mu   sync.Mutex
	busy map[asset.ID]int
}

func newLanes(each int) *lanes { return &lanes{each: each, busy: map[asset.ID]int{}} }

// enter takes a lane until leave is called, unless the organization's are taken.
func (l *lanes) enter(org asset.ID) (leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[org] >= l.each {
		return nil, false
	}
	l.busy[org]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.busy[org]--; l.busy[org] == 0 {
			delete(l.busy, org)
		}
	}, true
}
