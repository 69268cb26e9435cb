package voice

import (
	"context"

	"offhook/voice/cleartext"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/media"
	"offhook/voice/platform"
	"offhook/voice/sip"
	"offhook/voice/wire"
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

func timeoutsOf(p wire.Profile) line.Limits {
	return line.Limits{
		Ring:       platform.Seconds(p.IncomingCallTimeout),
		Connection: platform.Seconds(p.CallConnectionTimeout),
		Disrupted:  platform.Seconds(p.MediaDisruptedTimeout),
		Media:      platform.Seconds(p.MediaTimeout),
		MustSound:  true,
	}
}

// subscriberLine is the subscriber line, to the platform's exophone.
type subscriberLine struct {
	client *Client
	// session is nil while the client is not initialised.
	session *session
}

func (t subscriberLine) Name() string { return "" }

// present is the line that is open now: a new sign-in in mid-call may have
// brought another than the call began on.
func (t subscriberLine) present() *line.Connection {
	t.client.mu.Lock()
	defer t.client.mu.Unlock()
	if s := t.client.session; s != nil {
		return s.connection
	}
	return t.session.connection
}

func (t subscriberLine) Flow(ctx context.Context) (line.Flow, error) {
	return line.OpenFlow(ctx, t.present())
}
func (t subscriberLine) Await(ctx context.Context) (line.Flow, error) {
	return line.AwaitFlow(ctx, t.present(), t.client.clock)
}
func (t subscriberLine) Limits() line.Limits { return timeoutsOf(*t.session.profile.Load()) }
func (t subscriberLine) Reauthenticate(ctx context.Context) bool {
	return t.client.refetchProfile(ctx, t.session)
}

func (t subscriberLine) Invitation(exophone, message string) (sip.Invitation, string, error) {
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

func (t subscriberLine) Usable() error { return fault.Plain(t.session.keeper.Failure()) }

func (t subscriberLine) NewMedia(context.Context, string) (media.Session, error) {
	return t.client.newMedia(profileMedia(*t.session.profile.Load()))
}

// profileMedia is the media that a subscriber's profile asks for.
func profileMedia(p wire.Profile) line.MediaSpec {
	spec := line.MediaSpec{Kind: line.MediaWebRTC, Codecs: p.Codecs, Loopback: cleartext.Loopback(p.SIPServer)}
	for _, s := range p.ICEServers {
		spec.ICE = append(spec.ICE, media.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	return spec
}

func (t subscriberLine) Report(entry any) { t.client.report(entry) }

func (t subscriberLine) Rate(ctx context.Context, f wire.Feedback) error {
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
func (c *Client) lineFor(line string) (line.Line, error) {
	if line == "" && (c.session != nil || len(c.lines) == 0) {
		return subscriberLine{c, c.session}, nil
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
