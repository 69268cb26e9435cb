package media

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"offhook/voice/codec"
	"offhook/voice/codec/red"
	"offhook/voice/sdp"
)

const telephoneEvent = "telephone-event"

// eventFmtp are the events that the phone takes: the 16 DTMF digits.
const eventFmtp = "0-15"

// negotiation is the offer/answer state of a session (RFC 3264). The session's
// mutex guards it; turn keeps Offer, Answer and SetAnswer apart, which may wait
// for candidates.
type negotiation struct {
	turn sync.Mutex

	infos     []codec.Info
	sessionID uint64
	version   uint64
	mid       string
	ssrc      uint32
	cname     string
	jsep      bool // the peer groups and names its sections
	// types are the payload types by codec: once described they stay.
	types map[string]uint8
	// others are the peer's sections that the phone refuses, and index is where
	// its audio stands among them.
	others []sdp.Media
	index  int

	pending      *sdp.Description // our offer that waits for an answer
	lastAnswer   string
	peerReceives bool
	peerSends    bool
	peerHolds    bool
	settled      bool // the two sides have agreed at least once
}

func newNegotiation(cfg Config) (*negotiation, error) {
	n := &negotiation{
		sessionID: rand.Uint64() >> 2,
		mid:       "0",
		jsep:      true,
		types:     map[string]uint8{},
	}
	for _, name := range cfg.Codecs {
		i, ok := codec.Lookup(name)
		if !ok {
			return nil, fmt.Errorf("media: %w: %q", codec.ErrUnknown, name)
		}
		n.infos = append(n.infos, i)
	}
	return n, nil
}

// offered are the codecs of an offer, with telephone-event for every clock.
func (n *negotiation) offered() []sdp.Codec {
	var out []sdp.Codec
	clocks := map[int]bool{}
	for _, i := range n.infos {
		out = append(out, sdp.Codec{
			PayloadType: n.typeOf(i.Name, i.ClockRate, i.PayloadType),
			Name:        i.Name, ClockRate: i.ClockRate, Channels: i.Channels, Fmtp: i.Fmtp,
		})
		clocks[i.ClockRate] = true
	}
	// Events at 8000 Hz go with every offer: many peers know no other.
	clocks[8000] = true
	for _, e := range []struct {
		clock int
		pt    uint8
	}{{48000, 110}, {8000, 101}} {
		if clocks[e.clock] {
			out = append(out, sdp.Codec{
				PayloadType: n.typeOf(telephoneEvent, e.clock, e.pt),
				Name:        telephoneEvent, ClockRate: e.clock, Channels: 1, Fmtp: eventFmtp,
			})
		}
	}
	for k, i := range n.infos {
		if i.Copies {
			out = append(out, redOf(out[k], n.typeOf(red.Name, i.ClockRate, redType)))
			break
		}
	}
	// Comfort noise belongs to the codecs that have none of their own (RFC 7874,
	// section 3).
	if slices.ContainsFunc(n.infos, func(i codec.Info) bool { return !i.OwnSilence }) {
		out = append(out, sdp.Codec{
			PayloadType: n.typeOf(comfortName, comfortClock, comfortType), Name: comfortName, ClockRate: comfortClock, Channels: 1,
		})
	}
	return out
}

func typeKey(name string, clock int) string {
	return fmt.Sprintf("%s/%d", strings.ToLower(name), clock)
}

// typeOf is the payload type of a codec in this session: the one that was
// described before, else want, else the first that is free.
func (n *negotiation) typeOf(name string, clock int, want uint8) uint8 {
	key := typeKey(name, clock)
	if pt, ok := n.types[key]; ok {
		return pt
	}
	taken := map[uint8]bool{}
	for _, pt := range n.types {
		taken[pt] = true
	}
	for pt := uint8(96); taken[want] && pt < 128; pt++ {
		want = pt
	}
	n.types[key] = want
	return want
}

func (n *negotiation) wish(held bool) sdp.Direction {
	if held {
		return sdp.SendOnly
	}
	return sdp.SendRecv
}

// offer begins a local offer; the link completes it.
func (n *negotiation) offer(proto string, held bool) *sdp.Description {
	n.version++
	m := n.section(proto)
	m.Direction = n.wish(held)
	m.Codecs = n.offered()
	return &sdp.Description{SessionID: n.sessionID, Version: n.version, Media: []sdp.Media{m}}
}

func (n *negotiation) section(proto string) sdp.Media {
	m := sdp.Media{Kind: "audio", Proto: proto}
	if n.jsep {
		m.MID, m.MSID, m.SSRC, m.CNAME = n.mid, "offhook audio", n.ssrc, n.cname
	}
	return m
}

// bundle puts our audio section among the peer's others and names the group.
func (n *negotiation) bundle(d *sdp.Description) {
	if n.jsep && len(d.Media[0].Fingerprints) > 0 {
		d.Bundle = []string{n.mid}
	}
	if len(n.others) == 0 {
		return
	}
	all := make([]sdp.Media, 0, len(n.others)+1)
	all = append(all, n.others[:n.index]...)
	all = append(all, d.Media[0])
	d.Media = append(all, n.others[n.index:]...)
}

// remember keeps what our later descriptions must repeat of the peer's offer.
func (n *negotiation) remember(peer *sdp.Description, audio *sdp.Media) {
	n.jsep = audio.MID != ""
	n.mid = audio.MID
	n.others = nil
	for i := range peer.Media {
		m := &peer.Media[i]
		if m == audio {
			n.index = len(n.others)
			continue
		}
		n.others = append(n.others, sdp.Media{Kind: m.Kind, Proto: m.Proto, Formats: m.Formats, MID: m.MID})
	}
}

// eventsFor returns the peer's telephone-events, the one whose clock is the
// codec's first.
func eventsFor(theirs []sdp.Codec, clock int) []sdp.Codec {
	var out []sdp.Codec
	for _, c := range theirs {
		if !strings.EqualFold(c.Name, telephoneEvent) {
			continue
		}
		if c.ClockRate == clock {
			out = append([]sdp.Codec{c}, out...)
		} else if c.ClockRate == 8000 || c.ClockRate == 48000 {
			out = append(out, c)
		}
	}
	return out
}

// Answer implements Session.
func (s *session) Answer(ctx context.Context, offer string) (string, error) {
	s.nego.turn.Lock()
	defer s.nego.turn.Unlock()
	if s.isClosed() {
		return "", ErrClosed
	}
	peer, err := sdp.Parse(offer)
	if err != nil {
		return "", err
	}
	if switchedOff(peer) && s.nego.settled { // which only turns writes
		return s.answerSwitchedOff(peer), nil
	}
	theirs, err := s.nego.best(peer, s.link.acceptable)
	if err != nil {
		return "", err
	}
	if err := locate(ctx, theirs); err != nil {
		return "", err
	}
	s.mu.Lock()
	d, plan, err := s.nego.answer(peer, theirs, s.held)
	s.mu.Unlock()
	if err != nil {
		return "", err
	}
	if err := s.link.answer(ctx, peer, theirs, &d.Media[0]); err != nil {
		return "", fmt.Errorf("media: answer: %w", err)
	}
	d.Address = d.Media[0].Address
	s.listen(d)
	if err := s.settle(peer, theirs, plan); err != nil {
		return "", err
	}
	s.mu.Lock()
	s.nego.pending = nil
	s.nego.bundle(d)
	if len(peer.Bundle) == 0 {
		d.Bundle = nil
	}
	s.mu.Unlock()
	return d.String(), nil
}

// agreed is what an exchange of descriptions ended with.
type agreed struct {
	send   sdp.Codec
	info   codec.Info
	events []sdp.Codec
}

func (n *negotiation) answer(peer *sdp.Description, theirs *sdp.Media, held bool) (*sdp.Description, agreed, error) {
	// The answer follows the offerer's order (RFC 3264, section 6.1).
	a, err := n.chosen(theirs.Codecs)
	if err != nil {
		return nil, a, err
	}
	n.remember(peer, theirs)
	n.version++
	m := n.section(theirs.Proto)
	m.Direction = theirs.Direction.Answer(n.wish(held))
	mine := a.send
	mine.Name, mine.Fmtp = a.info.Name, a.info.Fmtp
	m.Codecs = append(m.Codecs, mine)
	n.types[typeKey(a.info.Name, a.info.ClockRate)] = mine.PayloadType
	for _, e := range a.events {
		e.Fmtp = eventFmtp
		m.Codecs = append(m.Codecs, e)
		n.types[typeKey(telephoneEvent, e.ClockRate)] = e.PayloadType
	}
	if found, copies := redFor(theirs.Codecs, a.send); copies > 0 {
		m.Codecs = append(m.Codecs, found)
		n.types[typeKey(red.Name, found.ClockRate)] = found.PayloadType
	}
	for _, c := range theirs.Codecs {
		if c.Is(comfortName, a.info.ClockRate) {
			m.Codecs = append(m.Codecs, c)
			n.types[typeKey(comfortName, c.ClockRate)] = c.PayloadType
			break
		}
	}
	return &sdp.Description{SessionID: n.sessionID, Version: n.version, Media: []sdp.Media{m}}, a, nil
}

// SetAnswer implements Session.
func (s *session) SetAnswer(answer string) error {
	s.nego.turn.Lock()
	defer s.nego.turn.Unlock()
	s.mu.Lock()
	closed, same := s.closed, s.nego.pending == nil && answer == s.nego.lastAnswer
	none := s.nego.pending == nil && s.nego.lastAnswer == ""
	s.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case same:
		return nil
	case none:
		return ErrState
	}
	peer, err := sdp.Parse(answer)
	if err != nil {
		return err
	}
	theirs, err := peer.Audio()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotAcceptable, err)
	}
	if err := targets(theirs); err != nil {
		return err
	}
	if err := locate(context.Background(), theirs); err != nil {
		return err
	}
	a, err := s.nego.chosen(theirs.Codecs)
	if err != nil {
		return err
	}
	if err := s.link.accept(peer, theirs); err != nil {
		return fmt.Errorf("media: answer: %w", err)
	}
	if err := s.settle(peer, theirs, a); err != nil {
		return err
	}
	s.recv.plan.Store(s.recv.plan.Load().with(theirs.Codecs))
	s.mu.Lock()
	s.nego.pending, s.nego.lastAnswer = nil, answer
	s.mu.Unlock()
	return nil
}

// chosen is the first of the other side's codecs that the phone speaks, with the
// telephone-events that go with it.
func (n *negotiation) chosen(theirs []sdp.Codec) (agreed, error) {
	for _, c := range theirs {
		for _, i := range n.infos {
			if c.Is(i.Name, i.ClockRate) {
				return agreed{send: c, info: i, events: eventsFor(theirs, i.ClockRate)}, nil
			}
		}
	}
	return agreed{}, ErrNoCodec
}

// listen makes the payload types of our description known to the receiver
// before the peer can use them.
func (s *session) listen(d *sdp.Description) {
	for i := range d.Media {
		if m := &d.Media[i]; m.Kind == "audio" && !m.Refused() {
			s.recv.plan.Store(newReceivePlan(m.Codecs))
		}
	}
}

// settle puts what was agreed into force.
func (s *session) settle(peer *sdp.Description, theirs *sdp.Media, a agreed) error {
	plan := &sendPlan{info: a.info, pt: a.send.PayloadType}
	plan.short, plan.only = shortPackets(theirs, a.send)
	if found, copies := redFor(theirs.Codecs, a.send); copies > 0 {
		plan.redPT, plan.copies = found.PayloadType, copies
	}
	if len(a.events) > 0 {
		plan.eventPT, plan.eventClock = a.events[0].PayloadType, a.events[0].ClockRate
	}
	for _, c := range theirs.Codecs {
		if s.cfg.DTX && !a.info.OwnSilence && c.Is(comfortName, a.info.ClockRate) {
			plan.noisePT, plan.noise = c.PayloadType, true
			break
		}
	}
	if old := s.send.plan.Load(); old != nil && old.info == plan.info {
		plan.enc = old.enc
	} else {
		var err error
		if plan.enc, err = s.encoder(a.send); err != nil {
			return err
		}
	}
	s.send.plan.Store(plan)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nego.settled = true
	s.directions(theirs.Direction.Sends(), theirs.Direction.Receives() && !blackHole(theirs))
	return nil
}

// directions takes over whether the peer sends and receives; s.mu is held.
func (s *session) directions(sends, receives bool) {
	s.nego.peerSends, s.nego.peerReceives = sends, receives
	if holds := !receives; holds != s.nego.peerHolds {
		s.nego.peerHolds = holds
		kind := PeerResumed
		if holds {
			kind = PeerHeld
		}
		s.events.emit(Event{Kind: kind})
	}
	s.gates()
}

// shortPackets reads whether the peer takes packets of 10 ms, and whether it takes
// only such. What it prefers is a=ptime and what it can't exceed a=maxptime (RFC
// 8866, section 6.4); Opus says with minptime what it takes if there is no
// preference (RFC 7587, section 6.1). A codec of a high bitrate in short packets is
// more header than it is worth unless asked for.
func shortPackets(m *sdp.Media, c sdp.Codec) (takes, only bool) {
	const short = 10
	if m.PTime > 0 && m.PTime <= short || m.MaxPTime > 0 && m.MaxPTime < 2*short {
		return true, true
	}
	if info, ok := codec.Lookup(c.Name); m.PTime > 0 || !ok || !info.ShortPackets {
		return false, false
	}
	least := 3 // the default of RFC 7587
	if v, ok := c.Param("minptime"); ok {
		if n, err := strconv.Atoi(v); err == nil {
			least = n
		}
	}
	return least <= short, false
}

// blackHole recognises the hold of RFC 2543: media to 0.0.0.0. A WebRTC section
// has that address too, before its candidates are known.
func blackHole(m *sdp.Media) bool {
	return m.Ufrag == "" && m.Address.IsValid() && m.Address.IsUnspecified()
}

// switchedOff recognises the hold of a peer that refuses its own stream by port 0. One
// that wants another kind of stream in its place wants no hold.
func switchedOff(d *sdp.Description) bool {
	audio := false
	for i := range d.Media {
		if !d.Media[i].Refused() {
			return false
		}
		audio = audio || d.Media[i].Kind == "audio"
	}
	return audio
}

// answerSwitchedOff answers such an offer: its sections are refused in their places (RFC
// 3264, section 6), and the transport stays as it is for the next one.
func (s *session) answerSwitchedOff(peer *sdp.Description) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nego.version++
	s.nego.pending = nil
	d := &sdp.Description{SessionID: s.nego.sessionID, Version: s.nego.version, Address: netip.IPv4Unspecified()}
	for i := range peer.Media {
		m := &peer.Media[i]
		d.Media = append(d.Media, sdp.Media{Kind: m.Kind, Proto: m.Proto, Formats: m.Formats, MID: m.MID})
	}
	s.directions(false, false)
	return d.String()
}

// Holds reports whether a description of the far side puts this one on hold: its sound
// is sendonly or inactive (RFC 3264, section 8.4), goes to 0.0.0.0, or is switched off.
func Holds(description string) bool {
	d, err := sdp.Parse(description)
	if err != nil {
		return false
	}
	m, err := d.Audio()
	if err != nil {
		return switchedOff(d)
	}
	return !m.Direction.Receives() || blackHole(m)
}

// encoder makes the encoder for what the peer described.
func (s *session) encoder(c sdp.Codec) (codec.Encoder, error) {
	fec, said := c.Param("useinbandfec")
	return codec.NewEncoder(c.Name,
		codec.WithBitrate(s.cfg.Bitrate),
		codec.WithComplexity(s.cfg.Complexity),
		codec.WithDTX(s.cfg.DTX),
		codec.WithFEC(!said || fec == "1"),
	)
}
