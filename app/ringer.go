package app

import (
	"context"
	"log/slog"
	"sync"

	"offhook/voice/audio"
)

// NewRinger makes a Ringer on the devices of system, which it does not close.
func NewRinger(system audio.System, log *slog.Logger) Ringer {
	r := &ringer{system: system, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go r.run()
	return r
}

// ringer plays on a goroutine of its own, because devices take their time. Only
// the latest wish counts.
type ringer struct {
	system audio.System
	log    *slog.Logger
	wake   chan struct{}
	done   chan struct{}

	mu            sync.Mutex // guards what follows
	speaker, ring audio.Spec
	country       string
	wish          *wish
	stop          context.CancelFunc
	closed        bool
}

// wish is what is to be heard next; tone NoTone is silence.
type wish struct {
	tone   audio.Tone
	volume int
}

func (r *ringer) SetDevices(speaker, ring audio.Spec) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.speaker, r.ring = speaker, ring
}

func (r *ringer) SetCountry(code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.country = code
}

func (r *ringer) Ring(volume int) { r.want(wish{audio.Ringtone, volume}) }
func (r *ringer) Stop()           { r.want(wish{}) }

func (r *ringer) Play(t Tone, volume int) {
	tones := map[Tone]audio.Tone{ToneBusy: audio.Busy, ToneReorder: audio.Reorder, ToneAutoAnswer: audio.Connected, ToneMissed: audio.CallWaiting}
	r.want(wish{tones[t], volume})
}

func (r *ringer) want(w wish) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if w.volume <= 0 {
		w.tone = audio.NoTone
	}
	r.wish = &w
	if r.stop != nil {
		r.stop()
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *ringer) Close() {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		if r.stop != nil {
			r.stop()
		}
		close(r.wake)
	}
	r.mu.Unlock()
	<-r.done
}

func (r *ringer) run() {
	defer close(r.done)
	for range r.wake {
		r.mu.Lock()
		w := r.wish
		r.wish = nil
		if w == nil || w.tone == audio.NoTone || r.closed {
			r.mu.Unlock()
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		r.stop = cancel
		cfg := audio.PathConfig{Out: r.speaker, Ring: r.ring, RingVolume: float64(w.volume) / 100, Country: r.country, Log: r.log}
		r.mu.Unlock()
		r.play(ctx, w.tone, cfg)
		cancel()
	}
}

// play plays a tone until it ends or ctx does.
func (r *ringer) play(ctx context.Context, t audio.Tone, cfg audio.PathConfig) {
	if cfg.Ring == (audio.Spec{}) {
		cfg.Ring = cfg.Out
	}
	path := audio.NewPath(r.system, cfg)
	path.PlayTone(t)
	path.WaitTone(ctx)
	if err := path.Close(); err != nil {
		r.log.Warn("ringer", "err", err)
	}
}
