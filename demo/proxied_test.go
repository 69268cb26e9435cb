package demo

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestBehindProxy(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, row := range []struct {
		name, from string
		header     []string
		want       string
	}{
		{"a stranger's header", "198.51.100.7:99", []string{"192.0.2.1"}, "198.51.100.7:99"},
		{"no header", "10.0.0.1:99", nil, "10.0.0.1:99"},
		{"one client", "10.0.0.1:99", []string{"192.0.2.1"}, "192.0.2.1:0"},
		{"what the client made up", "10.0.0.1:99", []string{"203.0.113.9, 192.0.2.1"}, "192.0.2.1:0"},
		{"in a header of its own", "10.0.0.1:99", []string{"203.0.113.9", "192.0.2.1"}, "192.0.2.1:0"},
		{"two proxies", "10.0.0.1:99", []string{"203.0.113.9, 192.0.2.1, 10.0.0.2"}, "192.0.2.1:0"},
		{"proxies only", "10.0.0.1:99", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3:0"},
		{"nonsense", "10.0.0.1:99", []string{"unknown"}, "10.0.0.1:99"},
		{"nonsense behind a proxy", "10.0.0.1:99", []string{"unknown, 10.0.0.2"}, "10.0.0.2:0"},
		{"with a port", "[::1]:99", []string{"[2001:db8::1]:4711"}, "[2001:db8::1]:0"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:99", []string{"::ffff:192.0.2.1"}, "192.0.2.1:0"},
	} {
		var got string
		h := behindProxy(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }), trusted)
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = row.from
		r.Header["X-Forwarded-For"] = row.header
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}
