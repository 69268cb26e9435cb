package exophone

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"offhook/demo/relay"
	"offhook/voice/wire"
)

// Errors of conferences.
var (
	// ErrConference says that two calls can't be joined: they must be different ones,
	// answered, and between phones.
	ErrConference = errors.New("these calls can't be joined: both must be answered, and between phones")
	// ErrNotHost says that only the party that began the conference may do so.
	ErrNotHost = errors.New("only the one who began the conference may do so")
	// ErrNoParty says that there is no such party in the conference.
	ErrNoParty = errors.New("nobody of that id is in the conference")
)

// maxParties bounds a conference.
const maxParties = 32

// conference is what makes a session one of more than two parties.
type conference struct {
	media *relay.Conference
	host  *dialog // of the party that began it; nil once it has left
}

// place is where a party sits in a conference.
type place struct {
	id      string
	muted   bool
	talking bool
}

// perform runs f on the goroutine of a session and returns what it returns.
func perform[T any](x *Exchange, sessionID string, f func(s *session) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	none := result{err: ErrNoCall}
	s := x.session(sessionID)
	if s == nil {
		return none.value, none.err
	}
	done := make(chan result, 1)
	if !s.post(func() {
		v, err := f(s)
		done <- result{v, err}
	}) {
		return none.value, none.err
	}
	select {
	case r := <-done:
		return r.value, r.err
	case <-s.done:
		select {
		case r := <-done:
			return r.value, r.err
		default:
			return none.value, none.err
		}
	}
}

// talker is the party of a subscriber in a conversation.
func (s *session) talker(subscriber string) (*party, error) {
	if s.phase == talking {
		for _, p := range s.present() {
			if p.name == subscriber && p.dialog != nil {
				return p, nil
			}
		}
	}
	return nil, ErrNoCall
}

// Confer implements Calls. The two sessions run on goroutines of their own: the other
// one hands its parties over and ends, without waiting for this one to take them.
func (x *Exchange) Confer(sessionID, subscriber, with string) (wire.Conference, error) {
	// Two calls that are joined to each other at the same time would both end.
	x.conferring.Lock()
	defer x.conferring.Unlock()
	into, other := x.session(sessionID), x.session(with)
	switch {
	case into == nil || other == nil:
		return wire.Conference{}, ErrNoCall
	case into == other && sessionID == with:
		return wire.Conference{}, ErrConference
	case into == other: // said again
		return x.Conference(sessionID, subscriber)
	}
	if _, err := perform(x, sessionID, func(s *session) (int, error) { return s.room(subscriber) }); err != nil {
		return wire.Conference{}, err
	}
	joined := make(chan error, 1)
	_, err := perform(x, with, func(s *session) (struct{}, error) {
		return struct{}{}, s.handOver(subscriber, into, func(err error) { joined <- err })
	})
	if err != nil {
		return wire.Conference{}, err
	}
	if err := <-joined; err != nil {
		return wire.Conference{}, err
	}
	return x.Conference(sessionID, subscriber)
}

// room is how many parties may come, or why none may.
func (s *session) room(subscriber string) (int, error) {
	host, err := s.talker(subscriber)
	if err != nil {
		return 0, err
	}
	for _, p := range s.present() {
		if p.dialog == nil || p.media == nil {
			return 0, ErrConference
		}
	}
	if s.conference != nil && s.conference.host != host.dialog {
		return 0, ErrNotHost
	}
	return maxParties - len(s.present()), nil
}

// handOver ends this session but for the far sides of by, which go into another.
// joined is called once they are there, or are not.
func (s *session) handOver(by string, into *session, joined func(error)) error {
	if _, err := s.room(by); err != nil {
		return err
	}
	leaves, _ := s.talker(by)
	var moving []*party
	for _, p := range s.present() {
		if p != leaves {
			copied := *p
			copied.place = place{}
			moving = append(moving, &copied)
		}
	}
	ids := append([]string{s.id}, s.aliases...)
	// What arrives for a dialog from its moving on waits behind adopt.
	if !into.post(func() { joined(into.adopt(by, moving, ids)) }) {
		return ErrNoCall
	}
	for _, p := range moving {
		p.dialog.owner.Store(into)
	}
	s.aliases = nil
	s.note(func(r *Record) { r.Into = into.id })
	if s.conference != nil {
		s.conference, s.guests = nil, nil
	}
	gone, side := *leaves, s.side(leaves)
	s.caller, s.callee = party{name: s.caller.name}, party{name: s.callee.name}
	if side == byCaller {
		s.caller = gone
	} else {
		s.callee = gone
	}
	s.end(ending{reason: wire.ReasonMerged, by: side})
	return nil
}

// adopt takes parties in that talked with by in another call; their phones know this
// one by the ids of that one.
func (s *session) adopt(by string, parties []*party, ids []string) error {
	room, err := s.room(by)
	if err == nil && room < len(parties) {
		err = ErrConference
	}
	if err != nil {
		for _, p := range parties {
			s.leave(p, "")
		}
		return err
	}
	if s.conference == nil {
		host, _ := s.talker(by)
		s.conference = &conference{host: host.dialog}
		s.conference.media = s.x.cfg.Relay.NewConference(func(legs []*relay.Leg) {
			s.post(func() { s.voices(legs) })
		})
		for _, p := range s.present() {
			s.seat(p)
			s.mix(p)
		}
	}
	for _, p := range parties {
		s.guests = append(s.guests, p)
		s.seat(p)
		s.x.log.Info("party joined", "session", s.id, "by", by, "party", p.name)
	}
	mix := func(parties []*party) {
		for _, p := range parties {
			s.mix(p)
		}
	}
	if s.recording != nil && s.recording.take != nil {
		// Who was in a recorded call already need not hear of it again.
		told, strangers := splitTold(parties)
		mix(told)
		s.announceRecording(strangers, func() { mix(strangers) })
	} else {
		mix(parties)
	}
	s.note(func(r *Record) {
		for _, p := range parties {
			r.Joined = append(r.Joined, p.name+", with "+by)
		}
	})
	s.x.also(s, ids...)
	for _, p := range s.present() {
		s.mirrorHold(p)
	}
	s.tellParties()
	return nil
}

// seat gives a party its place.
func (s *session) seat(p *party) {
	p.holds = false
	p.place = place{id: p.name}
	for i := 2; slices.ContainsFunc(s.present(), func(q *party) bool { return q != p && q.place.id == p.place.id }); i++ {
		p.place.id = p.name + "-" + strconv.Itoa(i)
	}
}

// mix lets the others hear a party, and the party them.
func (s *session) mix(p *party) {
	if s.conference == nil {
		return
	}
	if err := s.conference.media.Add(p.media); err != nil {
		s.x.log.Error("conference", "session", s.id, "party", p.name, "error", err)
	}
	p.media.Open()
}

// part lets one party go; the others talk on. With two left it is a call as any other,
// with one it ends.
func (s *session) part(p *party, reason string) {
	s.x.log.Info("party left", "session", s.id, "party", p.name, "reason", reason)
	gone := *p
	var rest []party
	for _, q := range s.present() {
		if q != p {
			rest = append(rest, *q)
		}
	}
	if s.conference.host == p.dialog {
		s.conference.host = nil
	}
	s.caller, s.callee, s.guests = rest[0], rest[1], nil
	for i := range rest[2:] {
		s.guests = append(s.guests, &rest[2+i])
	}
	s.leave(&gone, reason)
	if len(rest) == 2 {
		s.conference, s.conferred = nil, true
		for _, q := range s.present() {
			q.place.muted, q.place.talking = false, false
			q.holds = s.x.cfg.HoldMusic && !q.offer.Receives
		}
		relay.Join(s.caller.media, s.callee.media)
		s.connect()
	}
	s.note(func(*Record) {})
	for _, q := range s.present() {
		s.mirrorHold(q)
	}
	s.tellParties()
}

// voices takes from the relay who speaks.
func (s *session) voices(legs []*relay.Leg) {
	if s.conference == nil || s.phase != talking {
		return
	}
	for _, p := range s.present() {
		p.place.talking = slices.Contains(legs, p.media)
	}
	s.tellParties()
}

// describe is the conference as one of its parties sees it.
func (s *session) describe(you *party) wire.Conference {
	c := wire.Conference{SessionID: s.id}
	for _, p := range s.present() {
		if s.conference != nil && s.conference.host == p.dialog {
			c.Host = p.place.id
		}
		id := p.place.id
		if id == "" {
			id = p.name
		}
		c.Parties = append(c.Parties, wire.Party{
			ID: id, Name: p.name, DisplayName: p.display, Muted: p.place.muted, Talking: p.place.talking, You: p == you,
		})
	}
	return c
}

// tellParties tells each phone by INFO who is there, if that has changed for it.
func (s *session) tellParties() {
	if s.phase != talking {
		return
	}
	for _, p := range s.present() {
		if body, err := json.Marshal(s.describe(p)); err == nil {
			s.inform(p, wire.TypeConference, string(body))
		}
	}
}

// Conference implements Calls.
func (x *Exchange) Conference(sessionID, subscriber string) (wire.Conference, error) {
	return perform(x, sessionID, func(s *session) (wire.Conference, error) {
		p, err := s.talker(subscriber)
		if err != nil {
			return wire.Conference{}, err
		}
		return s.describe(p), nil
	})
}

// hosted finds a party for what only the host may do, or the party itself.
func (s *session) hosted(subscriber, id string) (p *party, err error) {
	by, err := s.talker(subscriber)
	switch {
	case err != nil:
		return nil, err
	case s.conference == nil:
		return nil, ErrNoCall
	}
	for _, q := range s.present() {
		if q.place.id == id {
			p = q
		}
	}
	switch {
	case p == nil:
		return nil, ErrNoParty
	case p != by && s.conference.host != by.dialog:
		return nil, ErrNotHost
	}
	return p, nil
}

// MuteParty implements Calls.
func (x *Exchange) MuteParty(sessionID, subscriber, id string, muted bool) (wire.Conference, error) {
	return perform(x, sessionID, func(s *session) (wire.Conference, error) {
		p, err := s.hosted(subscriber, id)
		if err != nil {
			return wire.Conference{}, err
		}
		p.place.muted = muted
		s.conference.media.Mute(p.media, muted)
		s.tellParties()
		by, err := s.talker(subscriber)
		if err != nil {
			return wire.Conference{}, err
		}
		return s.describe(by), nil
	})
}

// DropParty implements Calls. Each may leave.
func (x *Exchange) DropParty(sessionID, subscriber, id string) error {
	_, err := perform(x, sessionID, func(s *session) (struct{}, error) {
		p, err := s.hosted(subscriber, id)
		if err == nil {
			s.part(p, "")
		}
		return struct{}{}, err
	})
	return err
}

// EndConference implements Calls: it ends for all, if the host says so.
func (x *Exchange) EndConference(sessionID, subscriber string) error {
	_, err := perform(x, sessionID, func(s *session) (struct{}, error) {
		host, err := s.talker(subscriber)
		switch {
		case err != nil:
		case s.conference == nil:
			err = ErrNoCall
		case s.conference.host != host.dialog:
			err = ErrNotHost
		default:
			s.end(ending{reason: endHangup, by: s.side(host)})
		}
		return struct{}{}, err
	})
	return err
}
