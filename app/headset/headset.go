// Package headset obeys the buttons of a headset and shows the call on its lights, by
// the usages of the HID tables alone: hook, mute, flash and drop, and the LEDs off-hook,
// ring, mute and hold. No maker's own protocol is needed.
package headset

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"offhook/app"
	"offhook/app/headset/hid"
	"offhook/app/settings"
	"offhook/internal/crash"
	"offhook/voice"
)

// Config is what a Follower is made of.
type Config struct {
	Phone *app.Phone
	Log   *slog.Logger
	// find lists the headsets; nil asks the system. every is how often.
	find  func() ([]hid.Found, error)
	every time.Duration
}

// lookEvery is how often it is looked for headsets that come.
const lookEvery = 3 * time.Second

// Follower keeps headsets and the phone in step. It has no goroutine while the setting
// is off.
type Follower struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu  sync.Mutex
	end context.CancelFunc // of the looking, nil while the setting is off
}

// New returns a Follower that obeys the setting calls.headset_buttons.
func New(cfg Config) *Follower {
	if cfg.find == nil {
		var finder hid.Finder
		cfg.find = finder.Find
	}
	if cfg.every <= 0 {
		cfg.every = lookEvery
	}
	f := &Follower{cfg: cfg}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	cfg.Phone.FollowSettings(func(s settings.Settings) { f.follow(s.Calls.HeadsetButtons) })
	return f
}

// Close lets go of the headsets, with their lights out.
func (f *Follower) Close() {
	f.cancel()
	f.wg.Wait()
}

func (f *Follower) follow(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.ctx.Err() != nil:
	case on && f.end == nil:
		ctx, end := context.WithCancel(f.ctx)
		f.end = end
		f.wg.Go(crash.Guarded(func() { f.look(ctx) }))
	case !on && f.end != nil:
		f.end()
		f.end = nil
	}
}

// look opens the headsets that come, until ctx ends.
func (f *Follower) look(ctx context.Context) {
	open := map[string]chan struct{}{}
	var served sync.WaitGroup
	defer served.Wait()
	tick := time.NewTicker(f.cfg.every)
	defer tick.Stop()
	quiet := map[string]bool{} // those that can't be opened, said once
	for {
		devices, err := f.cfg.find()
		if err != nil {
			return // nor will there be any later
		}
		maps.DeleteFunc(open, func(_ string, done chan struct{}) bool {
			select {
			case <-done:
				return true
			default:
				return false
			}
		})
		for _, d := range devices {
			if open[d.Path] != nil {
				continue
			}
			dev, err := d.Open()
			if err != nil {
				if !quiet[d.Path] {
					quiet[d.Path] = true
					f.cfg.Log.Warn("a headset's buttons can't be read", "device", d.Path, "err", err)
				}
				continue
			}
			delete(quiet, d.Path)
			f.cfg.Log.Info("a headset's buttons are obeyed", "device", d.Path)
			done := make(chan struct{})
			open[d.Path] = done
			served.Go(crash.Guarded(func() {
				defer close(done)
				f.serve(ctx, dev, d.Layout)
			}))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// picture is what a headset shows of the phone.
type picture struct{ offHook, ring, mute, hold bool }

func pictureOf(s *app.Snapshot) picture {
	var p picture
	for _, c := range s.Calls {
		p.ring = p.ring || c.State == voice.StateIncoming
	}
	if c := s.Call; c != nil && c.State != voice.StateIncoming && c.State != voice.StateEnding {
		p.offHook, p.mute, p.hold = true, c.Muted, c.Held
	}
	return p
}

func (p picture) lights() map[hid.Usage]bool {
	return map[hid.Usage]bool{hid.LEDOffHook: p.offHook, hid.LEDRing: p.ring, hid.LEDMute: p.mute, hid.LEDHold: p.hold}
}

// serve keeps one headset in step until it is gone or ctx ends.
func (f *Follower) serve(ctx context.Context, dev hid.Device, l hid.Layout) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reports, read := make(chan []byte), make(chan struct{})
	go crash.Guarded(func() {
		defer close(read)
		defer cancel()
		for {
			r, err := dev.Read()
			if err != nil {
				return
			}
			select {
			case reports <- r:
			case <-ctx.Done():
				return
			}
		}
	})()
	defer func() { _ = dev.Close(); <-read }()
	show := func(p picture) {
		for _, r := range l.Lights(p.lights()) {
			if err := dev.Write(r); err != nil {
				f.cfg.Log.Debug("headset", "err", err)
			}
		}
	}
	snaps := f.cfg.Phone.WatchLatest(ctx)
	b := buttons{down: map[hid.Usage]bool{}}
	var shown picture
	first := true
	for {
		select {
		case <-ctx.Done():
			show(picture{})
			return
		case s, ok := <-snaps:
			if !ok {
				show(picture{})
				return
			}
			now := pictureOf(s)
			if first || now != shown {
				first, shown = false, now
				show(now)
				b.inStep(now)
			}
		case r := <-reports:
			for _, p := range l.Presses(r) {
				do := b.press(p, shown)
				if do == nothing {
					continue
				}
				if do == showAgain {
					show(shown)
					b.inStep(shown)
					continue
				}
				if err := f.obey(ctx, do); err != nil {
					f.cfg.Log.Info("headset button", "err", err)
					show(shown) // it believes otherwise
					b.inStep(shown)
				}
			}
		}
	}
}

// action is what a button asks for.
type action int

const (
	nothing action = iota
	showAgain
	answer
	hangUp
	mute
	unmute
	hold
)

// buttons is what a headset's buttons are believed to be. Pictures change them too: a
// headset that is told that the phone is off the hook says so back.
type buttons struct{ down map[hid.Usage]bool }

// inStep takes what the headset was just shown for what it has.
func (b buttons) inStep(p picture) {
	b.down[hid.Hook], b.down[hid.Mute] = p.offHook, p.mute
}

// press tells what a button in a report asks for, beside what the headset shows.
func (b buttons) press(p hid.Press, shown picture) action {
	was := b.down[p.Usage]
	if p.Relative { // each 1 is a press, once until its 0
		key := p.Usage | 1<<31
		was = b.down[key]
		b.down[key] = p.Down
		if !p.Down || was {
			return nothing
		}
	} else {
		b.down[p.Usage] = p.Down
		if p.Down == was {
			return nothing
		}
	}
	talking := shown.offHook
	switch p.Usage {
	case hid.Hook:
		off := p.Down
		if p.Relative {
			off = !talking
		}
		switch {
		case off && shown.ring && !talking:
			return answer
		case off && !talking:
			return showAgain // nobody is to be answered
		case !off && talking:
			return hangUp
		}
	case hid.Mute:
		muted := p.Down
		if p.Relative {
			muted = !shown.mute
		}
		switch {
		case !talking:
			return showAgain
		case muted && !shown.mute:
			return mute
		case !muted && shown.mute:
			return unmute
		}
	case hid.Flash:
		switch {
		case p.Down && shown.ring: // the call that waits
			return answer
		case p.Down && talking:
			return hold
		}
	case hid.Drop:
		if p.Down && (talking || shown.ring) {
			return hangUp
		}
	}
	return nothing
}

// obeyLimit bounds what a button asks for.
const obeyLimit = 10 * time.Second

func (f *Follower) obey(ctx context.Context, do action) error {
	ctx, cancel := context.WithTimeout(ctx, obeyLimit)
	defer cancel()
	phone := f.cfg.Phone
	switch do {
	case answer:
		return phone.Answer(ctx, "")
	case hangUp:
		return phone.Hangup(ctx, "")
	case mute:
		return phone.Mute("")
	case unmute:
		return phone.Unmute("")
	case hold:
		if c := phone.Snapshot().Call; c != nil && c.Held {
			return phone.Resume(ctx, "")
		}
		return phone.Hold(ctx, "")
	}
	return nil
}
