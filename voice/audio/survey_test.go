package audio

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var (
	buds       = Device{ID: "bluez_sink.AA_BB_CC_DD.a2dp_sink", Name: "Buds", Kind: Playback}
	budsTalk   = Device{ID: "bluez_sink.AA_BB_CC_DD.handsfree_head_unit", Name: "Buds Hands-Free", Kind: Playback}
	budsMic    = Device{ID: "bluez_source.AA_BB_CC_DD.handsfree_head_unit", Name: "Buds Hands-Free", Kind: Capture}
	secondJab  = Device{ID: "alsa_output.usb-Jabra_Evolve_20-2.analog-stereo", Name: jabra.Name, Kind: Playback}
	inCallFrom = func(m *machine, cfg PathConfig) (*Path, *noticed) {
		n := &noticed{}
		cfg.Notice = n.add
		p := NewPath(m, cfg)
		_ = p.OpenPlayout(&echo{})
		_ = p.OpenCapture(&echo{})
		time.Sleep(3 * time.Second)
		return p, n
	}
)

// A headset that appears in a call is taken with its microphone, or offered if the
// settings say so, and never if a device was chosen. The routes are told.
func TestHeadsetAppears(t *testing.T) {
	for _, tc := range []struct {
		name  string
		cfg   PathConfig
		taken bool
		code  NoticeCode
	}{
		{"taken", PathConfig{}, true, Moved},
		{"offered", PathConfig{OfferHeadset: true}, false, HeadsetOffered},
		{"a device was chosen", PathConfig{Out: desk.Spec()}, false, DevicesChanged},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMachine(desk, deskMic)
				p, n := inCallFrom(m, tc.cfg)
				m.plug(jabra)
				m.plug(jabMic)
				time.Sleep(3 * time.Second)
				taken := slices.Equal(m.opened(), []string{jabMic.ID, jabra.ID})
				if taken != tc.taken || (p.Route() == RouteHeadphones) != tc.taken {
					t.Errorf("%q is open, route %v", m.opened(), p.Route())
				}
				if !n.has(tc.code, Playback) && !n.has(tc.code, Capture) || !n.has(DevicesChanged, Capture) {
					t.Errorf("told: %s", n)
				}
				// What goes leaves the truth.
				m.unplug(jabra.ID)
				m.unplug(jabMic.ID)
				time.Sleep(3 * time.Second)
				if p.Route() != RouteEarpiece || slices.Contains(m.opened(), jabra.ID) {
					t.Errorf("%q is open after it went, route %v", m.opened(), p.Route())
				}
				_ = p.Close()
			})
		})
	}
}

// Each of two devices of one name is used when it is chosen, and told apart.
func TestTwins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic, jabra, secondJab)
		for _, d := range []Device{secondJab, jabra} {
			p, _ := inCallFrom(m, PathConfig{Out: d.Spec()})
			if !slices.Contains(m.opened(), d.ID) {
				t.Errorf("%q is open for %s", m.opened(), d.ID)
			}
			if _, name, _, _ := p.InUse(); name != Titles(m.list, Playback)[d.ID] || name == d.Name {
				t.Errorf("it is called %q", name)
			}
			_ = p.Close()
		}
	})
}

// A radio headset that changes its profile is kept, and the far side is not heard in
// the room meanwhile.
func TestProfileChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic, buds)
		p, n := inCallFrom(m, PathConfig{Out: buds.Spec()})
		m.unplug(buds.ID)
		time.Sleep(1200 * time.Millisecond)
		if slices.Contains(m.opened(), desk.ID) || slices.Equal(m.opened(), []string{"default", "default"}) {
			t.Errorf("%q is open while the profile changes", m.opened())
		}
		m.plug(budsTalk)
		m.plug(budsMic)
		time.Sleep(2 * time.Second)
		if !slices.Contains(m.opened(), budsTalk.ID) {
			t.Errorf("%q is open after the profile changed; %s", m.opened(), n)
		}
		m.unplug(budsTalk.ID)
		time.Sleep(5 * time.Second)
		if !n.has(FellBack, Playback) {
			t.Errorf("a headset that stays away is not told: %s", n)
		}
		_ = p.Close()
	})
}

// A dead microphone comes with one that might serve in its place.
func TestAnotherMicrophone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic, jabMic)
		m.noise = 0
		p, n := inCallFrom(m, PathConfig{In: jabMic.Spec()})
		time.Sleep(4 * time.Second)
		n.mu.Lock()
		found := slices.ContainsFunc(n.list, func(x Notice) bool { return x.Code == DeadMicrophone && x.Instead.ID == deskMic.ID })
		n.mu.Unlock()
		if !found {
			t.Errorf("told: %s", n)
		}
		_ = p.Close()
	})
}

// What goes is named as a person knows it, with what is used in its place; and a call
// that was told to ask from now on asks.
func TestWhatGoesIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic, jabra, jabMic)
		p, n := inCallFrom(m, PathConfig{})
		p.OfferHeadset(true)
		m.unplug(jabra.ID)
		m.unplug(jabMic.ID)
		time.Sleep(3 * time.Second)
		want := jabra.Name + " was unplugged. Now using " + desk.Name + "."
		n.mu.Lock()
		found := slices.ContainsFunc(n.list, func(x Notice) bool {
			return x.Code == FellBack && x.Kind == Playback && x.Err != nil && x.Err.Text().String() == want
		})
		n.mu.Unlock()
		if !found || p.Route() != RouteEarpiece {
			t.Errorf("on %v; told: %s", p.Route(), n)
		}
		m.plug(secondJab)
		time.Sleep(3 * time.Second)
		if n.has(HeadsetOffered, Playback) {
			t.Errorf("headphones without a microphone are offered: %s", n)
		}
		_ = p.Close()
	})
}

// The far side and the phone's own tones are as loud as the user wants, at once, and a
// frame that is made louder never wraps.
func TestVolumes(t *testing.T) {
	p := NewPath(newMachine(), PathConfig{Volumes: Volumes{Far: 0.5, Tones: 1}})
	defer p.Close()
	loud := Far(&level{20000})
	p.sources.Store(&loud)
	frame := make([]int16, FrameSamples)
	for _, v := range []struct {
		set  Volumes
		want int16
	}{{Volumes{Far: 0.5}, 10000}, {Volumes{Far: 1}, 20000}, {Volumes{Far: 2}, 32767}, {Volumes{Far: 9}, 32767}, {Volumes{}, 20000}, {Volumes{Tones: 1}, 0}} {
		p.SetVolumes(v.set)
		if a := testing.AllocsPerRun(10, func() { p.play(frame) }); a != 0 || frame[7] != v.want {
			t.Errorf("%+v: %d, want %d; %v allocations", v.set, frame[7], v.want, a)
		}
	}
	quiet := Far(&level{0})
	p.sources.Store(&quiet)
	peak := func() (most int) {
		p.tone.Store(newPlayer(melodyOf(Ringback, "IN"), 1))
		for range 20 {
			p.play(frame)
			most = max(most, int(slices.Max(frame)))
		}
		return most
	}
	p.SetVolumes(Volumes{Far: 1, Tones: 1})
	whole := peak()
	p.SetVolumes(Volumes{Far: 1, Tones: 0.5})
	if half := peak(); whole < 1000 || half < whole*45/100 || half > whole*55/100 {
		t.Errorf("ringback peaks at %d, at half its volume at %d", whole, half)
	}
}

// level is a far side of one loudness.
type level struct{ value int16 }

func (l *level) Pull(frame []int16) {
	for i := range frame {
		frame[i] = l.value
	}
}
func (l *level) Push([]int16) {}
