package voice

import (
	"slices"

	"offhook/voice/audio"
	"offhook/voice/fault"
)

// mixing is the conference that this phone mixes, as part of its sound, whose mutex
// guards it: the calls that hear each other and the user.
type mixing struct {
	members []*Call
	// mixer mixes the sessions of mixed, in that order; nil without a conference.
	mixer *audio.Mixer
	mixed []*Call
}

// join puts calls into the conference, and gives it the sound. The errors are NO_CALL if
// one of them has ended, and SYSTEM_BUSY for too many.
func (s *sound) join(calls ...*Call) error {
	s.mu.Lock()
	muted, members := false, slices.Clone(s.conference.members)
	for _, c := range calls {
		select {
		case <-c.ended: // leave has taken the sound from it, or waits for the mutex
			s.mu.Unlock()
			return noCall()
		default:
		}
		muted = muted || c.Details().Muted
		if !slices.Contains(members, c) {
			members = append(members, c)
		}
	}
	if len(members) > maxMixed {
		s.mu.Unlock()
		return fault.New(fault.SystemBusy, "conference.full")
	}
	if m := s.conference.mixer; m != nil {
		muted = muted || m.Muted()
	}
	before := s.holder
	s.conference.members = members
	s.holder = calls[0]
	s.regroup(muted)
	s.mu.Unlock()
	if before != nil && !slices.Contains(members, before) {
		before.queue.Post(before.noteSound)
		before.queue.Post(before.standAside)
	}
	for _, c := range members {
		c.queue.Post(c.noteSound)
	}
	return nil
}

// regroup makes the mixer of the members that there are now. The mutex is held.
func (s *sound) regroup(muted bool) {
	s.conference.mixer, s.conference.mixed = nil, nil
	var parties []audio.Far
	for _, c := range s.conference.members {
		if session := c.live.Load(); session != nil {
			parties = append(parties, *session)
			s.conference.mixed = append(s.conference.mixed, c)
		}
	}
	m := audio.NewMixer(parties...)
	m.SetMuted(muted)
	for i, c := range s.conference.mixed {
		m.MuteParty(i, c.Details().PartyMuted)
	}
	s.conference.mixer = m
	s.turn()
}

// part takes a call out of the conference; what is left of it, if that is one, is a
// call like any other. The mutex is held. rest are those that are left.
func (s *sound) part(c *Call) (rest []*Call) {
	if !slices.Contains(s.conference.members, c) {
		return nil
	}
	muted := s.conference.mixer.Muted()
	rest = slices.DeleteFunc(slices.Clone(s.conference.members), func(m *Call) bool { return m == c })
	if s.holder == c {
		s.holder = rest[0]
	}
	if s.conference.members = rest; len(rest) > 1 {
		s.regroup(muted)
		return rest
	}
	// The microphone reaches the session itself from now on.
	if session := rest[0].live.Load(); session != nil && muted {
		(*session).SetMuted(true)
	}
	s.conference = mixing{}
	s.turn()
	return rest
}

// serves reports whether a call is heard: it has the sound, or the conference has in
// which it is.
func (s *sound) serves(c *Call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holder == c || s.holder != nil && slices.Contains(s.conference.members, c) && slices.Contains(s.conference.members, s.holder)
}

// membersWith are those of the conference in which a call is, nil if it is in none.
func (s *sound) membersWith(c *Call) []*Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.conference.members, c) {
		return nil
	}
	return slices.Clone(s.conference.members)
}

// member is the one of that ID in the conference in which a call is, or nil.
func (s *sound) member(c *Call, id string) *Call {
	for _, m := range s.membersWith(c) {
		if m.id == id {
			return m
		}
	}
	return nil
}

// muteConference keeps the microphone from the conference.
func (s *sound) muteConference(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conference.mixer != nil {
		s.conference.mixer.SetMuted(on)
	}
}

// muteParty keeps the sound of a member from everybody.
func (s *sound) muteParty(c *Call, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.conference.mixed, c); i >= 0 {
		s.conference.mixer.MuteParty(i, on)
	}
}

// level is how loud a member is.
func (s *sound) level(c *Call) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.conference.mixed, c); i >= 0 {
		return s.conference.mixer.Level(i)
	}
	return 0
}

// noteSound tells that the call has got or lost the sound, or come into a conference
// or out of it.
func (c *Call) noteSound() {
	if !c.details.State.Active() {
		return
	}
	d := &c.details
	has, members := c.sound.serves(c), c.sound.membersWith(c)
	if has == d.HasSound && (members != nil) == d.InConference {
		return
	}
	if in := members != nil; in != d.InConference {
		d.InConference = in
		if in {
			c.sound.mu.Lock()
			d.Muted = c.sound.conference.mixer != nil && c.sound.conference.mixer.Muted()
			c.sound.mu.Unlock()
			c.media.SetMuted(false) // the mixer mutes the microphone alone
		} else {
			d.PartyMuted = false
			c.media.SetMuted(d.Muted)
		}
	}
	d.HasSound = has
	c.changed()
}

// resumeConference takes the rest of the conference off hold, if all of it was on hold.
func (c *Call) resumeConference() {
	members := c.sound.membersWith(c)
	for _, m := range members {
		if !m.Details().Held {
			return
		}
	}
	for _, m := range members {
		if m != c {
			m.queue.Post(func() { m.setHold(false, make(chan error, 1)) })
		}
	}
}
