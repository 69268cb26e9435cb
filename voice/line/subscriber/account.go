// Package subscriber is the subscriber line: its calls go to the platform's exophone
// over a connection that is kept open, and arrive as pushes.
package subscriber

import (
	"log/slog"
	"net/url"

	"offhook/voice/auth"
	"offhook/voice/cleartext"
	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/platform"
)

// Account is the subscriber that a Client works for (reference, section 1.2). It prints and
// logs without its token.
type Account struct {
	// Hostname is the platform's URL; /v2 is added if it has no path.
	Hostname string
	// SubscriberName is 1 to 16 letters and digits, case-sensitive.
	SubscriberName string
	// DisplayName is what callees may be shown; the subscriber's name if empty.
	DisplayName string
	AccountSID  string
	// SubscriberToken is the JSON text of the token pair that the application
	// backend handed out: a secret.
	SubscriberToken string
	// AllowClearText lets the platform's interfaces and its SIP server be reached
	// without encryption beyond this machine: the user knows.
	AllowClearText bool
}

// String hides the token.
func (a Account) String() string { return a.SubscriberName + " of " + a.AccountSID }

// GoString hides the token from %#v.
func (a Account) GoString() string { return "subscriber.Account{" + a.String() + "}" }

// LogValue hides the token from structured logs.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Checked is an Account that was found well-formed.
type Checked struct {
	Account
	base *url.URL
	pair auth.Pair
}

// Check returns the account if it is well-formed.
func (a Account) Check() (Checked, error) {
	base, err := platform.ParseBase(a.Hostname)
	if err != nil {
		return Checked{}, err
	}
	if err := cleartext.CheckURL(base, a.AllowClearText); err != nil {
		return Checked{}, err
	}
	if !ValidName(a.SubscriberName) {
		return Checked{}, fault.New(fault.InvalidParameter,
			"account.bad-user-name")
	}
	if a.AccountSID == "" || len(a.AccountSID) > 64 || !display.Showable(a.AccountSID, 64) {
		return Checked{}, fault.New(fault.InvalidParameter, "account.no-sid")
	}
	if a.DisplayName == "" {
		a.DisplayName = a.SubscriberName
	}
	if !display.Showable(a.DisplayName, 64) {
		return Checked{}, fault.New(fault.InvalidParameter, "account.bad-display-name")
	}
	pair, err := auth.ParsePair(a.SubscriberToken)
	if err != nil {
		return Checked{}, err
	}
	claims, err := auth.ParseClaims(pair.Refresh())
	if err != nil {
		return Checked{}, err
	}
	if claims.Subject != "" && claims.Subject != a.SubscriberName {
		return Checked{}, fault.New(fault.AuthenticationInvalidToken, "sign-in.token-of-another")
	}
	return Checked{Account: a, base: base, pair: pair}, nil
}

// SameSubscriber reports whether b is the same person at the same place.
func (a Checked) SameSubscriber(b Checked) bool {
	return a.base.String() == b.base.String() && a.AccountSID == b.AccountSID && a.SubscriberName == b.SubscriberName
}

// ValidName reports whether a text is the name of a subscriber: 1 to 16 letters and
// digits.
func ValidName(name string) bool {
	if name == "" || len(name) > 16 {
		return false
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}
