package sip

import (
	"slices"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// Identity is who a caller is said to be by a server on the way.
type Identity struct {
	// Name is the display name, if there is one; URI a sip, sips or tel URI.
	Name, URI string
}

// Redirection is one party that a call was diverted from before it came here
// (RFC 5806).
type Redirection struct {
	Identity
	// Reason is why: no-answer, user-busy, unconditional and so on.
	Reason string
}

// identities are the addresses of P-Asserted-Identity (RFC 3325), or of the
// older Remote-Party-ID where there is none.
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
	return nil
}

// redirections are the parties of Diversion, the last one that diverted first.
func redirections(req *sipmsg.Request) []Redirection {
	var found []Redirection
	for _, entry := range addressList(req, "Diversion") {
		reason, _ := entry.params.Get("reason")
		found = append(found, Redirection{entry.Identity, strings.Trim(reason, `"`)})
	}
	return found
}

type addressEntry struct {
	Identity
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
			found = append(found, addressEntry{Identity{shownName(`"` + display + `"`), uri.String()}, params})
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
	if _, ok := req.(*sipmsg.Request); !ok {
		return false // From is ours
	}
	from := req.From().Address
	return strings.EqualFold(from.Host, "anonymous.invalid") || strings.EqualFold(from.User, "anonymous")
}

// answerAfter reads whether the caller asks for an answer without a person, and
// after how long: by Answer-Mode (RFC 5373), or by Call-Info, Alert-Info or a
// header of their own as PBXs do for intercoms. Whether it is obeyed is the
// user's choice.
func answerAfter(req *sipmsg.Request) (after time.Duration, asked bool) {
	for _, name := range []string{"Answer-Mode", "Priv-Answer-Mode"} {
		mode, _, _ := strings.Cut(headerValue(req, name), ";")
		if strings.EqualFold(strings.TrimSpace(mode), "auto") {
			return 0, true
		}
	}
	for _, h := range req.GetHeaders("Call-Info") {
		for _, part := range splitList(h.Value()) {
			for p := range strings.SplitSeq(part, ";") {
				name, value, _ := strings.Cut(p, "=")
				if !strings.EqualFold(strings.TrimSpace(name), "answer-after") {
					continue
				}
				n, err := strconv.ParseUint(strings.Trim(value, "\" \t"), 10, 31)
				if err == nil && n <= 3600 {
					return time.Duration(n) * time.Second, true
				}
			}
		}
	}
	for _, h := range req.GetHeaders("Alert-Info") {
		value := strings.ToLower(h.Value())
		for _, word := range []string{"auto answer", "auto-answer", "autoanswer", "alert-autoanswer", "ring answer", "intercom"} {
			if strings.Contains(value, word) {
				return 0, true
			}
		}
	}
	if v := headerValue(req, "P-Auto-Answer"); strings.EqualFold(strings.TrimSpace(v), "normal") || strings.EqualFold(strings.TrimSpace(v), "true") {
		return 0, true
	}
	return 0, false
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
