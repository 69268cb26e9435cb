package sip

import (
	"net/url"
	"slices"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// Redirection is one party that a call was diverted from before it came here
// (RFC 5806 and RFC 7044).
type Redirection struct {
	Identity
	// Reason is why: no-answer, user-busy, unconditional and so on.
	Reason string
}

// redirections are the parties of Diversion, the last one that diverted first, or
// else those of History-Info.
func redirections(req *sipmsg.Request) []Redirection {
	var found []Redirection
	for _, entry := range addressList(req, "Diversion") {
		reason, _ := entry.params.Get("reason")
		found = append(found, Redirection{entry.Identity, strings.Trim(reason, `"`)})
	}
	if len(found) > 0 {
		return found
	}
	// Each entry was asked before the one after it.
	history := addressList(req, "History-Info")
	for i := len(history) - 2; i >= 0; i-- {
		if reason, ok := left(history[i], history[i+1]); ok {
			found = append(found, Redirection{history[i].Identity, reason})
		}
	}
	return slices.CompactFunc(found, func(a, b Redirection) bool { return a.URI == b.URI })
}

// reasonsOfCauses are the reasons of Diversion for the causes of History-Info (RFC
// 4458).
var reasonsOfCauses = map[string]string{
	"302": "unconditional", "404": "unknown", "408": "no-answer", "480": "deflection", "486": "user-busy", "487": "deflection",
	"503": "unavailable", "600": "user-busy", "603": "deflection",
}

// left says why a call went from one entry of History-Info to the next, if it was
// diverted: a cause stands in the Reason among the headers of the one's URI, or as a
// parameter of the other's.
func left(one, next addressEntry) (reason string, diverted bool) {
	for _, kv := range one.uri.Headers {
		if !strings.EqualFold(kv.K, "reason") {
			continue
		}
		text, err := url.QueryUnescape(kv.V)
		if _, cause, ok := strings.Cut(strings.ToLower(strings.ReplaceAll(text, " ", "")), "cause="); ok && err == nil {
			cause, _, _ = strings.Cut(cause, ";")
			return reasonsOfCauses[cause], true
		}
	}
	cause, ok := next.params.Get("cause")
	if !ok {
		cause, ok = next.uri.UriParams.Get("cause")
	}
	return reasonsOfCauses[cause], ok
}
