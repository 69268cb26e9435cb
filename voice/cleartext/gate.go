// Package cleartext is the one gate for connections without encryption. Every
// client that carries a password, a token, the keys of a call or its sound asks
// Check before it connects: clear text goes to this computer, or to where the user
// has allowed it for the account.
package cleartext

import (
	"net"
	"net/url"
	"strings"

	"offhook/voice/fault"
)

// encrypted are the schemes of addresses whose connections are encrypted.
var encrypted = map[string]bool{"https": true, "wss": true, "tls": true, "sips": true}

// Code is the code of the error that Check returns.
const Code = "clear-text.refused"

// Check returns nil if a client may connect to host by scheme: http, ws, tcp, udp
// and the like only to this computer, or if allowed says that the user knows. The
// error is CONFIGURATION_INVALID.
func Check(scheme, host string, allowed bool) error {
	if allowed || !Exposed(scheme, host) {
		return nil
	}
	return fault.New(fault.ConfigurationInvalid, Code, host)
}

// CheckURL is Check of a URL.
func CheckURL(u *url.URL, allowed bool) error { return Check(u.Scheme, u.Hostname(), allowed) }

// Exposed reports whether what goes to host by scheme can be read on its way there.
func Exposed(scheme, host string) bool {
	return !encrypted[strings.ToLower(scheme)] && !Loopback(host)
}

// ExposedURL is Exposed of a URL. What is no URL is not exposed: nobody connects
// to it.
func ExposedURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && Exposed(u.Scheme, u.Hostname())
}

// Loopback reports whether a host name means this computer for certain. A name that
// a name server would have to be asked for never does.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
