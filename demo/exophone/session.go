package exophone

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/demo/relay"
	"offhook/voice/wire"
)

// party is one side of a call. A bot has no dialog; media is nil until the
// phone's offer is answered.
type party struct {
	name    string
	display string
	bot     string
	dialog  *dialog
	offer   *relay.Offer
	media   *relay.Leg
	answer  string // the SDP answer it was given
	told    direction
	telling bool   // an UPDATE to it is under way
	holds   bool   // it has put the other side on hold
	knows   string // the name of the other side that it was told since, "" for that of the beginning
	// notices are what it is told by INFO, by kind.
	notices map[string]*notice
	// recorded says that it has been in a recorded call since it was told of that.
	recorded bool
	// awaiting says that the answer to an offer of ours is to come with an ACK.
	awaiting bool
	place    place
}

// session is one call from dialling to its end. One goroutine owns it: every
// method that is not said to be otherwise runs there, and none of them waits
// for a network.
type session struct {
	x      *Exchange
	id     string
	direct string // whom to call without asking Dial-Whom
	// placedBy is the subscriber who dialled, empty for a bot.
	placedBy string
	// unrecorded says that this is a media probe: no call, and in no record.
	unrecorded bool

	queueMu sync.Mutex
	queue   []func()
	wake    chan struct{}
	closed  bool
	done    chan struct{}

	caller  party
	callee  party             // the one that answered
	ringing map[string]*party // by device, phones that ring
	web     []*outgoing       // web clients that were called and have not answered
	codec   string            // fixed by the first answer given
	prefers string            // the codec of the call that this is a consultation for
	tell    *calleeState      // of the attempt going on
	plan    plan
	timers  map[string]Timer
	phase   phase
	// established says that the caller's INVITE has had its 200.
	established bool
	handover    *handover // a transfer, once there was one
	conference  *conference
	recording   *recording
	consent     consent
	conferred   bool     // a conference was here: the two that are left may not know each other
	guests      []*party // the third and further parties of a conference
	aliases     []string // its names for later callees

	recordMu sync.Mutex
	record   Record
	legs     struct{ caller, callee *relay.Leg }
}

type phase int

const (
	routing phase = iota // asking whom to call, or between two callees
	calling              // a callee has been pushed to
	talking
	over
)

func newSessionID() string {
	var id [16]byte
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

func (x *Exchange) newSession(caller party, customField string) *session {
	s := &session{
		x: x, id: newSessionID(),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		caller: caller, ringing: make(map[string]*party), timers: make(map[string]Timer),
	}
	s.record = Record{
		SessionID: s.id, Caller: caller.name, CallerNumber: caller.name, CustomField: customField,
		Created: x.cfg.Clock.Now(), State: wire.CallRinging,
	}
	return s
}

// post hands f to the session's goroutine; false means that the session is
// over. It never waits and may be called from anywhere.
func (s *session) post(f func()) bool {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	if s.closed {
		return false
	}
	s.queue = append(s.queue, f)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// ask runs f on the session's goroutine and returns its result, nil if the
// session is over. It is called from other goroutines.
func (s *session) ask(f func() *sip.Response) *sip.Response {
	result := make(chan *sip.Response, 1)
	if !s.post(func() { result <- f() }) {
		return nil
	}
	select {
	case res := <-result:
		return res
	case <-s.done:
		select {
		case res := <-result:
			return res
		default:
			return nil
		}
	}
}

// run is the session's goroutine.
func (s *session) run() {
	defer close(s.done)
	for range s.wake {
		for {
			s.queueMu.Lock()
			if len(s.queue) == 0 {
				s.queueMu.Unlock()
				break
			}
			f := s.queue[0]
			s.queue = s.queue[1:]
			s.queueMu.Unlock()
			f()
			if s.phase == over {
				s.queueMu.Lock()
				rest := s.queue
				s.queue, s.closed = nil, true
				s.queueMu.Unlock()
				// What was promised to run runs: each finds the call over.
				for _, f := range rest {
					f()
				}
				return
			}
		}
	}
}

// after posts f once d has passed; a timer of the same name is replaced.
func (s *session) after(name string, d time.Duration, f func()) {
	s.stop(name)
	s.timers[name] = s.x.cfg.Clock.AfterFunc(d, func() { s.post(f) })
}

func (s *session) stop(name string) {
	if t := s.timers[name]; t != nil {
		t.Stop()
		delete(s.timers, name)
	}
}

// note changes the record and tells it.
func (s *session) note(change func(r *Record)) {
	s.recordMu.Lock()
	change(&s.record)
	s.record.Parties = nil
	if s.phase == talking {
		for _, p := range s.present() {
			s.record.Parties = append(s.record.Parties, p.name)
		}
	}
	s.record.noteSpeakers(s.x.cfg.Clock.Now())
	s.legs.caller, s.legs.callee = s.caller.media, s.callee.media
	s.recordMu.Unlock()
	s.followRecording()
	s.tellRecorder(s.snapshot)
}

func (s *session) tellRecorder(record func() Record) {
	if r := s.x.cfg.Recorder; r != nil && !s.unrecorded {
		r.Record(record())
	}
}

// snapshot may be called from anywhere.
func (s *session) snapshot() Record {
	s.recordMu.Lock()
	defer s.recordMu.Unlock()
	r := s.record
	if l := s.legs.caller; l != nil {
		r.CallerMedia = l.Stats()
	}
	if l := s.legs.callee; l != nil {
		r.CalleeMedia = l.Stats()
	}
	return r
}

// partyOf returns the side that a dialog belongs to.
func (s *session) partyOf(d *dialog) *party {
	switch {
	case s.caller.dialog == d:
		return &s.caller
	case s.callee.dialog == d:
		return &s.callee
	}
	for _, p := range s.ringing {
		if p.dialog == d {
			return p
		}
	}
	for _, p := range s.guests {
		if p.dialog == d {
			return p
		}
	}
	return nil
}

// side is the word of the record for the side of a party.
func (s *session) side(p *party) string {
	if p == &s.caller {
		return byCaller
	}
	return byCallee
}

// present are those who talk: caller, callee and the guests of a conference.
func (s *session) present() []*party { return append([]*party{&s.caller, &s.callee}, s.guests...) }
