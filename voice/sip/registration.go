package sip

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/fault"
	"offhook/voice/sip/transport"
)

// unregister takes the registration back, as a courtesy.
func (a *Account) unregister(f *Flow) {
	_, _ = a.register(a.closing, f, 0, 2*time.Second)
}

// maxRaises is how often a server may ask for a longer registration in one go:
// an honest one asks once.
const maxRaises = 3

// register sends a REGISTER through its challenges and returns what the server
// grants.
func (a *Account) register(ctx context.Context, f *Flow, expires, timeout time.Duration) (time.Duration, error) {
	var tried attempt
	for raised := 0; ; {
		limited, cancel := context.WithTimeout(ctx, timeout)
		res, err := a.ask(limited, f, expires)
		cancel()
		switch {
		case err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			return 0, ErrTimeout
		case err != nil:
			return 0, err
		case res.IsSuccess():
			f.registered(res)
			return a.granted(f, res, expires)
		case res.StatusCode == sipmsg.StatusUnauthorized, res.StatusCode == sipmsg.StatusProxyAuthRequired:
			if err := f.creds.learn(res, &tried); err != nil {
				return 0, err
			}
		case res.StatusCode == 423: // Interval Too Brief
			least, err := strconv.ParseUint(strings.TrimSpace(headerValue(res, "Min-Expires")), 10, 31)
			if next := time.Duration(least) * time.Second; err != nil || next <= expires || next > maxSession || raised == maxRaises {
				return 0, &StatusError{Status: res.StatusCode, Reason: res.Reason}
			} else {
				expires = next
				raised++
			}
		default:
			return 0, &StatusError{Status: res.StatusCode, Reason: res.Reason, RetryAfter: retryAfter(res)}
		}
	}
}

// request builds a REGISTER (RFC 3261, section 10.2). All of one account share
// the Call-ID.
func (a *Account) request(f *Flow, expires time.Duration) *sipmsg.Request {
	a.mu.Lock()
	a.seq++
	seq := a.seq
	a.mu.Unlock()
	req := f.newRequest(sipmsg.REGISTER, sipmsg.Uri{Scheme: "sip", Host: f.cfg.Domain})
	who := sipmsg.Uri{Scheme: "sip", User: escapeUser(f.cfg.User), Host: f.cfg.Domain}
	from := &sipmsg.FromHeader{DisplayName: f.cfg.DisplayName, Address: who, Params: sipmsg.NewParams()}
	from.Params.Add("tag", newTag())
	id := sipmsg.CallIDHeader(a.callID)
	contact := f.contact()
	supported := "path"
	if a.cfg.InstanceID != "" {
		contact.Params = sipmsg.NewParams()
		contact.Address.UriParams.Add("ob", "") // RFC 5626, section 4.1
		contact.Params.Add("reg-id", "1")
		contact.Params.Add("+sip.instance", `"<`+a.cfg.InstanceID+`>"`)
		supported = "path, outbound"
	}
	for _, r := range proxyRoute(&f.cfg) {
		req.AppendHeader(&sipmsg.RouteHeader{Address: r})
	}
	for _, h := range []sipmsg.Header{
		from, &sipmsg.ToHeader{Address: who}, &id, &sipmsg.CSeqHeader{SeqNo: seq, MethodName: sipmsg.REGISTER}, contact,
		sipmsg.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))),
		sipmsg.NewHeader("Allow", allowed), sipmsg.NewHeader("Supported", supported), sipmsg.NewHeader("User-Agent", f.cfg.UserAgent),
	} {
		req.AppendHeader(h)
	}
	return req
}

// registered takes over what the 2xx to a REGISTER says of the way: the route of
// our calls (RFC 3608), and whether the server keeps flows (RFC 5626, 4.2.1).
func (f *Flow) registered(res *sipmsg.Response) {
	var routes []sipmsg.Uri
	for _, entry := range addressList(res, "Service-Route") {
		var uri sipmsg.Uri
		if sipmsg.ParseUri(entry.URI, &uri) == nil && isPlace(uri) {
			routes = append(routes, uri)
		}
	}
	if len(routes) > 0 {
		f.mu.Lock()
		f.routes = append(proxyRoute(&f.cfg), routes...)
		f.mu.Unlock()
	}
	if d, ok := f.conn.(*transport.Datagrams); ok && (hasToken(res, "Require", "outbound") || headerValue(res, "Flow-Timer") != "") {
		d.Outbound()
	}
}

// ErrDisplaced says that the server no longer lists this phone among those of the
// account.
var ErrDisplaced = errors.New("sip: another phone has taken the place of this one")

// granted is the time that the server grants our contact: by the contact's own
// parameter, else by Expires, else what was asked for (RFC 3261, 10.2.4). The error
// is ErrDisplaced where the server lists others instead.
func (a *Account) granted(f *Flow, res *sipmsg.Response, asked time.Duration) (time.Duration, error) {
	seconds := func(text string, ok bool) (time.Duration, bool) {
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
		if !ok || err != nil || n == 0 {
			return 0, false
		}
		return min(time.Duration(n)*time.Second, maxSession), true
	}
	found, listed := a.ownContact(f, res)
	a.mu.Lock()
	known := a.recognised
	a.recognised = known || found != nil
	a.mu.Unlock()
	switch {
	case asked == 0:
		return 0, nil
	case found != nil:
		if d, ok := seconds(found.Params.Get("expires")); ok {
			return d, nil
		}
	case known && len(listed) > 0, len(listed) > 0 && !slices.ContainsFunc(listed, a.maybeOurs):
		return 0, ErrDisplaced
	}
	if d, ok := seconds(headerValue(res, "Expires"), true); ok {
		return d, nil
	}
	return asked, nil
}

// ownContact finds our contact among those of a 2xx to a REGISTER. A server that has
// rewritten its address leaves the instance, or puts there what it sees of us.
func (a *Account) ownContact(f *Flow, res *sipmsg.Response) (own *sipmsg.ContactHeader, all []*sipmsg.ContactHeader) {
	seen, seenPort := f.host, f.port
	if via := res.Via(); via != nil {
		if host, ok := via.Params.Get("received"); ok && host != "" {
			seen = host
		}
		if text, ok := via.Params.Get("rport"); ok && text != "" {
			seenPort, _ = strconv.Atoi(text)
		}
	}
	best := 0
	for _, h := range res.GetHeaders("Contact") {
		c, ok := h.(*sipmsg.ContactHeader)
		if !ok || c.Address.Wildcard {
			continue
		}
		all = append(all, c)
		instance, _ := c.Params.Get("+sip.instance")
		rank, at := 0, func(host string, port int) bool {
			return strings.EqualFold(strings.Trim(c.Address.Host, "[]"), host) && c.Address.Port == port
		}
		switch {
		case instance != "" && a.cfg.InstanceID != "" && !a.isInstance(c):
			// another phone's, whatever its address
		case at(f.host, f.port):
			rank = 3
		case a.isInstance(c):
			rank = 2
		case at(seen, seenPort):
			rank = 1
		}
		if rank > best {
			best, own = rank, c
		}
	}
	return own, all
}

// isInstance says whether a contact is of this installation and this line's flow
// (RFC 5626, section 6).
func (a *Account) isInstance(c *sipmsg.ContactHeader) bool {
	instance, _ := c.Params.Get("+sip.instance")
	id, named := c.Params.Get("reg-id")
	return a.cfg.InstanceID != "" && strings.EqualFold(strings.Trim(instance, `"<> `), a.cfg.InstanceID) && (!named || id == "1")
}

// maybeOurs says whether a contact that is not known may be ours as a server has
// rewritten it: it names the same user and no other installation.
func (a *Account) maybeOurs(c *sipmsg.ContactHeader) bool {
	instance, _ := c.Params.Get("+sip.instance")
	return strings.EqualFold(c.Address.User, escapeUser(a.cfg.User)) && (instance == "" || a.isInstance(c))
}

// verdict is what an error means for an account.
type verdict struct {
	// fault is for a person.
	fault error
	// credentials says that only another password helps; refused, that the server
	// is there and does not want the account now.
	credentials, refused bool
	// delay is how long the server wants to be left alone.
	delay time.Duration
}

func judge(err error) verdict {
	var refused *StatusError
	var handshake *transport.HandshakeError
	var known *fault.Error
	switch {
	case errors.Is(err, ErrCredentials):
		return verdict{fault: fault.Wrap(err, fault.InvalidCredentials, "sip.bad-credentials"), credentials: true}
	case errors.Is(err, ErrDisplaced):
		return verdict{fault: fault.Wrap(err, fault.ServerError, "sip.displaced"), refused: true}
	case errors.As(err, &refused):
		v := verdict{refused: true, delay: refused.RetryAfter, fault: fault.Wrap(err, fault.ServerError, "sip.registration-refused", refused.Status)}
		switch refused.Status {
		case http.StatusForbidden, http.StatusNotFound, 604:
			v.fault = fault.Wrap(err, fault.InvalidCredentials, "sip.unknown-account")
		}
		return v
	case errors.As(err, &handshake):
		return verdict{fault: fault.From(err), refused: true, delay: handshake.RetryAfter}
	case errors.As(err, &known):
		return verdict{fault: known, refused: known.Type == fault.ConfigurationInvalid}
	case errors.Is(err, ErrTimeout):
		return verdict{fault: fault.Wrap(err, fault.NetworkError, "sip.registration-unanswered")}
	}
	return verdict{fault: fault.Wrap(err, fault.NetworkError, "sip.registration-lost")}
}
