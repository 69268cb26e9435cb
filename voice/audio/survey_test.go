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
