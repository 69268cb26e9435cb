package voice

import (
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/sip"
)

// inbound is how an incoming call came, and so how it is answered: by a push
// and a leg of the phone's own, or by an INVITE. Its methods run on the call's
// goroutine.
type inbound interface {
	// ring begins when the call was shown: the caller is told that it rings.
	ring(c *Call)
	// answer goes on with ANSWERING.
	answer(c *Call)
	// up is the confirmation of the leg.
	up(c *Call, l *leg, body string)
	// again makes another leg in place of one that was refused.
	again(c *Call)
	// refused is the end of a leg that was not confirmed.
	refused(c *Call, ev sip.Failed)
	// decline tells the caller's side why the call is not taken. It reports
	// whether there is something to wait for.
	decline(c *Call, reason EndReason) bool
}

// lineFor finds the line of a call to be placed, with the mutex held: the line
// that was asked for, else the subscriber line if the client is initialised,
// else the first SIP account that is registered, else the first.
func (c *Client) lineFor(line string) (line.Line, error) {
	if line == "" && (c.session != nil || len(c.lines) == 0) {
		return c.session, nil
	}
	var first *sipaccount.Line
	for _, l := range c.lines {
		switch {
		case line != "" && l.Account.ID != line:
		case line != "" || l.Registered():
			return l, nil
		case first == nil:
			first = l
		}
	}
	if first == nil {
		return nil, fault.New(fault.InvalidParameter, "line.unknown")
	}
	return first, nil
}
