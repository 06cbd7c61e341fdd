package account

import (
	"context"
	"net/netip"
)

// networkOf is where a request comes from, as one holder of addresses: an IPv4 address,
// or the /64 of an IPv6 one, of which one customer has all; "" where nothing is known.
func networkOf(ctx context.Context) string {
	a, err := netip.ParseAddr(originOf(ctx).Address)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return a.String()
}
