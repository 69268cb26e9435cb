package platform

import (
	"net/url"
	"strings"

	"offhook/voice/fault"
	"offhook/voice/nodes"
)

// ParseBase reads the hostname that Initialize is given: an http or https URL,
// to which /v2 is added if it has no path. It fails with INVALID_PARAMETER.
func ParseBase(hostname string) (*url.URL, error) {
	bad := func(cause error) error {
		return fault.Wrap(cause, fault.InvalidParameter,
			"platform.bad-address")
	}
	u, err := url.Parse(strings.TrimSpace(hostname))
	if err != nil {
		return nil, bad(errNotURL) // the error itself may quote a password
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, bad(nil)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	if u.Path == "" {
		u.Path = "/v2"
	}
	return u, nil
}

// SameOrigin reports whether two URLs have one scheme, host and port.
func SameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

// OwnURL parses text and reports whether it is a URL of the platform at base or of one
// of its nodes, which alone may be given a call's payload. of may be nil.
func OwnURL(base *url.URL, of *nodes.Set, text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || !owns(base, of, u) {
		return nil, false
	}
	return u, true
}

func owns(base *url.URL, of *nodes.Set, u *url.URL) bool {
	return SameOrigin(base, u) || of.Same(base, u)
}
