package exophone

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Times of a registration. The default is what the reference's web client asks
// for.
const (
	defaultExpiry = 300 * time.Second
	shortest      = 30 * time.Second
	longestExpiry = time.Hour
	maxBindings   = 8
)

// binding is one web client's registration: calls reach it over the connection
// that it registered on (RFC 5626 without its parameters).
type binding struct {
	contact sip.Uri
	source  string
	callID  string
	cseq    uint32
	expires time.Time
}

// registrar knows which web clients are reachable (RFC 3261, 10). Subscriber
// phones never register; they are told of calls by push.
type registrar struct {
	mu sync.Mutex
	m  map[string][]binding
}

// of returns the bindings of a name that have not expired.
func (r *registrar) of(name string, now time.Time) []binding {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := slices.DeleteFunc(r.m[name], func(b binding) bool { return !b.expires.After(now) })
	if len(kept) == 0 {
		delete(r.m, name)
		return nil
	}
	r.m[name] = kept
	return slices.Clone(kept)
}

// set adds or renews a binding; one whose expiry has passed is removed. It
// reports false for a request that is older than what is known.
func (r *registrar) set(name string, b binding, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.m[name]
	at := slices.IndexFunc(list, func(o binding) bool { return o.contact.String() == b.contact.String() })
	if at >= 0 {
		if list[at].callID == b.callID && list[at].cseq >= b.cseq {
			return false
		}
		list = slices.Delete(list, at, at+1)
	}
	if b.expires.After(now) {
		if len(list) >= maxBindings {
			list = slices.Delete(list, 0, 1)
		}
		list = append(list, b)
	}
	r.m[name] = list
	return true
}

func (r *registrar) clear(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.m, name)
}

// reachedOver reports whether a web client has registered on a connection.
func (r *registrar) reachedOver(source string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, list := range r.m {
		if slices.ContainsFunc(list, func(b binding) bool { return b.source == source }) {
			return true
		}
	}
	return false
}

// lost forgets what was reached over a connection that has ended.
func (r *registrar) lost(source string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, list := range r.m {
		r.m[name] = slices.DeleteFunc(list, func(b binding) bool { return b.source == source })
		if len(r.m[name]) == 0 {
			delete(r.m, name)
		}
	}
}

// onRegister takes registrations of web clients.
func (x *Exchange) onRegister(req *sip.Request, tx sip.ServerTransaction) {
	sub, ok := x.authenticate(req, tx)
	if !ok {
		return
	}
	now := x.cfg.Clock.Now()
	switch {
	case !sub.Active, req.To().Address.User != sub.Name:
		_ = tx.Respond(respond(req, 403))
		return
	}
	for _, h := range req.GetHeaders("Contact") {
		if strings.TrimSpace(h.Value()) == "*" {
			if header(req, "Expires") != "0" {
				_ = tx.Respond(respond(req, 400))
				return
			}
			x.registrar.clear(sub.Name)
			continue
		}
		c, ok := h.(*sip.ContactHeader)
		if !ok {
			var parsed sip.ContactHeader
			if err := parseContact(h.Value(), &parsed); err != nil {
				_ = tx.Respond(respond(req, 400))
				return
			}
			c = &parsed
		}
		expiry, ok := expiryOf(req, c)
		if !ok {
			_ = tx.Respond(respond(req, 423, "Min-Expires", seconds(shortest)))
			return
		}
		b := binding{
			contact: *c.Address.Clone(), source: req.Source(), callID: req.CallID().Value(), cseq: req.CSeq().SeqNo,
			expires: now.Add(expiry),
		}
		if !x.registrar.set(sub.Name, b, now) {
			_ = tx.Respond(respond(req, 500))
			return
		}
	}
	res := respond(req, 200, "Date", now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	for _, b := range x.registrar.of(sub.Name, now) {
		res.AppendHeader(sip.NewHeader("Contact", "<"+b.contact.String()+">;expires="+seconds(b.expires.Sub(now))))
	}
	_ = tx.Respond(res)
}

// parseContact reads one Contact that the stack has left as text.
func parseContact(value string, into *sip.ContactHeader) error {
	into.Params = sip.NewParams()
	var err error
	into.DisplayName, err = sip.ParseAddressValue(value, &into.Address, &into.Params)
	return err
}

// expiryOf is how long a contact is to be registered; ok is false if that is
// too short.
func expiryOf(req *sip.Request, c *sip.ContactHeader) (expiry time.Duration, ok bool) {
	text, there := c.Params.Get("expires")
	if !there {
		text = header(req, "Expires")
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return defaultExpiry, true
	}
	expiry = time.Duration(n) * time.Second
	if expiry > 0 && expiry < shortest {
		return 0, false
	}
	return min(expiry, longestExpiry), true
}
