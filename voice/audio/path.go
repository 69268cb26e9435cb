package audio

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"offhook/internal/crash"
	"offhook/voice/fault"
)

// PathConfig says how the sound of a call is made.
type PathConfig struct {
	// In, Out and Ring are the microphone, the loudspeaker, and what rings.
	In, Out, Ring Spec
	// RingVolume is 0 to 1; 0 stands for 1. Silent keeps the ringtone off.
	RingVolume float64
	Silent     bool
	// Volumes are how loud the call is at first.
	Volumes Volumes
	// Country is the ISO 3166 code whose tones are played, "" for ITU-T E.180's.
	Country string
	// Processor cleans what the microphone hears; nil for none. One that has a
	// method SetHeadset(bool) is told whether the loudspeaker is a headset, where
	// there is no echo.
	Processor Processor
	// OfferHeadset says that a headset which appears during a call is offered by a
	// notice; without it the call takes it, if nobody chose a device.
	OfferHeadset bool
	// Notice is told what a person should know about the devices. It is called
	// from the path's own goroutine and must not wait for the path; nil for none.
	Notice func(Notice)
	// Log takes what a support engineer wants to know; nil for none.
	Log *slog.Logger
}

// Processor takes echo and noise out of what the microphone hears. Played and
// Process are called from two real-time threads: they allocate nothing and wait
// for nothing.
type Processor interface {
	// Played tells what the loudspeaker is about to play.
	Played(frame []int16)
	// Process cleans a frame of the microphone, in place.
	Process(frame []int16)
	// Close releases it; no thread is inside any more.
	Close()
}

const (
	watchEvery = 30 * time.Millisecond
	// surveyEvery is how often the list of devices is read during a call, on a
	// goroutine and a connection of its own.
	surveyEvery = time.Second
)

// Path is the sound of one call between its devices and the network. Its
// methods may be called from any goroutine; those that open or close devices
// wait for the devices, a few seconds at the very worst. A device that can't be
// opened, or goes, is replaced, so that a call goes on: Notice says so.
type Path struct {
	sys System
	cfg PathConfig
	log *slog.Logger

	in, out, ring *endpoint // belong to run
	ops           chan func()
	surveyed      chan survey
	quit          chan struct{}
	gone          chan struct{}
	closing       sync.Once
	surveying     bool
	nextSurvey    time.Time
	route         Route
	known         []Device // of the latest survey
	started       bool

	sources  atomic.Pointer[Far] // where the loudspeaker's sound comes from
	target   atomic.Pointer[Far] // where the microphone's sound goes
	tone     atomic.Pointer[player]
	ringing  atomic.Pointer[player]
	farLoud  gain
	toneLoud gain
	mic, far meter
	watcher  micWatch
}

// NewPath makes the sound of a call. It opens nothing yet.
func NewPath(sys System, cfg PathConfig) *Path {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Notice == nil {
		cfg.Notice = func(Notice) {}
	}
	if cfg.RingVolume <= 0 || cfg.RingVolume > 1 {
		cfg.RingVolume = 1
	}
	p := &Path{
		sys: sys, cfg: cfg, log: cfg.Log, route: RouteEarpiece,
		ops: make(chan func()), surveyed: make(chan survey, 1), quit: make(chan struct{}), gone: make(chan struct{}),
	}
	p.SetVolumes(cfg.Volumes)
	p.in = p.endpoint(Capture, cfg.In, p.capture)
	p.out = p.endpoint(Playback, cfg.Out, p.play)
	p.ring = p.endpoint(Playback, cfg.Ring, p.playRing)
	crash.Go(p.run)
	return p
}

func (p *Path) endpoint(kind Kind, wanted Spec, work func([]int16)) *endpoint {
	return &endpoint{sys: p.sys, kind: kind, log: p.log, notice: p.cfg.Notice, wanted: wanted, work: work}
}

// run owns the endpoints.
func (p *Path) run() {
	defer close(p.gone)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case op := <-p.ops:
			op()
		case s := <-p.surveyed:
			p.surveying = false
			p.nextSurvey = time.Now().Add(surveyEvery)
			if len(s.list) > 0 { // a failure says nothing about the devices
				p.take(s.list)
			}
			p.in.muteSeen(s.mic)
			p.out.muteSeen(s.speaker)
		case now := <-tick.C:
			p.watch(now)
		case <-p.quit:
			for _, e := range p.ends() {
				e.stop()
			}
			for _, e := range p.ends() {
				e.closing.Wait()
			}
			if p.cfg.Processor != nil {
				p.cfg.Processor.Close()
			}
			return
		}
	}
}

func (p *Path) ends() []*endpoint { return []*endpoint{p.in, p.out, p.ring} }

func (p *Path) watch(now time.Time) {
	open := false
	for _, e := range p.ends() {
		e.watch(now)
		open = open || e.cur != nil && e.aim().Real()
	}
	if p.in.cur != nil && !p.in.silenced() {
		p.watcher.report(now, p.in, p.muted())
	}
	if p.ring.cur != nil && p.ringing.Load() == nil {
		p.ring.stop()
	}
	if open && !p.surveying && now.After(p.nextSurvey) {
		p.surveying = true
		s := survey{mic: p.in.inUse(), speaker: p.out.inUse()}
		go func() {
			defer crash.Guard()
			s.list = listAll(p.sys)
			s.mic.ask(p.sys, Capture, s.list)
			s.speaker.ask(p.sys, Playback, s.list)
			select {
			case p.surveyed <- s:
			case <-p.gone:
			}
		}()
	}
}

// do runs op on the path's goroutine. It fails once the path is closed.
func (p *Path) do(op func() error) error {
	done := make(chan error, 1)
	select {
	case p.ops <- func() { done <- op() }:
		return <-done
	case <-p.gone:
		return fault.New(fault.NoCall, "call.sound-closed")
	}
}

// OpenPlayout opens the loudspeaker, if a tone has not yet, and plays what far
// brings. Once more with another far changes over to that, and with nil to
// silence.
func (p *Path) OpenPlayout(far Far) error {
	p.sources.Store(box(far))
	return p.do(p.openOut)
}

// OpenCapture opens the microphone, which until then is closed, and gives what it
// hears to far.
func (p *Path) OpenCapture(far Far) error {
	p.target.Store(box(far))
	return p.do(func() error {
		if p.in.cur == nil {
			p.prefer()
			p.in.start()
		}
		return nil
	})
}

func box(far Far) *Far {
	if far == nil {
		return nil
	}
	return &far
}

func (p *Path) openOut() error {
	if p.out.cur == nil {
		p.prefer()
		p.out.start()
	}
	return nil
}

// muted reports whether the far side is given nothing to hear at present.
func (p *Path) muted() bool {
	f := p.target.Load()
	if f == nil {
		return false
	}
	m, ok := (*f).(Mutable)
	return ok && m.Muted()
}

// Levels shows how loud the microphone and the far side are, 0 (silence) to 1
// (full scale). A muted microphone shows 0. It waits for nothing.
func (p *Path) Levels() (mic, far float64) {
	return float64(p.mic.load()), float64(p.far.load())
}

// PlayTone plays t to the user alone, over the call if there is one, and opens
// the device for it. A tone replaces the one before; the ringtone has a device of
// its own.
func (p *Path) PlayTone(t Tone) {
	if t == Ringtone {
		if p.cfg.Silent {
			return
		}
		p.ringing.Store(newPlayer(melodyOf(t, p.cfg.Country), p.cfg.RingVolume))
		_ = p.do(func() error {
			if p.ring.cur == nil && p.ringing.Load() != nil {
				p.ring.start()
			}
			return nil
		})
		return
	}
	if t == NoTone {
		p.StopTone()
		return
	}
	p.tone.Store(newPlayer(melodyOf(t, p.cfg.Country), 1))
	_ = p.do(p.openOut)
}

// StopTone stops every tone, the ringtone too, within one frame.
func (p *Path) StopTone() {
	p.tone.Store(nil)
	if p.ringing.Swap(nil) != nil {
		_ = p.do(func() error {
			if p.ringing.Load() == nil {
				p.ring.stop()
			}
			return nil
		})
	}
}

// WaitTone returns when the tone that plays has ended by itself or was stopped,
// or when ctx ends. It waits for ever for one that repeats.
func (p *Path) WaitTone(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for p.tone.Load() != nil || p.ringing.Load() != nil {
		select {
		case <-ctx.Done():
			return
		case <-p.gone:
			return
		case <-tick.C:
		}
	}
}

// SetInput and SetOutput change the device during a call, without a gap. If it
// can't be opened nothing changes and the error says why.
func (p *Path) SetInput(spec Spec) error { return p.choose(p.in, spec) }

// SetOutput is SetInput for the loudspeaker.
func (p *Path) SetOutput(spec Spec) error { return p.choose(p.out, spec) }

func (p *Path) choose(e *endpoint, spec Spec) error {
	return p.do(func() error {
		if e.cur != nil {
			if err := e.open(spec); err != nil {
				return err
			}
		}
		e.wanted, e.around, e.problem = spec, nil, nil
		if p.out.around == nil {
			p.route = RouteEarpiece // another microphone leaves the sound where it goes
		}
		return nil
	})
}

// OfferHeadset says whether a headset that appears from now on is offered, not taken.
func (p *Path) OfferHeadset(on bool) {
	_ = p.do(func() error {
		p.cfg.OfferHeadset = on
		return nil
	})
}

// InUse is the names of the devices in use, "" for one that isn't open or isn't
// there, and why the wanted ones are not, if so.
func (p *Path) InUse() (mic, speaker string, micErr, speakerErr *fault.Error) {
	_ = p.do(func() error {
		mic, speaker = p.in.name(), p.out.name()
		micErr, speakerErr = p.in.problem, p.out.problem
		return nil
	})
	return
}

// Close ends the sound and closes the devices. It waits for them a short while
// at most.
func (p *Path) Close() error {
	p.closing.Do(func() {
		p.sources.Store(nil)
		p.target.Store(nil)
		p.tone.Store(nil)
		p.ringing.Store(nil)
		close(p.quit)
	})
	<-p.gone
	return nil
}

// play fills a frame for the loudspeaker, on its thread.
func (p *Path) play(frame []int16) {
	if f := p.sources.Load(); f != nil {
		(*f).Pull(frame)
	} else {
		clear(frame)
	}
	p.far.add(frame) // what the far side says, however loud the user wants it
	p.farLoud.apply(frame)
	if t := p.tone.Load(); t != nil {
		t.volume = p.toneLoud.load()
		if !t.mix(frame) {
			p.tone.CompareAndSwap(t, nil)
		}
	}
	if p.cfg.Processor != nil {
		p.cfg.Processor.Played(frame)
	}
}

// playRing fills a frame for what rings, on its thread.
func (p *Path) playRing(frame []int16) {
	clear(frame)
	if t := p.ringing.Load(); t != nil {
		t.mix(frame)
	}
}

// capture passes a frame of the microphone on, on its thread.
func (p *Path) capture(frame []int16) {
	muted := p.muted()
	p.watcher.add(frame, muted)
	if p.cfg.Processor != nil {
		p.cfg.Processor.Process(frame)
	}
	if muted {
		clear(frame)
	}
	p.mic.add(frame)
	if f := p.target.Load(); f != nil {
		(*f).Push(frame)
	}
}
