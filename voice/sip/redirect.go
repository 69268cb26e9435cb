package sip

import (
	"slices"
	"strconv"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// maxRedirects limits how many addresses one call is redirected to.
const maxRedirects = 5

// redirects follows one INVITE through its 3xx (RFC 3261, section 8.1.3.4).
type redirects struct {
	queue []sipmsg.Uri // not tried yet, the best first
	tried []string     // every address of the call so far
}

// targets are the addresses of the Contacts of a 3xx, by their q, that a phone
// can call.
func targets(res *sipmsg.Response) []sipmsg.Uri {
	type target struct {
		uri sipmsg.Uri
		q   float64
	}
	var found []target
	for _, entry := range addressList(res, "Contact") {
		var uri sipmsg.Uri
		if sipmsg.ParseUri(entry.URI, &uri) != nil || strings.EqualFold(uri.Scheme, "tel") {
			continue
		}
		if uri, ok := targetOf(&sipmsg.ContactHeader{Address: uri}); ok {
			q := 1.0
			if text, ok := entry.params.Get("q"); ok {
				if v, err := strconv.ParseFloat(text, 64); err == nil && v >= 0 && v <= 1 {
					q = v
				}
			}
			found = append(found, target{uri, q})
		}
	}
	slices.SortStableFunc(found, func(a, b target) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	uris := make([]sipmsg.Uri, len(found))
	for i, t := range found {
		uris[i] = t.uri
	}
	return uris
}

// next takes a 3xx in and returns where to call now. An address is called once:
// so two servers that send the call to each other end it.
func (r *redirects) next(first sipmsg.Uri, res *sipmsg.Response) (sipmsg.Uri, bool) {
	if len(r.tried) == 0 {
		r.tried = append(r.tried, sameAs(first))
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		r.queue = append(targets(res), r.queue...)
	}
	for len(r.queue) > 0 && len(r.tried) <= maxRedirects {
		uri := r.queue[0]
		r.queue = r.queue[1:]
		if !slices.Contains(r.tried, sameAs(uri)) {
			r.tried = append(r.tried, sameAs(uri))
			return uri, true
		}
	}
	return sipmsg.Uri{}, false
}

// sameAs is what is equal for two URIs of the same place (RFC 3261, 19.1.4, as
// far as a loop needs it).
func sameAs(uri sipmsg.Uri) string {
	plain := sipmsg.Uri{Scheme: strings.ToLower(uri.Scheme), User: uri.User, Host: strings.ToLower(uri.Host), Port: uri.Port}
	return plain.String()
}

// redirect sends the INVITE to the next address of a redirection. It returns
// false if there is none, or the call was hung up.
func (d *Dialog) redirect(r *redirects, res *sipmsg.Response) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.invite.cancelled || d.state != calling {
		return false
	}
	// After the first 3xx a busy or missing party is passed over too; a 6xx is
	// said for all of them.
	if (res.StatusCode < 300 || res.StatusCode >= 400) && (len(r.tried) == 0 || res.StatusCode >= 600) {
		return false
	}
	uri, ok := r.next(d.target, res)
	if !ok {
		return false
	}
	d.target = uri
	d.routes = d.flow.startRoutes()
	d.emitLocked(Redirected{Target: uri.String(), Status: res.StatusCode}, 8)
	return true
}
