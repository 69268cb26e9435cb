package audio

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// counter is a far side that measures the longest wait for a device.
type counter struct {
	mu         sync.Mutex
	pull, push time.Time
	worst      time.Duration
	heard      int
}

func (c *counter) Pull(frame []int16) { c.note(&c.pull) }

func (c *counter) Push(frame []int16) {
	c.note(&c.push)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard++
}

func (c *counter) note(last *time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !last.IsZero() {
		c.worst = max(c.worst, now.Sub(*last))
	}
	*last = now
}

func (c *counter) gap() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.worst
}

func TestUnpluggedHeadsetFallsBackAndIsTakenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic, jabra, jabMic)
		n, far := &noticed{}, &counter{}
		p := NewPath(m, PathConfig{In: jabMic.Spec(), Out: jabra.Spec(), Notice: n.add})
		_ = p.OpenPlayout(far)
		_ = p.OpenCapture(far)
		time.Sleep(10 * time.Second)
		m.unplug(jabra.ID)
		m.unplug(jabMic.ID)
		time.Sleep(3 * time.Second)
		if got := m.opened(); !slices.Equal(got, []string{"default", "default"}) {
			t.Errorf("unplugged: %q is open", got)
		}
		if !n.has(FellBack, Capture) || !n.has(FellBack, Playback) {
			t.Errorf("notices: %s", n)
		}
		if _, _, micErr, speakerErr := p.InUse(); micErr == nil || speakerErr == nil {
			t.Error("nobody knows why other devices are in use")
		}
		m.plug(jabra)
		m.plug(jabMic)
		time.Sleep(3 * time.Second)
		if got := m.opened(); !slices.Equal(got, []string{jabMic.ID, jabra.ID}) {
			t.Errorf("plugged in again: %q is open", got)
		}
		if !n.has(Returned, Capture) || !n.has(Returned, Playback) {
			t.Errorf("notices: %s", n)
		}
		if g := far.gap(); g > 300*time.Millisecond {
			t.Errorf("the call waited %v", g)
		}
		mic, speaker, micErr, _ := p.InUse()
		if mic != jabMic.Name || speaker != jabra.Name || micErr != nil {
			t.Errorf("in use: %q, %q, %v", mic, speaker, micErr)
		}
		_ = p.Close()
		if got := m.opened(); len(got) != 0 {
			t.Errorf("%q left open", got)
		}
	})
}

func TestFrozenDeviceIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic)
		far := &counter{}
		p := NewPath(m, PathConfig{})
		_ = p.OpenPlayout(far)
		_ = p.OpenCapture(far)
		time.Sleep(5 * time.Second)
		m.mu.Lock()
		m.freeze("default")
		m.mu.Unlock()
		time.Sleep(5 * time.Second)
		if g := far.gap(); g > 300*time.Millisecond || g < 100*time.Millisecond {
			t.Errorf("the call waited %v", g)
		}
		_ = p.Close()
	})
}

func TestAllDevicesGoAndOneComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic)
		n, far := &noticed{}, &counter{}
		p := NewPath(m, PathConfig{Notice: n.add})
		_ = p.OpenPlayout(far)
		_ = p.OpenCapture(far)
		time.Sleep(5 * time.Second)
		m.mu.Lock()
		m.freeze("default")
		m.list = nil
		m.mu.Unlock()
		time.Sleep(5 * time.Second)
		if got := m.opened(); !slices.Equal(got, []string{"null", "null"}) || !n.has(NoDevice, Capture) {
			t.Errorf("%q is open; %s", got, n)
		}
		m.plug(jabra)
		m.plug(jabMic)
		time.Sleep(2 * time.Second)
		if got := m.opened(); !slices.Equal(got, []string{jabMic.ID, jabra.ID}) || !n.has(Returned, Capture) || p.Route() != RouteHeadphones {
			t.Errorf("%q is open; %s", got, n)
		}
		if g := far.gap(); g > 300*time.Millisecond {
			t.Errorf("the call waited %v", g)
		}
		_ = p.Close()
	})
}

func TestChangingDevicesInACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic, jabra, jabMic)
		far := &counter{}
		p := NewPath(m, PathConfig{In: deskMic.Spec(), Out: desk.Spec()})
		_ = p.OpenPlayout(far)
		_ = p.OpenCapture(far)
		time.Sleep(time.Second)
		if err := p.SetOutput(jabra.Spec()); err != nil {
			t.Fatal(err)
		}
		if err := p.SetInput(jabMic.Spec()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := m.opened(); !slices.Equal(got, []string{jabMic.ID, jabra.ID}) {
			t.Errorf("%q is open", got)
		}
		if err := p.SetOutput(Spec{Kind: SpecDevice, Value: "nowhere"}); err == nil {
			t.Error("a device that isn't there was chosen")
		}
		if got := m.opened(); !slices.Equal(got, []string{jabMic.ID, jabra.ID}) {
			t.Errorf("after the refusal %q is open", got)
		}
		if g := far.gap(); g > 20*time.Millisecond {
			t.Errorf("the call waited %v", g)
		}
		_ = p.Close()
	})
}

func TestDeadMicrophoneAndMutedSpeechAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic)
		n := &noticed{}
		p := NewPath(m, PathConfig{Notice: n.add})
		m.noise = 0
		far := &echo{}
		_ = p.OpenCapture(far)
		time.Sleep(6 * time.Second)
		if !n.has(DeadMicrophone, Capture) {
			t.Errorf("a microphone of zeros was not told; %s", n)
		}
		m.mu.Lock()
		m.noise = 8
		m.mu.Unlock()
		time.Sleep(time.Second)
		if !n.has(AliveMicrophone, Capture) {
			t.Errorf("its return was not told; %s", n)
		}
		far.muted.Store(true)
		time.Sleep(5 * time.Second)
		if n.has(MutedSpeech, Capture) {
			t.Error("noise was taken for speech")
		}
		m.mu.Lock()
		m.noise = 6000
		m.mu.Unlock()
		time.Sleep(2 * time.Second)
		if !n.has(MutedSpeech, Capture) {
			t.Error("speech into a muted microphone was not told")
		}
		_ = p.Close()
	})
}
