package sip

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/fault"
)

const sipfrag = "message/sipfrag"

// Refer asks the far side to call another party instead (blind transfer, RFC
// 3515). target is as Invitation.Target. It returns when the far side has
// accepted the task; how it fares comes as TransferProgress. The dialog goes on
// until someone hangs up.
func (d *Dialog) Refer(ctx context.Context, target string) error {
	return d.refer(ctx, target, "")
}

// ReferTo is Refer to the far side of other, which is target and shall take the
// caller in the place of this phone (attended transfer, RFC 5589, section 7).
//
// The far side of other may ring still, if it and that of d are one server: a phone
// that rings gives its call to nobody (RFC 3891, section 3). ErrNotAnswered says that
// it is no such server.
func (d *Dialog) ReferTo(ctx context.Context, target string, other *Dialog) error {
	d.mu.Lock()
	server := d.target
	d.mu.Unlock()
	replacing, err := other.replacement(server)
	if err != nil {
		return err
	}
	return d.refer(ctx, target, replacing)
}

func (d *Dialog) refer(ctx context.Context, target, replacing string) error {
	d.mu.Lock()
	f := d.flow
	d.mu.Unlock()
	uri, err := f.resolve(target)
	if err != nil {
		return err
	}
	_, err = d.request(ctx, sipmsg.REFER, func(req *sipmsg.Request) {
		to := uri.String()
		if replacing != "" {
			to += "?Replaces=" + url.QueryEscape(replacing)
		}
		req.AppendHeader(sipmsg.NewHeader("Refer-To", "<"+to+">"))
		req.AppendHeader(sipmsg.NewHeader("Referred-By", "<"+d.local.uri.String()+">"))
	})
	return err
}

// serveRefer hands a REFER of the far side to the reader of the events and
// waits for its decision.
func (d *Dialog) serveRefer(f *Flow, req *sipmsg.Request, tx *serverTx) {
	to := &sipmsg.ContactHeader{}
	if err := parseReferTo(headerValue(req, "Refer-To"), to); err != nil || len(req.GetHeaders("Refer-To")) != 1 {
		_ = f.respond(req, tx, sipmsg.StatusBadRequest)
		return
	}
	replacing := replacesOf(to.Address)
	// Headers are for the new INVITE, not for its Request-URI, and the far side
	// chooses no other of them (RFC 3261, section 19.1.5).
	to.Address.Headers = nil
	given := make(chan struct{})
	var once sync.Once
	referred := Referred{
		Target: to.Address.String(), By: headerValue(req, "Referred-By"),
		Replaces: replacing != "", Replacing: replacing,
		Reply: func(accept bool) error {
			err := ErrReplied
			once.Do(func() {
				defer close(given)
				status := sipmsg.StatusAccepted
				if !accept {
					status = sipmsg.StatusGlobalDecline
				}
				err = f.respond(req, tx, status, f.contact())
			})
			return err
		},
		Notify: func(ctx context.Context, status int) error { return d.notifyRefer(ctx, req.CSeq().SeqNo, status) },
	}
	if !d.emit(referred) {
		_ = f.respond(req, tx, sipmsg.StatusServiceUnavailable)
		return
	}
	f.aside(func() {
		select {
		case <-given:
		case <-tx.done:
		case <-d.done:
			_ = referred.Reply(false)
		}
	})
}

// parseReferTo parses a Refer-To of SIP.
func parseReferTo(value string, to *sipmsg.ContactHeader) error {
	if _, err := sipmsg.ParseAddressValue(value, &to.Address, &to.Params); err != nil {
		return err
	}
	switch s := strings.ToLower(to.Address.Scheme); {
	case s == "tel" && len(to.Address.String()) > len("tel:"):
	case s != "sip" && s != "sips", !isPlace(to.Address):
		return fault.New(fault.InvalidDialInfo, "transfer.bad-target")
	}
	return nil
}

// notifyRefer tells the far side how its REFER fares (RFC 3515, 2.4.5).
func (d *Dialog) notifyRefer(ctx context.Context, id uint32, status int) error {
	state := "active;expires=60"
	if status >= 200 {
		state = "terminated;reason=noresource"
	}
	_, err := d.request(ctx, sipmsg.NOTIFY, func(req *sipmsg.Request) {
		req.AppendHeader(sipmsg.NewHeader("Event", fmt.Sprintf("refer;id=%d", id)))
		req.AppendHeader(sipmsg.NewHeader("Subscription-State", state))
		setBody(req, sipfrag+";version=2.0", fmt.Sprintf("SIP/2.0 %d %s\r\n", status, reasonOf(status)))
	})
	return err
}

// serveNotify answers a NOTIFY inside the dialog; one that belongs to a Refer of
// ours is reported.
func (d *Dialog) serveNotify(f *Flow, req *sipmsg.Request, tx *serverTx) {
	event, _, _ := strings.Cut(headerValue(req, "Event"), ";")
	if !strings.EqualFold(strings.TrimSpace(event), "refer") {
		_ = f.respond(req, tx, sipmsg.StatusOK)
		return
	}
	state, _, _ := strings.Cut(headerValue(req, "Subscription-State"), ";")
	over := strings.EqualFold(strings.TrimSpace(state), "terminated")
	d.mu.Lock()
	last := d.referred
	d.mu.Unlock()
	status, ok := fragStatus(string(req.Body()))
	switch {
	case ok:
	case over && len(bytes.TrimSpace(req.Body())) == 0:
		status = last // it ends, and that is all that is said
	case len(bytes.TrimSpace(req.Body())) == 0:
		_ = f.respond(req, tx, sipmsg.StatusOK)
		return
	default:
		_ = f.respond(req, tx, sipmsg.StatusBadRequest)
		return
	}
	d.mu.Lock()
	d.referred = status
	d.mu.Unlock()
	_ = f.respond(req, tx, sipmsg.StatusOK)
	d.emit(TransferProgress{Status: status, Final: status >= 200 || over})
}

// fragStatus is the status of a sipfrag (RFC 3420).
func fragStatus(frag string) (int, bool) {
	line, _, _ := strings.Cut(strings.TrimSpace(frag), "\n")
	parts := strings.Fields(line)
	if len(parts) < 2 || !strings.EqualFold(parts[0], "SIP/2.0") {
		return 0, false
	}
	status, err := strconv.Atoi(parts[1])
	return status, err == nil && status >= 100 && status <= 699
}
