package sip

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Resolver looks names up; *net.Resolver is one.
type Resolver interface {
	// LookupSRV and LookupHost are as those of net.Resolver.
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, records []*net.SRV, err error)
	LookupHost(ctx context.Context, host string) (addresses []string, err error)
}

// services are the SRV names of the schemes (RFC 3263, section 4.2). A
// WebSocket has none.
var services = map[string][2]string{"udp": {"sip", "udp"}, "tcp": {"sip", "tcp"}, "tls": {"sips", "tcp"}}

// locate returns the addresses at which the server may be tried, the best
// first (RFC 3263, section 4): the hosts of its SRV records if there are any and
// the URL names no port, and each host's addresses. NAPTR is not asked for: the
// URL says which transport is meant.
func (c *Config) locate(ctx context.Context, at address) ([]string, error) {
	resolver := c.Resolver
	if resolver == nil {
		if c.Dial != nil || net.ParseIP(at.host) != nil || strings.EqualFold(at.host, "localhost") {
			return []string{at.hostPort}, nil // the dialler knows the name
		}
		resolver = net.DefaultResolver
	}
	hosts := []string{at.hostPort}
	service, known := services[at.scheme]
	if known && !at.port && net.ParseIP(at.host) == nil {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, records, err := resolver.LookupSRV(ctx, service[0], service[1], at.host)
		cancel()
		if err == nil && len(records) == 1 && records[0].Target == "." {
			return nil, &net.DNSError{Err: "the domain offers no such service", Name: at.host, IsNotFound: true}
		}
		if err == nil && len(records) > 0 {
			hosts = hosts[:0]
			for _, r := range byPriority(records, rand.IntN) {
				hosts = append(hosts, net.JoinHostPort(strings.TrimSuffix(r.Target, "."), strconv.Itoa(int(r.Port))))
			}
		}
	}
	var found []string
	var last error
	for _, hostPort := range hosts {
		host, port, err := net.SplitHostPort(hostPort)
		if err != nil {
			return nil, err
		}
		if net.ParseIP(host) != nil {
			found = append(found, hostPort)
			continue
		}
		addresses, err := resolver.LookupHost(ctx, host)
		if err != nil {
			last = errors.Join(last, err)
			continue
		}
		for _, a := range addresses {
			if next := net.JoinHostPort(a, port); !slices.Contains(found, next) {
				found = append(found, next)
			}
		}
	}
	if len(found) == 0 {
		return nil, cmp.Or(last, error(&net.DNSError{Err: "no address", Name: at.host, IsNotFound: true}))
	}
	return found, nil
}

// byPriority orders SRV records: the lowest priority first, and within one at
// random by weight (RFC 2782). pick returns a number from 0 below n.
func byPriority(records []*net.SRV, pick func(n int) int) []*net.SRV {
	rest := slices.Clone(records)
	slices.SortStableFunc(rest, func(a, b *net.SRV) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Weight, b.Weight))
	})
	out := make([]*net.SRV, 0, len(rest))
	for len(rest) > 0 {
		same, sum := 0, 0
		for same < len(rest) && rest[same].Priority == rest[0].Priority {
			sum += int(rest[same].Weight)
			same++
		}
		chosen, at := 0, pick(sum+1)
		for i, running := 0, 0; i < same; i++ {
			if running += int(rest[i].Weight); running >= at {
				chosen = i
				break
			}
		}
		out = append(out, rest[chosen])
		rest = slices.Delete(rest, chosen, chosen+1)
	}
	return out
}
