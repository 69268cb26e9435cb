package proxy

import (
	"context"
	"net"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// Finder says through which proxies a target may be reached, in the order to
// try; a nil URL means without one. An error means that it is not known.
type Finder func(ctx context.Context, target *url.URL) ([]*url.URL, error)

// Usual asks the environment and, where that says nothing of proxies, the
// system. What is on this machine is reached directly in any case.
func Usual() Finder {
	fromEnvironment, named := environment(os.Getenv)
	if named {
		return fromEnvironment
	}
	return localFirst(fromSystem)
}

// environment reads the variables once; named says whether any names a proxy.
func environment(get func(string) string) (find Finder, named bool) {
	either := func(name string) string {
		if v := get(name); v != "" {
			return v
		}
		return get(strings.ToLower(name))
	}
	all := either("ALL_PROXY")
	cfg := httpproxy.Config{HTTPProxy: either("HTTP_PROXY"), HTTPSProxy: either("HTTPS_PROXY"), NoProxy: either("NO_PROXY")}
	if cfg.HTTPProxy == "" {
		cfg.HTTPProxy = all
	}
	if cfg.HTTPSProxy == "" {
		cfg.HTTPSProxy = all
	}
	choose := cfg.ProxyFunc()
	return func(_ context.Context, target *url.URL) ([]*url.URL, error) {
		u, err := choose(target)
		if err != nil {
			return nil, err
		}
		return []*url.URL{u}, nil
	}, cfg.HTTPProxy != "" || cfg.HTTPSProxy != ""
}

// localFirst spares the system the question about this machine itself.
func localFirst(find Finder) Finder {
	return func(ctx context.Context, target *url.URL) ([]*url.URL, error) {
		if host := target.Hostname(); isLocal(host) {
			return direct, nil
		}
		return find(ctx, target)
	}
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

var direct = []*url.URL{nil}

// parseList reads proxies as the portal and scripts give them: URLs, with
// direct:// for none. What can't be used is left out.
func parseList(list []string) []*url.URL {
	var out []*url.URL
	for _, text := range list {
		u, err := url.Parse(text)
		if err != nil {
			continue
		}
		switch strings.ToLower(u.Scheme) {
		case "direct":
			out = append(out, nil)
		case "http", "https", "socks", "socks5", "socks5h":
			if u.Host != "" {
				out = append(out, u)
			}
		}
	}
	if len(out) == 0 {
		return direct
	}
	return out
}
