package recording

import (
	"time"

	"offhook/voice/codec"
	"offhook/voice/codec/red"
)

// side is one side of the call: it finds the place of each packet on the line of time.
// Within a stream that is what the RTP timestamps say. They are the other side's clock,
// which runs a little faster or slower than this one: whenever the packets that came
// soonest have moved by half a slot, so does the place of those that follow.
type side struct {
	format string // the file's
	mono   bool
	name   string // of the codec that comes
	clock  int
	track  track
	blocks red.Blocks
	tried  []byte

	anchored bool
	source   uint32
	ts       uint32
	at       int64 // the place of ts

	window time.Duration // when the present one began
	least  int64         // how late the soonest packet of it came
	some   bool          // there has been one
}

const (
	// driftWindow is how long packets are watched for how late they come.
	driftWindow = 5 * time.Second
	// tooLate and tooEarly are how far a packet may lie from where its timestamp says
	// it belongs; beyond that its stream has begun anew, or its sender's clock stood.
	tooLate  = codec.SampleRate / 4
	tooEarly = codec.SampleRate / 2
)

// speaks makes the side take packets of a codec.
func (s *side) speaks(name string) error {
	if s.name == name && s.track != nil {
		return nil
	}
	info, ok := codec.Lookup(name)
	if !ok {
		return codec.ErrUnknown
	}
	var err error
	var t track
	switch {
	case s.mono && name == codec.Opus:
		t, err = newMixedTrack()
	case s.mono:
		t, err = newSoundTrack(name, "")
	case name != s.format:
		t, err = newSoundTrack(name, s.format)
	case name == codec.Opus:
		t, err = newOpusTrack()
	default:
		t = newLawTrack(name)
	}
	if err != nil {
		return err
	}
	s.name, s.clock, s.track, s.anchored = name, info.ClockRate, t, false
	return nil
}

// place is where a packet with that timestamp belongs.
func (s *side) place(at time.Duration, source, ts uint32) int64 {
	now := samples(at)
	if !s.anchored || s.source != source {
		s.anchor(now, source, ts, at)
		return s.at
	}
	pos := s.at + int64(int32(ts-s.ts))*int64(codec.SampleRate/s.clock)
	late := now - pos
	if late > tooLate || late < -tooEarly {
		s.anchor(now, source, ts, at)
		return s.at
	}
	if int32(ts-s.ts) > 0 {
		s.at, s.ts = pos, ts
	}
	if !s.some || late < s.least {
		s.least, s.some = late, true
	}
	if at-s.window >= driftWindow {
		off := (s.least + slotSamples/2) / slotSamples * slotSamples
		if s.least < 0 {
			off = (s.least - slotSamples/2) / slotSamples * slotSamples
		}
		s.at += off
		pos += off
		s.window, s.some = at, false
	}
	return pos
}

// anchor begins a stream at a whole slot.
func (s *side) anchor(now int64, source, ts uint32, at time.Duration) {
	s.anchored, s.source, s.ts = true, source, ts
	s.at = (now + slotSamples/2) / slotSamples * slotSamples
	s.window, s.some = at, false
}

// take puts a packet into the track; what is before the slot to be written next comes
// too late.
func (s *side) take(at time.Duration, next int64, p Packet) {
	pos := s.place(at, p.Source, p.TS)
	if !p.Red {
		s.put(pos, next, p.Payload)
		return
	}
	if !s.blocks.Read(p.Payload) {
		return
	}
	own := s.blocks.Own()
	// A decoder wants what was said before first.
	for _, c := range s.blocks.Copies() {
		if c.PayloadType == own.PayloadType {
			s.put(pos-int64(c.Back)*int64(codec.SampleRate/s.clock), next, c.Payload)
		}
	}
	s.put(pos, next, own.Payload)
}

func (s *side) put(pos, next int64, payload []byte) {
	if len(payload) == 0 || pos+slotSamples/2 < next*slotSamples || pos >= (next+ringSlots-8)*slotSamples {
		return
	}
	var opus *opusTrack
	switch t := s.track.(type) {
	case *opusTrack:
		opus = t
	case *mixedTrack:
		opus = t.opusTrack
	}
	if opus != nil {
		var err error
		switch {
		case opusSamples(payload) == 0:
			return
		case !opus.takes(payload):
			s.decode(opus, next)
		default:
			if s.tried, err = appendSelfDelimited(s.tried[:0], payload); err != nil {
				return
			}
		}
	}
	s.track.put(max(pos, next*slotSamples), payload)
}

// decode goes over to a track that takes packets of any length, with what is kept.
func (s *side) decode(old *opusTrack, next int64) {
	to := s.format
	if s.mono {
		to = ""
	}
	t, err := newSoundTrack(s.name, to)
	if err != nil {
		return
	}
	for slot := next; slot < next+ringSlots; slot++ {
		if old.has(slot) {
			t.put(slot*slotSamples, append([]byte(nil), old.frame(slot)...))
		}
	}
	s.track = t
}

func samples(d time.Duration) int64 { return int64(d) * codec.SampleRate / int64(time.Second) }
