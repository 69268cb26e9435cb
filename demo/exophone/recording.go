package exophone

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"offhook/demo/archive"
	"offhook/demo/relay"
	files "offhook/voice/recording"
	"offhook/voice/wire"
)

// RecordRule says which calls are recorded.
type RecordRule string

// Never records nothing, Asked the calls for which Dial-Whom asks, ByHand those too
// that a party has recorded, All every call.
const (
	RecordNever  RecordRule = "never"
	RecordAsked  RecordRule = "asked"
	RecordByHand RecordRule = "by-hand"
	RecordAll    RecordRule = "all"
)

// Recording is how calls are recorded.
type Recording struct {
	// Archive takes the recordings. nil means that the operator has set no key: a call
	// that is to be recorded goes on without.
	Archive *archive.Archive
	Rule    RecordRule
	// Mono mixes both sides where Dial-Whom does not say which channels it wants.
	Mono bool
	// Told says who hears the announcement before the sides hear each other: "both",
	// "caller" or "none".
	Told string
	// Pause is after how long a pause ends by itself; 0 means 2 minutes.
	Pause time.Duration
	// Ask records a call only once one of its parties has agreed to that by Record.
	Ask bool
}

// Errors of Record.
var (
	// ErrRecording says that the action does not fit the state of the recording.
	ErrRecording = errors.New("the recording is not in a state for that")
	// ErrNotByHand says that the operator lets nobody begin or end a recording by hand.
	ErrNotByHand = errors.New("recordings are not begun or ended by hand here")
)

// Recorded is what the record of a call says of its recording.
type Recorded struct {
	State    wire.RecordingState
	Reason   string `json:",omitempty"`
	By       string
	Channels string
	Told     string
	Began    time.Time
	Ended    time.Time `json:",omitzero"`
	Pauses   []Pause   `json:",omitempty"`
}

// Pause is a part of a call that is not in its recording.
type Pause struct {
	From time.Time
	To   time.Time `json:",omitzero"`
	By   string
}

// recording is the recording of a session.
type recording struct {
	take  *archive.Take
	info  Recorded
	right map[string]bool // which side each is at, by name
	leg   *relay.Leg
	codec string
	// pausedBy is who has paused it, or stopped it by hand; empty if nobody has.
	pausedBy string
	resumes  time.Time
	// announcing says that an announcement is being played; round tells its end from
	// that of another.
	announcing bool
	round      int
	active     bool
	since      time.Time     // when it last became active
	sum        time.Duration // recorded before that
}

const rule = "rule"

// consent is whether the parties of a session have agreed to its recording.
type consent int

const (
	unasked consent = iota
	asking
	agreed
	refused
)

// consented begins the recording to which a party has agreed: what was said before is
// not in it. Those who talk are parted for the announcement and joined again.
func (s *session) consented() {
	s.consent = agreed
	s.begin(func() {
		if s.conference == nil {
			s.connect()
			return
		}
		for _, p := range s.present() {
			s.mix(p)
		}
	})
}

// begin lets the parties hear each other, by then, once the announcement has been
// played, if the call is to be recorded.
func (s *session) begin(then func()) {
	cfg := s.x.cfg.Recording
	wanted := cfg.Rule != RecordNever && s.plan.record || cfg.Rule == RecordAll
	if s.unrecorded || s.recording == nil && !wanted || s.recording != nil && s.recording.take == nil {
		then()
		if s.byHand() && !s.unrecorded {
			s.tellRecording()
		}
		return
	}
	// A bot asks nobody: its call is one of a test.
	if cfg.Ask && s.consent != agreed && s.recording == nil && s.callee.media != nil {
		if s.consent == unasked {
			s.consent = asking
		}
		then()
		s.tellRecording()
		return
	}
	if s.recording == nil {
		s.openRecording(rule)
	}
	if s.recording.take == nil {
		then()
		return
	}
	_, strangers := splitTold(s.present())
	s.announceRecording(strangers, then)
}

// splitTold tells those who know that they are recorded from those who do not.
func splitTold(parties []*party) (told, strangers []*party) {
	for _, p := range parties {
		if p.recorded {
			told = append(told, p)
		} else {
			strangers = append(strangers, p)
		}
	}
	return told, strangers
}

// openRecording makes the file; if it can't be, the record and the phones say why.
func (s *session) openRecording(by string) {
	cfg := s.x.cfg.Recording
	channels := "dual"
	if s.plan.channels == "single" || s.plan.channels != "dual" && cfg.Mono {
		channels = "single"
	}
	r := &recording{right: map[string]bool{s.caller.name: false}, info: Recorded{By: by, Channels: channels, Began: s.x.cfg.Clock.Now()}}
	s.recording = r
	leg := s.caller.media
	if leg == nil {
		leg = s.callee.media
	}
	if cfg.Archive == nil {
		s.x.log.Warn("the call is to be recorded, and there is no key of recordings (--recording-key): it goes on without", "session", s.id)
		s.failRecording(wire.RecordingNoKey)
		return
	}
	take, err := cfg.Archive.Begin(s.id, leg.Codec(), channels == "single", func(err error) {
		s.post(func() {
			s.x.log.Error("the recording was stopped; the call goes on", "session", s.id, "error", err)
			s.failRecording(files.Reason(err))
		})
	})
	if err != nil {
		s.x.log.Error("the call is to be recorded, and can't be: it goes on without", "session", s.id, "error", err)
		s.failRecording(files.Reason(err))
		return
	}
	r.take, r.codec = take, leg.Codec()
}

// failRecording ends the recording for a reason; the call goes on.
func (s *session) failRecording(reason string) {
	r := s.recording
	if r == nil || r.info.State == wire.RecordingFailed {
		return
	}
	s.stopRecording()
	r.info.State, r.info.Reason = wire.RecordingFailed, reason
	s.noteRecording()
}

// stopRecording closes the file, on a goroutine of its own: that writes.
func (s *session) stopRecording() {
	r := s.recording
	if r == nil {
		return
	}
	s.count(false)
	if r.leg != nil {
		r.leg.SetTap(nil)
		r.leg = nil
	}
	if n := len(r.info.Pauses); n > 0 && r.info.Pauses[n-1].To.IsZero() {
		r.info.Pauses = slices.Clone(r.info.Pauses)
		r.info.Pauses[n-1].To = s.x.cfg.Clock.Now()
	}
	if take := r.take; take != nil {
		r.take = nil
		r.info.Ended = s.x.cfg.Clock.Now()
		s.x.byes.Go(func() {
			if err := take.Close(); err != nil {
				s.x.log.Error("recording", "session", s.id, "error", err)
			}
		})
	}
}

// announceRecording plays the announcement to those who are to hear it, and calls then
// after it. What is recorded begins with that.
func (s *session) announceRecording(to []*party, then func()) {
	r, told := s.recording, s.x.cfg.Recording.Told
	r.info.Told = told
	hears := func(p *party) bool { return p.media != nil && (told == "both" || told == "caller" && p == &s.caller) }
	if !slices.ContainsFunc(to, hears) {
		then()
		s.followRecording()
		s.noteRecording()
		return
	}
	r.announcing = true
	r.round++
	round, left := r.round, 0
	finish := func(reason string) {
		if s.recording != r || r.round != round || !r.announcing {
			return
		}
		s.stop("announcement")
		r.announcing = false
		if reason != "" {
			s.x.log.Error("nobody was told of the recording: the call is not recorded", "session", s.id)
			s.failRecording(reason)
		}
		if s.phase == talking {
			then()
		}
		s.followRecording()
		s.noteRecording()
	}
	for _, p := range to {
		switch {
		case p.media == nil:
		case !hears(p):
			p.media.Silent()
		default:
			left++
			err := p.media.Notify(func() {
				s.post(func() {
					if left--; left == 0 {
						finish("")
					}
				})
			})
			if err != nil {
				s.x.log.Error("announcement", "session", s.id, "error", err)
				finish(wire.RecordingNotTold)
				return
			}
		}
	}
	s.after("announcement", s.x.cfg.Relay.NoticeLength()+announceGrace, func() { finish(wire.RecordingNotTold) })
	s.noteRecording()
}

// announceGrace is how much longer than its sound an announcement may take: the phone's
// path must be secured first.
const announceGrace = 10 * time.Second

// announcing reports whether an announcement keeps the parties apart.
func (s *session) announcing() bool { return s.recording != nil && s.recording.announcing }

// followRecording lets the recording go by the state of the call: whose leg is tapped,
// and whether anything is recorded. It is called after whatever may have changed that.
func (s *session) followRecording() {
	r := s.recording
	if r == nil || r.take == nil {
		return
	}
	if s.phase != talking {
		s.count(false)
		return
	}
	var tapped *party
	held := false
	for _, p := range s.present() {
		if p.media != nil && (tapped == nil || p.media == r.leg) {
			tapped = p
		}
		if s.conference == nil && p.offer != nil && (!p.offer.Sends || !p.offer.Receives) {
			held = true
		}
	}
	if tapped == nil {
		s.count(false)
		return
	}
	if tapped.media != r.leg {
		if r.leg != nil {
			r.leg.SetTap(nil)
		}
		if name := tapped.media.Codec(); name != r.codec {
			if err := r.take.Speaks(name); err != nil {
				s.x.log.Error("recording", "session", s.id, "error", err)
			}
			r.codec = name
		}
		r.leg = tapped.media
		r.leg.SetTap(r.take.Tap(s.sideOf(tapped)))
	}
	s.count(!r.announcing && r.pausedBy == "" && !held)
}

// sideOf is whether a party is recorded at the right: where it was before, or opposite
// the one that it talks to.
func (s *session) sideOf(p *party) bool {
	r := s.recording
	right, known := r.right[p.name]
	for _, q := range s.present() {
		if side, ok := r.right[q.name]; q != p && ok && !known {
			right, known = !side, true
		}
	}
	for _, q := range s.present() {
		if r.right[p.name] = right; q != p {
			r.right[q.name] = !right
		}
	}
	return right
}

// updateRecording does so and says what has changed by it: a hold is a pause.
func (s *session) updateRecording() {
	r := s.recording
	if r == nil || r.take == nil {
		return
	}
	before := r.active
	if s.followRecording(); r.active != before {
		s.noteRecording()
	}
}

// count switches the recording on or off, and its clock.
func (s *session) count(active bool) {
	r := s.recording
	if r.take != nil {
		r.take.SetActive(active)
	}
	if r.active == active {
		return
	}
	r.active = active
	now := s.x.cfg.Clock.Now()
	if active {
		r.since = now
	} else {
		r.sum += now.Sub(r.since)
	}
}

// noteRecording writes the recording's state into the record, and tells the phones.
func (s *session) noteRecording() {
	r := s.recording
	switch {
	case r == nil:
		return
	case r.info.State == wire.RecordingFailed:
	case r.take == nil:
		r.info.State = wire.RecordingOff
	case r.announcing:
		r.info.State = wire.RecordingAnnouncing
	case !r.active:
		r.info.State = wire.RecordingPaused
	default:
		r.info.State = wire.RecordingOn
		for _, p := range s.present() {
			p.recorded = true
		}
	}
	s.note(func(record *Record) {
		info := r.info
		record.Recording = &info
	})
	s.tellRecording()
}

// tellRecording tells each phone how the call is recorded.
func (s *session) tellRecording() {
	for _, p := range s.present() {
		s.tellOfRecording(p)
	}
}

func (s *session) tellOfRecording(p *party) {
	if body, err := json.Marshal(s.describeRecording()); err == nil {
		s.inform(p, wire.TypeRecording, string(body))
	}
}

func (s *session) describeRecording() wire.Recording {
	w := wire.Recording{State: wire.RecordingOff, ByHand: s.byHand()}
	r := s.recording
	if r == nil {
		switch s.consent {
		case asking:
			w.State = wire.RecordingAsking
		case refused:
			w.Reason = wire.RecordingRefused
		}
		return w
	}
	now := s.x.cfg.Clock.Now()
	w.State, w.Reason, w.By, w.Told = r.info.State, r.info.Reason, r.info.By, r.info.Told
	recorded := r.sum
	if r.active {
		recorded += now.Sub(r.since)
	}
	w.DurationMS = recorded.Milliseconds()
	if n := len(r.info.Pauses); r.pausedBy != "" && n > 0 {
		w.PausedMS = now.Sub(r.info.Pauses[n-1].From).Milliseconds()
		if !r.resumes.IsZero() {
			w.ResumesInMS = max(1, r.resumes.Sub(now).Milliseconds())
		}
	}
	return w
}
