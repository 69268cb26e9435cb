// Package ringer makes the sounds outside a call: the ringtone, and the tones of the
// end of a call.
package ringer

import (
	"context"
	"log/slog"
	"sync"

	"offhook/internal/crash"
	"offhook/voice/audio"
)

// New makes a ringer on the devices of system, which it does not close.
func New(system audio.System, log *slog.Logger) *Ringer {
	r := &Ringer{system: system, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	crash.Go(r.run)
	return r
}

// Ringer plays on a goroutine of its own, because devices take their time. Only
// the latest wish counts.
type Ringer struct {
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

// SetDevices says where it sounds from now on.
func (r *Ringer) SetDevices(speaker, ring audio.Spec) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.speaker, r.ring = speaker, ring
}

// SetCountry says whose tones are played, by ISO 3166 code; "" is ITU-T E.180's.
func (r *Ringer) SetCountry(code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.country = code
}

// Ring loops the ringtone; volume is 0 (silent) to 100.
func (r *Ringer) Ring(volume int) { r.want(wish{audio.Ringtone, volume}) }

// Stop ends what plays.
func (r *Ringer) Stop() { r.want(wish{}) }

// Play plays a tone once; volume is 0 (silent) to 100.
func (r *Ringer) Play(t audio.Tone, volume int) { r.want(wish{t, volume}) }

func (r *Ringer) want(w wish) {
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

// Close stops and waits for the device.
func (r *Ringer) Close() {
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

func (r *Ringer) run() {
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
func (r *Ringer) play(ctx context.Context, t audio.Tone, cfg audio.PathConfig) {
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
