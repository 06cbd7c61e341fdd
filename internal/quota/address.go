package quota

import (
	"net/netip"
	"strings"
)

// network is whom an address stands for: itself for IPv4, its /64 for IPv6, of
// which one customer has all.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// Address is where a request comes from: its connection's other end (HOST:PORT)
// or, where that is a trusted proxy, the last address in X-Forwarded-For that is
// none.
func (s *Service) Address(remote string, forwarded []string) netip.Addr {
	var a netip.Addr
	if p, err := netip.ParseAddrPort(remote); err == nil {
		a = p.Addr().Unmap()
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(a); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		a = next.Unmap()
	}
	return a
}

func (s *Service) trusted(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
