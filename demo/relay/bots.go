package relay

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtcp"

	"offhook/voice/codec"
)

// botFmtp is what a bot says it takes.
func botFmtp(name string) string {
	info, _ := codec.Lookup(name)
	return info.Fmtp
}

// Echo sends the phone's sound and digits back to it.
func (l *Leg) Echo() { l.setSink(&echo{bot{l}}) }

// Silent sends the phone nothing at all, and hears nothing.
func (l *Leg) Silent() { l.setSink(nil) }

// Announce speaks the announcement to the phone, over and over, until the leg
// is closed or joined to something else. It begins when the gate to the phone
// is open and the path secured.
func (l *Leg) Announce() error { return l.play(l.relay.speech, nil) }

// Ringback plays the ringing tone to the phone, until the leg is joined to something
// else.
func (l *Leg) Ringback() error { return l.play(l.relay.ringing, nil) }

// Music plays to the phone that it is on hold, until the leg is joined to something
// else.
func (l *Leg) Music() error { return l.play(l.relay.music, nil) }

// Notify tells the phone once that the call is recorded, and then calls said, on a
// goroutine of its own: not if the leg is joined to something else before.
func (l *Leg) Notify(said func()) error { return l.play(l.relay.notice, said) }

// play speaks a sound over and over or, with once, one time.
func (l *Leg) play(s speech, once func()) error {
	text, err := s.recital(l.Codec())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(l.ctx)
	out := &speaker{bot: bot{l}, text: text, once: once, cancel: cancel, ssrc: rand.Uint32()}
	out.done.Go(func() { out.speak(ctx) })
	l.setSink(out)
	return nil
}

// bot answers reports as the far end would. It is driven by the phone's own
// RTCP and needs no timer.
type bot struct{ leg *Leg }

func (b bot) rtcp([]byte) {
	l, now := b.leg, time.Now()
	block, heard := l.in.receiver.block(now)
	var reports []rtcp.ReceptionReport
	if heard {
		reports = []rtcp.ReceptionReport{block}
	}
	l.out.mu.Lock()
	var first rtcp.Packet
	if l.out.started {
		clock := l.table.Load().sound.Clock
		first = &rtcp.SenderReport{
			SSRC: l.out.ssrc, NTPTime: ntp(now),
			RTPTime:     l.out.lastTS + uint32(now.Sub(l.out.lastAt).Seconds()*float64(clock)),
			PacketCount: uint32(l.out.packets), OctetCount: uint32(l.out.bytes), Reports: reports,
		}
	} else {
		first = &rtcp.ReceiverReport{SSRC: l.out.ssrc, Reports: reports}
	}
	l.out.mu.Unlock()
	raw, err := rtcp.Marshal([]rtcp.Packet{first, &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: l.out.ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: l.answer.cname}},
	}}}})
	if err == nil {
		l.sendRTCP(raw)
	}
}

// ntp is t in the 64-bit format of RFC 3550, section 4.
func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	seconds := uint64(t.Unix()) + since1900
	fraction := uint64(t.Nanosecond()) << 32 / uint64(time.Second)
	return seconds<<32 | fraction
}

type echo struct{ bot }

func (e *echo) rtp(p packet) { e.leg.send(p) }
func (e *echo) close()       {}

// speaker is the announcer.
type speaker struct {
	bot
	text   *recital
	once   func()
	ssrc   uint32
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (s *speaker) rtp(packet) {}

func (s *speaker) close() {
	s.cancel()
	s.done.Wait()
}

// speak sends a frame each 20 ms by the clock, not by the last frame, so that
// the pace does not drift. After a pause of the machine it goes on where it was.
func (s *speaker) speak(ctx context.Context) {
	const pause = 10
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	var start time.Time
	var sent, paused int
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !s.leg.gate.toPhone.Load() || !s.leg.Secured() {
			continue
		}
		if start.IsZero() {
			start = time.Now()
		}
		due := int(time.Since(start)/frameTime) + 1 - paused
		if late := due - sent; late > pause {
			paused += late - 1
			due = sent + 1
		}
		clock := s.leg.table.Load().sound.Clock
		for ; sent < due; sent++ {
			if s.once != nil && sent == s.text.length {
				s.once()
				return
			}
			payload, err := s.text.frame(sent)
			if err != nil {
				s.leg.relay.log.Error("announcement", "error", err)
				return
			}
			s.leg.send(packet{
				ssrc: s.ssrc, seq: uint16(sent), ts: uint32(sent+paused) * uint32(clock/50), marker: sent == 0,
				kind: sound, clock: clock, payload: payload,
			})
		}
	}
}
