package relay_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"offhook/demo/relay"
	"offhook/demo/relay/relaytest"
)

// table is some phones in a conference, with their legs.
type table struct {
	t      *testing.T
	phones []*relaytest.Phone
	legs   []*relay.Leg
	c      *relay.Conference
}

func seat(t *testing.T, c func(*relay.Relay) *relay.Conference, codecs ...string) *table {
	t.Helper()
	r := newRelay(t)
	s := &table{t: t, c: c(r)}
	for _, codec := range codecs {
		p := relaytest.New(t, relaytest.Options{})
		l := dial(t, r, p, codec, nil, nil)
		connected(t, p, l)
		l.Open()
		if err := s.c.Add(l); err != nil {
			t.Fatal(err)
		}
		s.phones, s.legs = append(s.phones, p), append(s.legs, l)
	}
	return s
}

func plainConference(r *relay.Relay) *relay.Conference { return r.NewConference(nil) }

// speak has each phone speak a tone of its own until the test has listened.
func (s *table) speak(hertz ...float64) (stop func()) {
	end := make(chan struct{})
	var spoken sync.WaitGroup
	for i, hz := range hertz {
		if hz > 0 {
			spoken.Go(func() { s.phones[i].Speak(relaytest.Tone(hz, time.Second), end) })
		}
	}
	return sync.OnceFunc(func() { close(end); spoken.Wait() })
}

// hears checks which tones a phone hears within the next while.
func (s *table) hears(who int, want []float64, not ...float64) {
	s.t.Helper()
	relaytest.Eventually(s.t, "tones at the party", func() bool {
		heard := s.phones[who].Heard()
		if len(heard) < 24000 {
			return false
		}
		tail := relaytest.Sound(heard[len(heard)-24000:])
		for _, hz := range want {
			if tail.Tone(hz) < 0.1 {
				return false
			}
		}
		for _, hz := range not {
			if tail.Tone(hz) > 0.02 {
				return false
			}
		}
		return true
	})
}

// Four parties of three codecs hear all others and not themselves; who is muted hears
// and is not heard; who leaves is gone, and the rest go on.
func TestConference(t *testing.T) {
	t.Parallel()
	s := seat(t, plainConference, "opus", "PCMU", "G722", "opus")
	stop := s.speak(440, 620, 800, 1000)
	defer stop()
	s.hears(0, []float64{620, 800, 1000}, 440)
	s.hears(1, []float64{440, 800, 1000}, 620)
	s.hears(2, []float64{440, 620, 1000}, 800)
	s.hears(3, []float64{440, 620, 800}, 1000)
	if !s.c.Mute(s.legs[0], true) {
		t.Error("a party that is there can't be muted")
	}
	s.hears(0, []float64{620, 800, 1000}, 440)
	s.hears(1, []float64{800, 1000}, 440, 620)
	s.c.Mute(s.legs[0], false)
	s.legs[3].Close()
	if s.c.Mute(s.legs[3], true) {
		t.Error("a party that has left can be muted")
	}
	s.hears(0, []float64{620, 800}, 440, 1000)
	s.hears(1, []float64{440, 800}, 620, 1000)
	// Two are left: they talk on as they do in any call.
	s.legs[2].Close()
	relay.Join(s.legs[0], s.legs[1])
	s.hears(0, []float64{620}, 440, 800)
	s.hears(1, []float64{440}, 620, 800)
}

// A phone on hold neither hears nor is heard; the others go on.
func TestConferenceWithOneOnHold(t *testing.T) {
	t.Parallel()
	s := seat(t, plainConference, "opus", "opus", "PCMA")
	stop := s.speak(440, 620, 800)
	defer stop()
	s.hears(0, []float64{620, 800}, 440)
	s.legs[1].Shut()
	s.hears(0, []float64{800}, 440, 620)
	s.hears(2, []float64{440}, 620, 800)
	before := len(s.phones[1].Packets())
	s.phones[0].WaitPackets(len(s.phones[0].Packets()) + 25)
	if n := len(s.phones[1].Packets()) - before; n > 3 {
		t.Errorf("%d packets reached the phone on hold", n)
	}
	s.legs[1].Open()
	s.hears(1, []float64{440, 800}, 620)
	s.hears(0, []float64{620, 800}, 440)
}

// The platform learns who speaks.
func TestConferenceTellsWhoSpeaks(t *testing.T) {
	t.Parallel()
	told := make(chan []*relay.Leg, 100)
	s := seat(t, func(r *relay.Relay) *relay.Conference {
		return r.NewConference(func(l []*relay.Leg) { told <- slices.Clone(l) })
	}, "opus", "opus", "opus")
	waitFor := func(want ...*relay.Leg) {
		t.Helper()
		deadline := time.After(relaytest.WaitTime)
		for {
			select {
			case got := <-told:
				if slices.Equal(got, want) {
					return
				}
			case <-deadline:
				t.Fatal("the platform was never told")
			}
		}
	}
	stop := s.speak(0, 620)
	defer stop()
	waitFor(s.legs[1])
	second := s.speak(440)
	waitFor(s.legs[0], s.legs[1])
	second()
	waitFor(s.legs[1])
	stop()
	waitFor()
}

// A key that one party presses reaches the others once, in place of sound.
func TestConferencePassesDigits(t *testing.T) {
	t.Parallel()
	r := newRelay(t)
	c := r.NewConference(nil)
	var phones []*relaytest.Phone
	for range 3 {
		p := relaytest.New(t, relaytest.Options{})
		l := dial(t, r, p, "opus", nil, nil)
		connected(t, p, l)
		l.Open()
		if err := c.Add(l); err != nil {
			t.Fatal(err)
		}
		phones = append(phones, p)
	}
	phones[1].WaitPackets(5)
	phones[0].SendDigit('5')
	phones[0].SendDigit('7')
	for _, p := range phones[1:] {
		digits := func() (list []byte) {
			seen := map[uint32]bool{}
			for _, k := range p.Packets() {
				if (k.PayloadType == 110 || k.PayloadType == 126) && !seen[k.Timestamp] {
					seen[k.Timestamp] = true
					list = append(list, k.Payload[0])
				}
			}
			return list
		}
		relaytest.Eventually(t, "both digits", func() bool { return len(digits()) >= 2 })
		p.WaitPackets(len(p.Packets()) + 10)
		if got := digits(); !slices.Equal(got, []byte{5, 7}) {
			t.Errorf("digits %v", got)
		}
	}
	for _, k := range phones[0].Packets() {
		if k.PayloadType == 110 || k.PayloadType == 126 {
			t.Fatal("a digit came back to who sent it")
		}
	}
}

// Legs of two codecs are joined by mixing.
func TestJoinOfTwoCodecs(t *testing.T) {
	t.Parallel()
	r := newRelay(t)
	s := &table{t: t}
	for _, codec := range []string{"opus", "PCMA"} {
		p := relaytest.New(t, relaytest.Options{})
		l := dial(t, r, p, codec, nil, nil)
		connected(t, p, l)
		l.Open()
		s.phones, s.legs = append(s.phones, p), append(s.legs, l)
	}
	relay.Join(s.legs[0], s.legs[1])
	stop := s.speak(440, 620)
	defer stop()
	s.hears(0, []float64{620}, 440)
	s.hears(1, []float64{440}, 620)
}
