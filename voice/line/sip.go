package line

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"offhook/voice/fault"
	"offhook/voice/nodes"
	"offhook/voice/sip"
)

// SIPFlow is a Flow of the network.
type SIPFlow struct{ *sip.Flow }

// Invite is for Flow.
func (f SIPFlow) Invite(ctx context.Context, inv sip.Invitation) (Dialog, error) {
	d, err := f.Flow.Invite(ctx, inv)
	if err != nil {
		return nil, err
	}
	return SIPDialog{d}, nil
}

// SIPDialog is a Dialog of the network.
type SIPDialog struct{ *sip.Dialog }

// Rebind is for Dialog: it moves the dialog to another flow.
func (d SIPDialog) Rebind(f Flow) error {
	r, ok := f.(SIPFlow)
	if !ok {
		return fault.New(fault.InternalError, "line.other-kind")
	}
	return d.Dialog.Rebind(r.Flow)
}

// ReferTo asks the far side to take the place that this phone has with the far
// side of another dialog.
func (d SIPDialog) ReferTo(ctx context.Context, target string, other Dialog) error {
	o, ok := other.(SIPDialog)
	if !ok {
		return fault.New(fault.InternalError, "line.different-kinds")
	}
	return d.Dialog.ReferTo(ctx, target, o.Dialog)
}

// Transport takes over what the HTTP client trusts and how it connects.
func Transport(c *http.Client) (*tls.Config, func(ctx context.Context, network, address string) (net.Conn, error)) {
	if c == nil {
		return nil, nil
	}
	via := c.Transport
	if n, ok := via.(*nodes.Set); ok {
		via = n.Transport()
	}
	t, ok := via.(*http.Transport)
	if !ok {
		return nil, nil
	}
	return t.TLSClientConfig, t.DialContext
}
