package exophone

import "time"

const (
	// probeName is what a phone invites to measure its way to the relay. It is no
	// name that a subscriber can have.
	probeName = "media-probe"
	// probeLimit ends a probe that its phone has forgotten.
	probeLimit = 15 * time.Second
)

// probe answers at once, sends the phone's own sound back and leaves no record:
// it is no call.
func (s *session) probe() {
	s.phase = calling
	s.callee = party{name: probeName, bot: "echo"}
	s.plan.talk = probeLimit
	if s.openCaller(s.caller.offer.Codecs[0].Name) {
		s.botTalks(func() { s.caller.media.Echo() })
	}
}
