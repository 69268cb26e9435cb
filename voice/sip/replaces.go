package sip

import (
	"net/url"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// replaced finds the dialog whose place an INVITE asks for (RFC 3891, section
// 3). status is that of the refusal, 0 if there is nothing to refuse.
func (f *Flow) replaced(req *sipmsg.Request) (d *Dialog, status int) {
	all := req.GetHeaders("Replaces")
	switch {
	case len(all) == 0:
		return nil, 0
	case len(all) > 1:
		return nil, sipmsg.StatusBadRequest
	}
	id, params, _ := strings.Cut(all[0].Value(), ";")
	var toTag, fromTag string
	early := false
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.ToLower(name) {
		case "to-tag":
			toTag = value
		case "from-tag":
			fromTag = value
		case "early-only":
			early = true
		}
	}
	if id = strings.TrimSpace(id); id == "" || toTag == "" || fromTag == "" {
		return nil, sipmsg.StatusBadRequest
	}
	d = f.find(id, toTag)
	if d == nil {
		return nil, sipmsg.StatusCallTransactionDoesNotExists
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.state == ended && d.hungUp:
		return nil, sipmsg.StatusGlobalDecline
	case d.state == ended, d.remoteTag != fromTag:
		return nil, sipmsg.StatusCallTransactionDoesNotExists
	case d.state == calling && d.inbound == nil:
		return d, 0 // our own call that rings: the one who picks it up answers it
	case d.state == calling:
		return nil, sipmsg.StatusCallTransactionDoesNotExists // ringing here: not for others to take
	case early:
		return nil, sipmsg.StatusBusyHere
	}
	return d, 0
}

// replacement is the value of the header Replaces with which somebody else takes
// this phone's place in the dialog, as its far side sees it (RFC 3891, section
// 6.1). An early dialog is given away at server only, and where it is the only one.
func (d *Dialog) replacement(server sipmsg.Uri) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	tag := d.remoteTag
	if d.state == calling {
		if d.invite == nil || len(d.invite.early) != 1 {
			return "", ErrNotAnswered
		}
		for early, at := range d.invite.early {
			if at.Host == "" || !strings.EqualFold(at.Host, server.Host) || at.Port != server.Port {
				return "", ErrNotAnswered
			}
			tag = early
		}
	}
	return d.callID + ";to-tag=" + tag + ";from-tag=" + d.localTag, nil
}

// replacesOf is the Replaces header that the URI of a Refer-To carries, "" if
// there is none.
func replacesOf(uri sipmsg.Uri) string {
	for _, kv := range uri.Headers {
		if !strings.EqualFold(kv.K, "replaces") {
			continue
		}
		value, err := url.PathUnescape(kv.V)
		if err != nil || !clean(value) {
			return ""
		}
		return value
	}
	return ""
}
