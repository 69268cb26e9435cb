package sip

import (
	"slices"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// Identity is who a caller is said to be by a server on the way.
type Identity struct {
	// Name is the display name, if there is one; URI a sip, sips or tel URI.
	Name, URI string
}

// identities are the addresses of P-Asserted-Identity (RFC 3325), or of the
// older Remote-Party-ID where there is none. FreeSWITCH has names for it of its own, in
// the UPDATE with which it joins another party to a call.
func identities(req sipmsg.Message) []Identity {
	for _, name := range []string{"P-Asserted-Identity", "Remote-Party-ID"} {
		var found []Identity
		for _, entry := range addressList(req, name) {
			found = append(found, entry.Identity)
		}
		if len(found) > 0 {
			return found
		}
	}
	number := strings.TrimSpace(headerValue(req, "X-FS-Display-Number"))
	if number == "" || !clean(number) || len(number) > 256 {
		return nil
	}
	return []Identity{{shownName(headerValue(req, "X-FS-Display-Name")), "sip:" + escapeUser(number) + "@" + req.From().Address.Host}}
}

type addressEntry struct {
	Identity
	uri    sipmsg.Uri
	params sipmsg.HeaderParams
}

// addressList parses a header that lists addresses; what is none is left out.
func addressList(m sipmsg.Message, name string) []addressEntry {
	var found []addressEntry
	for _, h := range m.GetHeaders(name) {
		for _, part := range splitList(h.Value()) {
			if len(found) >= 16 || !validAddresses(part) {
				continue
			}
			var uri sipmsg.Uri
			var params sipmsg.HeaderParams
			display, err := sipmsg.ParseAddressValue(tidy(part, false), &uri, &params)
			if err != nil || uri.Wildcard || !slices.Contains([]string{"sip", "sips", "tel"}, strings.ToLower(uri.Scheme)) {
				continue
			}
			plain := uri
			plain.Headers = nil // no part of who it is
			found = append(found, addressEntry{Identity{shownName(`"` + display + `"`), plain.String()}, uri, params})
		}
	}
	return found
}

// splitList splits a header's value at the commas that stand outside of quotes
// and brackets.
func splitList(value string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '"', '<':
			i = skip(value, i) - 1
		case ',':
			parts = append(parts, strings.TrimSpace(value[start:i]))
			start = i + 1
		}
	}
	if last := strings.TrimSpace(value[min(start, len(value)):]); last != "" {
		parts = append(parts, last)
	}
	return parts
}

// private says whether the caller wants to stay unknown (RFC 3323 and 3325): an
// asserted identity must not be shown then.
func private(req sipmsg.Message) bool {
	for _, h := range req.GetHeaders("Privacy") {
		for part := range strings.FieldsFuncSeq(h.Value(), func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
			if slices.Contains([]string{"id", "user", "header"}, strings.ToLower(part)) {
				return true
			}
		}
	}
	if len(req.GetHeaders("P-Asserted-Identity")) == 0 {
		// Remote-Party-ID says it itself (draft-ietf-sip-privacy-04, section 5.2).
		for _, entry := range addressList(req, "Remote-Party-ID") {
			if wish, _ := entry.params.Get("privacy"); slices.Contains([]string{"full", "name", "uri"}, strings.ToLower(strings.Trim(wish, `"`))) {
				return true
			}
		}
	}
	if _, ok := req.(*sipmsg.Request); !ok {
		return false // From is ours
	}
	from := req.From().Address
	return strings.EqualFold(from.Host, "anonymous.invalid") || strings.EqualFold(from.User, "anonymous")
}

// identityOf is who a request or a response of the far side says is there, as far
// as a server vouches for it.
func identityOf(m sipmsg.Message) Identified {
	if private(m) {
		return Identified{Private: true}
	}
	if said := identities(m); len(said) > 0 {
		return Identified{Name: said[0].Name, URI: said[0].URI}
	}
	if req, ok := m.(*sipmsg.Request); ok {
		return Identified{Name: shownName(`"` + req.From().DisplayName + `"`), URI: req.From().Address.String()}
	}
	return Identified{}
}

// identify notes who a message inside the dialog says is there, and tells it if it
// is somebody else than before. A From that has stayed as it was says nothing
// new: a server that joins another party to the call leaves it alone.
func (d *Dialog) identify(m sipmsg.Message) {
	who := identityOf(m)
	d.mu.Lock()
	defer d.mu.Unlock()
	req, isRequest := m.(*sipmsg.Request)
	if isRequest && !who.Private && len(identities(m)) == 0 {
		from := req.From()
		if sameAs(from.Address) == sameAs(d.remote.uri) {
			return
		}
		d.remote = party{from.DisplayName, *from.Address.Clone()}
	}
	if who == (Identified{}) || who == d.identity {
		return
	}
	d.identity = who
	d.emitLocked(who, 8)
}
