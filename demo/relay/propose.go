package relay

import (
	"fmt"

	"github.com/pion/sdp/v3"

	"offhook/voice/codec"
)

// NewProposal makes a leg for a phone that is called and did not offer: a web
// client that has registered. Propose returns the relay's own offer, Accept
// takes the phone's answer. peer is what the caller offered, whose formats are
// proposed; nil for a bot, which speaks any.
func (r *Relay) NewProposal(peer *Offer, onDigit func(rune)) (*Leg, error) {
	l, err := r.newLeg(onDigit)
	if err != nil {
		return nil, err
	}
	l.peer = peer
	return l, nil
}

// Propose returns the offer, with the codec of that name only if it is not
// empty.
func (l *Leg) Propose(only string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.answered {
		return "", ErrClosed
	}
	if l.path.Load() == nil {
		if err := l.openPath(); err != nil {
			return "", err
		}
	}
	codecs, events := l.proposal(only)
	a := l.answer
	for _, c := range codecs {
		if l.peer == nil || c.Name != codec.Opus {
			continue
		}
		if red, blocks := l.peer.redFor(c); red != nil {
			a.red = redOf(*red, c, blocks)
		}
	}
	return a.propose(codecs, events)
}

// proposal are the formats to offer: the caller's, or all.
func (l *Leg) proposal(only string) (codecs, events []Codec) {
	if l.peer != nil {
		codecs, events = l.peer.Codecs, l.peer.events
	} else {
		for _, i := range codec.Infos() {
			codecs = append(codecs, Codec{
				Name: i.Name, Clock: i.ClockRate, Channels: i.Channels, PayloadType: i.PayloadType, Fmtp: i.Fmtp,
			})
		}
		events = []Codec{{Name: eventName, Clock: 48000, PayloadType: 110}, {Name: eventName, Clock: 8000, PayloadType: 126}}
	}
	if only == "" {
		return codecs, events
	}
	for _, c := range codecs {
		if c.Name == only {
			return []Codec{c}, events
		}
	}
	return nil, events
}

// Accept takes the phone's answer and starts ICE and DTLS.
func (l *Leg) Accept(raw string) error {
	answer, err := ParseOffer(raw)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.answered || l.path.Load() == nil {
		return ErrClosed
	}
	codecs, _ := l.proposal("")
	var agreed *Codec
	for _, c := range codecs {
		if said, ok := answer.codec(c.Name); ok && said.PayloadType == answer.Codecs[0].PayloadType {
			agreed = &said
		}
	}
	if agreed == nil {
		return fmt.Errorf("%w: a codec that was not offered", ErrUnacceptable)
	}
	l.offer = answer
	l.answer.codec = *agreed
	l.settle()
	if err := l.path.Load().start(answer.ufrag, answer.pwd); err != nil {
		return err
	}
	if err := l.openSecure(); err != nil {
		return err
	}
	l.answered = true
	return nil
}

// propose writes an offer of one audio stream.
func (a answerer) propose(codecs, events []Codec) (string, error) {
	if len(codecs) == 0 {
		return "", fmt.Errorf("%w: no codec to offer", ErrUnacceptable)
	}
	a.codec, a.events, a.fmtp, a.ptime = codecs[0], events, codecs[0].Fmtp, "20"
	a.setup, a.sends, a.receives = "actpass", true, true
	a.more = codecs[1:]
	return a.answer(&Offer{
		mid: "0", bundle: true,
		media: []*sdp.MediaDescription{{MediaName: sdp.MediaName{Media: "audio", Protos: []string{"UDP", "TLS", "RTP", "SAVPF"}}}},
	})
}
