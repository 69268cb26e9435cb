package exophone

import (
	"offhook/voice/wire"
	"time"
)

// Times of the bots.
const (
	botRings        = 100 * time.Millisecond
	botEarly        = 3 * time.Second
	noAnswerLimit   = 5 * time.Second
	callbackHangsUp = time.Second
	callbackCalls   = 500 * time.Millisecond
)

// bot returns what a bot of that name does when it is called, on the session's
// goroutine; nil if it is none.
func bot(name string) func(s *session) {
	refuses := func(e ending) func(*session) { return func(s *session) { s.attemptOver(e) } }
	switch name {
	case "echo":
		return func(s *session) { s.botAnswers(func() { s.caller.media.Echo() }) }
	case "announcer":
		return func(s *session) { s.botAnswers(s.announce) }
	case "silent":
		return func(s *session) { s.botAnswers(func() { s.caller.media.Silent() }) }
	case "early":
		return earlyBot
	case "callback":
		return callbackBot
	case "noanswer":
		return noAnswerBot
	case "busy":
		return refuses(ending{status: 486, reason: wire.ReasonBusy, by: byCallee})
	case "unreachable":
		return refuses(ending{status: 503, by: byPlatform})
	case "throttled":
		return refuses(ending{status: 429, by: byPlatform, retry: "5"})
	case "fails":
		return refuses(ending{status: 500, by: byPlatform})
	default:
		return nil
	}
}

func (s *session) announce() {
	if err := s.caller.media.Announce(); err != nil {
		s.x.log.Error("announcement", "error", err)
	}
}

// botAnswers rings for a moment, answers, and lets play begin.
func (s *session) botAnswers(play func()) {
	s.ring(s.caller.offer.Codecs[0].Name)
	if s.phase != calling {
		return
	}
	s.after("bot", botRings, func() { s.botTalks(play) })
}

// botTalks gives the caller its 200.
func (s *session) botTalks(play func()) {
	if s.phase != calling {
		return
	}
	d := s.caller.dialog
	if err := d.respond(200, s.caller.answer, wire.HeaderCallSid, s.id); err != nil || d.cancelled() {
		s.end(ending{reason: wire.ReasonCallerGone, by: byCaller, status: 487})
		return
	}
	s.talk()
	s.caller.media.Open()
	s.begin(play)
}

// noAnswerBot rings, and nobody comes.
func noAnswerBot(s *session) {
	_ = s.caller.dialog.respond(180, "", wire.HeaderCallSid, s.id)
	s.note(func(r *Record) { r.Ringing = s.x.cfg.Clock.Now() })
	s.after("ring", noAnswerLimit, s.ringLimit)
}

// earlyBot speaks before it answers (183 with SDP).
func earlyBot(s *session) {
	if !s.openCaller(s.caller.offer.Codecs[0].Name) {
		return
	}
	s.caller.media.OpenEarly()
	s.announce()
	_ = s.caller.dialog.respond(183, s.caller.answer, wire.HeaderCallSid, s.id)
	s.after("bot", botEarly, func() { s.botTalks(s.announceAgain) })
}

// announceAgain goes on with what an announcement of a recording has interrupted.
func (s *session) announceAgain() {
	if s.recording != nil {
		s.announce()
	}
}

// callbackBot answers, hangs up, and calls back by push as anyone would.
func callbackBot(s *session) {
	s.botAnswers(func() {
		s.caller.media.Silent()
		s.after("bot", callbackHangsUp, func() {
			back := s.x.newSession(party{name: "callback", display: "Callback", bot: "callback"}, "")
			back.direct = s.caller.name
			x := s.x
			s.end(ending{reason: endHangup, by: byCallee})
			x.cfg.Clock.AfterFunc(callbackCalls, func() {
				if x.add(back) == 0 {
					go back.run()
					back.post(back.route)
				}
			})
		})
	})
}
