package voice

import (
	"context"
	"time"

	"offhook/voice/cleartext"
	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/platform"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// line is what a call stands on: the subscriber line or a SIP account. States,
// timers, sound, supervision and statistics are the call's own and the same over
// both; a line knows how its server is reached and what it wants to hear.
type line interface {
	// line names the line as CallDetails.Line does.
	name() string
	// flow returns the open flow. If there is none it tries to connect at once
	// and returns the error of that attempt.
	flow(ctx context.Context) (flow, error)
	// await returns the open flow as soon as there is one; it fails only with
	// ctx or the end of the line.
	await(ctx context.Context) (flow, error)
	// invitation is the INVITE for what a user dials, without its offer, and
	// the callee as it is shown.
	invitation(target, message string) (inv sip.Invitation, shown string, err error)
	// reauthenticate gets the credentials again after the server has refused them. It
	// reports whether it has others now, which the next flow uses.
	reauthenticate(ctx context.Context) bool
	// usable says why no call can be placed now.
	usable() error
	// newMedia makes the session of one leg; offer is the far side's, "" if this
	// side makes one.
	newMedia(ctx context.Context, offer string) (media.Session, error)
	limits() timeouts
	// report sends a report to those who look after the quality of calls.
	report(entry any)
	// rate passes on what the user says of an ended call.
	rate(ctx context.Context, f wire.Feedback) error
}

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

// timeouts bound the stages of a call.
type timeouts struct {
	ring, connection, disrupted, media time.Duration
	// mustSound says that an answered call without any sound is none.
	mustSound bool
}

func timeoutsOf(p wire.Profile) timeouts {
	return timeouts{
		ring:       platform.Seconds(p.IncomingCallTimeout),
		connection: platform.Seconds(p.CallConnectionTimeout),
		disrupted:  platform.Seconds(p.MediaDisruptedTimeout),
		media:      platform.Seconds(p.MediaTimeout),
		mustSound:  true,
	}
}

// subscriberLine is the subscriber line, to the platform's exophone.
type subscriberLine struct {
	client *Client
	// session is nil while the client is not initialised.
	session *session
}

func (t subscriberLine) name() string { return "" }

// present is the line that is open now: a new sign-in in mid-call may have
// brought another than the call began on.
func (t subscriberLine) present() *connection {
	t.client.mu.Lock()
	defer t.client.mu.Unlock()
	if s := t.client.session; s != nil {
		return s.connection
	}
	return t.session.connection
}

func (t subscriberLine) flow(ctx context.Context) (flow, error) { return openFlow(ctx, t.present()) }
func (t subscriberLine) await(ctx context.Context) (flow, error) {
	return awaitFlow(ctx, t.present(), t.client.clock)
}
func (t subscriberLine) limits() timeouts { return timeoutsOf(*t.session.profile.Load()) }
func (t subscriberLine) reauthenticate(ctx context.Context) bool {
	return t.client.refetchProfile(ctx, t.session)
}

func (t subscriberLine) invitation(exophone, message string) (sip.Invitation, string, error) {
	user, err := parseExophone(exophone)
	if err != nil {
		return sip.Invitation{}, "", err
	}
	if !MessageAllowed(message) {
		return sip.Invitation{}, "", fault.New(fault.InvalidParameter,
			"call.bad-message")
	}
	headers := []sip.Header{{Name: wire.HeaderDeviceID, Value: t.client.settings.deviceID}}
	if message != "" {
		headers = append(headers, sip.Header{Name: wire.HeaderCustomField, Value: message})
	}
	if t.session == nil {
		return sip.Invitation{}, "", uninitialized()
	}
	return sip.Invitation{Target: user, Headers: headers}, user, nil
}

func (t subscriberLine) usable() error { return plain(t.session.keeper.Failure()) }

func (t subscriberLine) newMedia(context.Context, string) (media.Session, error) {
	return t.client.newMedia(profileMedia(*t.session.profile.Load()))
}

// profileMedia is the media that a subscriber's profile asks for.
func profileMedia(p wire.Profile) mediaSpec {
	spec := mediaSpec{kind: MediaWebRTC, codecs: p.Codecs, loopback: cleartext.Loopback(p.SIPServer)}
	for _, s := range p.ICEServers {
		spec.ice = append(spec.ice, media.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	return spec
}

func (t subscriberLine) report(entry any) { t.client.report(entry) }

func (t subscriberLine) rate(ctx context.Context, f wire.Feedback) error {
	t.client.mu.Lock()
	s := t.client.session
	t.client.mu.Unlock()
	switch {
	case s == nil:
		return uninitialized()
	case f.SessionID == "":
		return fault.New(fault.InvalidParameter, "rating.not-reached")
	}
	return s.platform.PostFeedback(ctx, f)
}

// lineFor finds the line of a call to be placed, with the mutex held: the line
// that was asked for, else the subscriber line if the client is initialised,
// else the first SIP account that is registered, else the first.
func (c *Client) lineFor(line string) (line, error) {
	if line == "" && (c.session != nil || len(c.lines) == 0) {
		return subscriberLine{c, c.session}, nil
	}
	var first *sipLine
	for _, l := range c.lines {
		switch {
		case line != "" && l.account.ID != line:
		case line != "" || l.registered():
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
