package media

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"offhook/voice/codec"
)

func agreedPCMU(t testing.TB) *sendPlan {
	t.Helper()
	enc, err := codec.NewEncoder(codec.PCMU)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := codec.Lookup(codec.PCMU)
	return &sendPlan{info: info, enc: enc, eventPT: 101, eventClock: 8000}
}

func replaceDirection(sdp, d string) string {
	return strings.Replace(sdp, "a=sendrecv", "a="+d, 1)
}

const allDigits = "159*0#ABCD"

// Digits arrive once each and in order, with Opus and G.711, and share their
// numbers with the sound.
func TestDigitsArrive(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"opus", "PCMU"} {
		w := newSim(t, Config{Codecs: []string{name}, DigitDuration: 50 * time.Millisecond}, Config{})
		w.run(time.Second)
		if err := w.a.SendDTMF(strings.ToLower(allDigits)); err != nil {
			t.Fatal(err)
		}
		w.run(3 * time.Second)
		if got := w.b.digits(); got != allDigits {
			t.Errorf("%s: got %q", name, got)
		}
		if via := w.a.Statistics().DTMFVia; via != "RFC4733" {
			t.Errorf("%s: via %q", name, via)
		}
		if lost := w.b.Statistics().CumulativeLost; lost != 0 {
			t.Errorf("%s: %d packets lost: digits and sound do not share their numbers", name, lost)
		}
		if got := tone(w.b.last(200*time.Millisecond), 440); got < 0.8 {
			t.Errorf("%s: tone %.2f after the digits", name, got)
		}
	}
}

// The same over the whole stack and its clock.
func TestDigitsTravel(t *testing.T) {
	t.Parallel()
	a, b := call(t, Config{DigitDuration: 50 * time.Millisecond}, Config{})
	hears(t, b, 440)
	if err := a.SendDTMF(allDigits); err != nil {
		t.Fatal(err)
	}
	b.await("the digits", func() bool { return len(b.digits()) >= len(allDigits) })
	hears(t, b, 440)
	if got := b.digits(); got != allDigits {
		t.Errorf("got %q", got)
	}
}

func TestDigitErrors(t *testing.T) {
	t.Parallel()
	a, b := newPhone(t, 440, Config{}), newPhone(t, 1000, Config{})
	if err := a.SendDTMF("1"); !errors.Is(err, ErrNoTelephoneEvent) {
		t.Errorf("before any answer: %v", err)
	}
	if via := a.Statistics().DTMFVia; via != "INFO" {
		t.Errorf("via %q", via)
	}
	exchange(t, a, b, false)
	if err := a.SendDTMF("1x2"); !errors.Is(err, ErrDigit) {
		t.Error(err)
	}
	if err := a.SendDTMF(strings.Repeat("1", 300)); !errors.Is(err, ErrTooManyDigits) {
		t.Error(err)
	}
	if err := a.SendDTMF(""); err != nil {
		t.Error(err)
	}
	a.end()
	if err := a.SendDTMF("1"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// The packets of a digit, one by one (RFC 4733, sections 2.3 and 2.5).
func TestDigitPackets(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		clock   int
		digit   time.Duration
		packets int
		// last is the duration that the end tells, next when the digit after it
		// begins.
		last uint16
		next time.Duration
	}{
		{8000, 50 * time.Millisecond, 5, 400, 100 * time.Millisecond},
		{48000, 50 * time.Millisecond, 5, 2400, 100 * time.Millisecond},
		{8000, 100 * time.Millisecond, 7, 800, 200 * time.Millisecond},
		{48000, 100 * time.Millisecond, 7, 4800, 200 * time.Millisecond},
		{8000, 250 * time.Millisecond, 15, 2000, 360 * time.Millisecond},
	} {
		now := time.Second
		type sent struct {
			h rtpHeader
			p []byte
		}
		var got []sent
		s := newSender(func() time.Duration { return now }, tc.digit, func(_ rtpHeader, p []byte) error {
			h, ok := parseRTP(append([]byte(nil), p...))
			if !ok {
				t.Fatal("malformed packet")
			}
			got = append(got, sent{h, h.payload})
			return nil
		})
		plan := agreedPCMU(t)
		plan.eventClock = tc.clock
		s.plan.Store(plan)
		s.setKeys(true)
		if err := s.digits.push("56,7"); err != nil {
			t.Fatal(err)
		}
		ticks := 0
		for s.digitsDue() {
			s.stepDigits()
			now += packetTime
			if ticks++; ticks > 1000 {
				t.Fatal("no end")
			}
		}
		if len(got) != 3*tc.packets {
			t.Fatalf("%v at %d Hz: %d packets", tc.digit, tc.clock, len(got))
		}
		begins := func(digit int) time.Duration { // on the clock of PCMU
			return time.Duration(got[digit*tc.packets].h.ts-got[0].h.ts) * time.Second / 8000
		}
		if begins(1) != tc.next || begins(2) < begins(1)+2*time.Second || begins(2) > begins(1)+2500*time.Millisecond {
			t.Errorf("%v at %d Hz: digits begin at 0, %v and %v", tc.digit, tc.clock, begins(1), begins(2))
		}
		for i, g := range got {
			n := i % tc.packets
			duration, end := binary.BigEndian.Uint16(g.p[2:]), g.p[1]&0x80 != 0
			ends := n >= tc.packets-endPackets
			want := uint16((n + 1) * 20 * tc.clock / 1000)
			if ends {
				want = tc.last
			}
			switch {
			case g.h.pt != 101 || g.h.ssrc != s.ssrc || i > 0 && g.h.seq != got[i-1].h.seq+1:
				t.Errorf("packet %d: %+v", i, g.h)
			case n > 0 && g.h.ts != got[i-1].h.ts:
				t.Errorf("packet %d: timestamp moved within a digit", i)
			case g.h.marker != (n == 0):
				t.Errorf("packet %d: marker %v", i, g.h.marker)
			case g.p[0] != 5+byte(i/tc.packets) || end != ends:
				t.Errorf("packet %d: event %d, end %v", i, g.p[0], end)
			case duration != want:
				t.Errorf("packet %d: duration %d, want %d", i, duration, want)
			}
		}
	}
}

// Digits go out in early media, where the microphone is shut, and no sound with
// them.
func TestDigitsInEarlyMedia(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{}, Config{})
	w.a.change(func() { w.a.sendOpen = false })
	w.run(time.Second)
	before := w.b.Statistics().PacketsReceived
	if err := w.a.SendDTMF("12#"); err != nil {
		t.Fatal(err)
	}
	w.run(2 * time.Second)
	if got := w.b.digits(); got != "12#" {
		t.Errorf("%q", got)
	}
	if n := w.b.Statistics().PacketsReceived - before; n != 3*7 {
		t.Errorf("%d packets for three digits of seven", n)
	}
	if l := loudness(w.b.last(500 * time.Millisecond)); l != 0 {
		t.Errorf("loudness %.1f", l)
	}
	w.a.OpenSend()
	w.run(time.Second)
	if got := tone(w.b.last(200*time.Millisecond), 440); got < 0.8 {
		t.Errorf("tone %.2f after the answer", got)
	}
}

// eventPacket is a telephone-event as it arrives.
func eventPacket(ts uint32, code byte, end, marker bool, duration uint16) *rtpHeader {
	p := []byte{code, 10, byte(duration >> 8), byte(duration)}
	if end {
		p[1] |= 0x80
	}
	return &rtpHeader{ts: ts, marker: marker, payload: p}
}

func TestReadDigits(t *testing.T) {
	t.Parallel()
	type arrival struct {
		h  *rtpHeader
		at time.Duration
	}
	ms := time.Millisecond
	for _, tc := range []struct {
		name string
		in   []arrival
		want string
	}{
		{"whole", []arrival{
			{eventPacket(1000, 1, false, true, 160), 0}, {eventPacket(1000, 1, false, false, 320), 20 * ms},
			{eventPacket(1000, 1, true, false, 400), 40 * ms}, {eventPacket(1000, 1, true, false, 400), 60 * ms},
		}, "1"},
		{"only the last packet", []arrival{{eventPacket(1000, 11, true, false, 400), 0}}, "#"},
		{"twice the same digit", []arrival{
			{eventPacket(1000, 1, true, false, 400), 0}, {eventPacket(2000, 1, true, false, 400), 100 * ms},
		}, "11"},
		{"twice the same, the first end lost", []arrival{
			{eventPacket(1000, 1, false, true, 160), 0}, {eventPacket(2000, 1, false, true, 160), 60 * ms},
		}, "11"},
		{"a late packet", []arrival{
			{eventPacket(1000, 1, true, false, 400), 0}, {eventPacket(2000, 2, false, true, 160), 60 * ms},
			{eventPacket(1000, 1, true, false, 400), 65 * ms}, {eventPacket(2000, 2, true, false, 400), 90 * ms},
		}, "12"},
		{"a long event in segments", []arrival{
			{eventPacket(1000, 9, false, true, 0xffff), 0},
			{eventPacket(1000+0xffff, 9, false, false, 160), 8200 * ms},
			{eventPacket(1000+0xffff, 9, true, false, 320), 8220 * ms},
		}, "9"},
		{"timestamps that move on", []arrival{
			{eventPacket(1000, 9, false, true, 160), 0}, {eventPacket(1160, 9, false, false, 320), 20 * ms},
			{eventPacket(1320, 9, true, false, 480), 40 * ms},
		}, "9"},
		{"over the wrap", []arrival{
			{eventPacket(0xffffff00, 4, true, false, 400), 0}, {eventPacket(0x100, 4, true, false, 400), 100 * ms},
		}, "44"},
		{"no digit", []arrival{{eventPacket(1000, 16, false, true, 160), 0}, {&rtpHeader{payload: []byte{1}}, 0}}, ""},
	} {
		var r digitReader
		got := ""
		for _, a := range tc.in {
			if d, ok := r.read(a.h, a.at); ok {
				got += string(d)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
