package webhook

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// errNotPublic refuses an address. Its text tells nothing of what a name led
// to: a customer must not learn the operator's inner names.
var errNotPublic = errors.New("the host has no public address")

// notPublic lists the IPv4 blocks that are not the public Internet: IANA's
// special-purpose registry (RFC 6890 and its successors), multicast, and what
// clouds use beside them.
var notPublic = prefixes(
	"0.0.0.0/8",        // this network, RFC 791
	"10.0.0.0/8",       // private, RFC 1918
	"100.64.0.0/10",    // carrier-grade NAT, RFC 6598; Alibaba's metadata
	"127.0.0.0/8",      // loopback, RFC 1122
	"168.63.129.16/32", // Azure's platform services, on every virtual machine
	"169.254.0.0/16",   // link-local, RFC 3927; most clouds' metadata
	"172.16.0.0/12",    // private, RFC 1918
	"192.0.0.0/24",     // protocol assignments, RFC 6890; Oracle's metadata
	"192.0.2.0/24",     // documentation, RFC 5737
	"192.31.196.0/24",  // AS112, RFC 7535
	"192.52.193.0/24",  // multicast tunnels, RFC 7450
	"192.88.99.0/24",   // 6to4 relays, RFC 7526
	"192.168.0.0/16",   // private, RFC 1918
	"192.175.48.0/24",  // AS112, RFC 7534
	"198.18.0.0/15",    // benchmarking, RFC 2544
	"198.51.100.0/24",  // documentation, RFC 5737
	"203.0.113.0/24",   // documentation, RFC 5737
	"224.0.0.0/4",      // multicast, RFC 5771
	"240.0.0.0/4",      // reserved and broadcast, RFC 1112
)

// global is the only IPv6 block that unicast addresses were ever given out of
// (RFC 4291). Outside it lie ::1, ::, IPv4-mapped and -compatible addresses, NAT64
// (64:ff9b::/96 and 64:ff9b:1::/48), discard-only 100::/64, SRv6 5f00::/16, unique
// local fc00::/7, link-local fe80::/10, site-local fec0::/10 and multicast.
var global = netip.MustParsePrefix("2000::/3")

// notGlobal lists what within it is not the public Internet, or hides an IPv4
// address.
var notGlobal = prefixes(
	"2001::/23",         // Teredo 2001::/32, benchmarking, ORCHID and more, RFC 2928
	"2001:db8::/32",     // documentation, RFC 3849
	"2002::/16",         // 6to4, RFC 3056
	"2620:4f:8000::/48", // AS112, RFC 7534
	"3ffe::/16",         // 6bone, given back by RFC 3701
	"3fff::/20",         // documentation, RFC 9637
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		all[i] = netip.MustParsePrefix(t)
	}
	return all
}

// public reports whether an address is one on the public Internet. IPv4-mapped
// IPv6 addresses are not, whatever they hold.
func public(ip netip.Addr) bool {
	within := func(p netip.Prefix) bool { return p.Contains(ip) }
	switch {
	case !ip.IsValid() || ip.Zone() != "":
		return false
	case ip.Is4():
		return !slices.ContainsFunc(notPublic, within)
	default:
		return global.Contains(ip) && !slices.ContainsFunc(notGlobal, within) && !isatap(ip)
	}
}

// isatap reports whether an IPv6 address is an IPv4 address's in an ISATAP site
// (RFC 5214): its interface identifier begins with 00-00-5e-fe or 02-00-5e-fe.
func isatap(ip netip.Addr) bool {
	b := ip.As16()
	return b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

// guard keeps a dialer on the public Internet. own lists this machine's
// addresses, which are refused too, public or not: its firewall does not stand
// between it and itself.
type guard struct {
	own func() ([]net.Addr, error)
}

// control is a net.Dialer's Control: it sees the very address that is about to be
// connected to, after every lookup, so that a name which leads elsewhere from one
// moment to the next gains nothing.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || !public(target.Addr()) {
		return errNotPublic
	}
	own, err := g.own()
	if err != nil || slices.ContainsFunc(own, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(target.Addr().AsSlice())
	}) {
		return errNotPublic
	}
	return nil
}
