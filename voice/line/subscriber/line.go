package subscriber

import (
	"context"
	"strings"

	"offhook/voice/cleartext"
	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/media"
	"offhook/voice/platform"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// Name is for line.Line: the subscriber line has none.
func (s *Session) Name() string { return "" }

// present is the connection that is open now: a new sign-in in mid-call may have
// brought another than the call began on.
func (s *Session) present() (c *line.Connection) {
	s.cfg.With(func(present *Session) {
		if present == nil {
			present = s
		}
		c = present.connection.Load()
	})
	return c
}

// Flow is for line.Line.
func (s *Session) Flow(ctx context.Context) (line.Flow, error) {
	return line.OpenFlow(ctx, s.present())
}

// Await is for line.Line.
func (s *Session) Await(ctx context.Context) (line.Flow, error) {
	return line.AwaitFlow(ctx, s.present(), s.cfg.Clock)
}

// Limits is for line.Line: the profile names them.
func (s *Session) Limits() line.Limits {
	p := s.Profile()
	return line.Limits{
		Ring:       platform.Seconds(p.IncomingCallTimeout),
		Connection: platform.Seconds(p.CallConnectionTimeout),
		Disrupted:  platform.Seconds(p.MediaDisruptedTimeout),
		Media:      platform.Seconds(p.MediaTimeout),
		MustSound:  true,
	}
}

// Invitation is for line.Line: exophone is called, and message goes along.
func (s *Session) Invitation(exophone, message string) (sip.Invitation, string, error) {
	user, err := parseExophone(exophone)
	if err != nil {
		return sip.Invitation{}, "", err
	}
	if !MessageAllowed(message) {
		return sip.Invitation{}, "", fault.New(fault.InvalidParameter, "call.bad-message")
	}
	if s == nil {
		return sip.Invitation{}, "", fault.New(fault.Uninitialized, "sign-in.first")
	}
	headers := []sip.Header{{Name: wire.HeaderDeviceID, Value: s.cfg.DeviceID}}
	if message != "" {
		headers = append(headers, sip.Header{Name: wire.HeaderCustomField, Value: message})
	}
	return sip.Invitation{Target: user, Headers: headers}, user, nil
}

// Usable is for line.Line: the token must be good.
func (s *Session) Usable() error { return fault.Plain(s.Keeper.Failure()) }

// NewMedia is for line.Line: always WebRTC.
func (s *Session) NewMedia(context.Context, string) (media.Session, error) {
	spec := mediaOf(*s.Profile())
	spec.DTX = s.cfg.DTX()
	return s.cfg.NewMedia(spec)
}

// mediaOf is the media that a subscriber's profile asks for.
func mediaOf(p wire.Profile) line.MediaSpec {
	spec := line.MediaSpec{Kind: line.MediaWebRTC, Codecs: p.Codecs, Loopback: cleartext.Loopback(p.SIPServer)}
	for _, s := range p.ICEServers {
		spec.ICE = append(spec.ICE, media.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	return spec
}

// Report is for line.Line: the present session's reporter sends it.
func (s *Session) Report(entry any) {
	s.cfg.With(func(present *Session) {
		if present != nil {
			present.reporter.add(entry)
		}
	})
}

// Rate is for line.Line: the platform is told by the present session.
func (s *Session) Rate(ctx context.Context, f wire.Feedback) error {
	var now *Session
	s.cfg.With(func(present *Session) { now = present })
	switch {
	case now == nil:
		return fault.New(fault.Uninitialized, "sign-in.first")
	case f.SessionID == "":
		return fault.New(fault.InvalidParameter, "rating.not-reached")
	}
	return now.Platform.PostFeedback(ctx, f)
}

// Consultation is the INVITE to somebody who may get the call of a session.
func (s *Session) Consultation(target, session string) (sip.Invitation, string, error) {
	if !ValidName(target) {
		return sip.Invitation{}, "", fault.New(fault.InvalidDialInfo, "dial.bad-number")
	}
	return sip.Invitation{Target: target, Headers: []sip.Header{
		{Name: wire.HeaderDeviceID, Value: s.cfg.DeviceID},
		{Name: wire.HeaderConsultsFor, Value: session},
	}}, target, nil
}

// Identified is who is there now, as the platform says.
func (s *Session) Identified(ev sip.Identified) (id, name string) {
	id = strings.TrimPrefix(ev.URI, "sip:")
	id, _, _ = strings.Cut(id, "@")
	return display.Name(id), display.Name(strings.Trim(ev.Name, `" `))
}
