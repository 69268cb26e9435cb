package demo

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// behindProxy gives requests that come through a trusted proxy the address of the
// client that the proxy names in X-Forwarded-For: limits and the log are about
// clients. The header of anybody else is not looked at.
func behindProxy(next http.Handler, trusted []netip.Prefix) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	trusts := func(ip netip.Addr) bool {
		for _, p := range trusted {
			if p.Contains(ip.Unmap()) {
				return true
			}
		}
		return false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		if err == nil && trusts(from.Addr()) {
			if client, ok := forwardedFor(r.Header.Values("X-Forwarded-For"), trusts); ok {
				r.RemoteAddr = net.JoinHostPort(client.String(), "0")
			}
		}
		next.ServeHTTP(w, r)
	})
}

// forwardedFor returns the last address of the list that is no trusted proxy: what
// stands before it was written by the client itself.
func forwardedFor(values []string, trusts func(netip.Addr) bool) (client netip.Addr, ok bool) {
	list := strings.Split(strings.Join(values, ","), ",")
	for i := len(list) - 1; i >= 0; i-- {
		text := strings.TrimSpace(list[i])
		ip, err := netip.ParseAddr(text)
		if err != nil {
			at, err := netip.ParseAddrPort(text)
			if err != nil {
				return client, ok
			}
			ip = at.Addr()
		}
		client, ok = ip.Unmap().WithZone(""), true
		if !trusts(client) {
			return client, true
		}
	}
	return client, ok
}
