package app

import (
	"context"
	"log/slog"
	"sync"

	"offhook/voice/audio"
)

// NewBell makes a Bell on the devices of system, which it does not close.
func NewBell(system audio.System, log *slog.Logger) Bell {
	b := &bell{system: system, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go b.run()
	return b
}

// bell plays on a goroutine of its own, because devices take their time. Only
// the latest wish counts.
type bell struct {
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

func (b *bell) SetDevices(speaker, ring audio.Spec) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.speaker, b.ring = speaker, ring
}

func (b *bell) SetCountry(code string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.country = code
}

func (b *bell) Ring(volume int) { b.want(wish{audio.Ringtone, volume}) }
func (b *bell) Stop()           { b.want(wish{}) }

func (b *bell) Play(t Tone, volume int) {
	tones := map[Tone]audio.Tone{ToneBusy: audio.Busy, ToneReorder: audio.Reorder, ToneAutoAnswer: audio.Connected, ToneMissed: audio.CallWaiting}
	b.want(wish{tones[t], volume})
}

func (b *bell) want(w wish) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	if w.volume <= 0 {
		w.tone = audio.NoTone
	}
	b.wish = &w
	if b.stop != nil {
		b.stop()
	}
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *bell) Close() {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		if b.stop != nil {
			b.stop()
		}
		close(b.wake)
	}
	b.mu.Unlock()
	<-b.done
}

func (b *bell) run() {
	defer close(b.done)
	for range b.wake {
		b.mu.Lock()
		w := b.wish
		b.wish = nil
		if w == nil || w.tone == audio.NoTone || b.closed {
			b.mu.Unlock()
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		b.stop = cancel
		cfg := audio.PathConfig{Out: b.speaker, Ring: b.ring, RingVolume: float64(w.volume) / 100, Country: b.country, Log: b.log}
		b.mu.Unlock()
		b.play(ctx, w.tone, cfg)
		cancel()
	}
}

// play plays a tone until it ends or ctx does.
func (b *bell) play(ctx context.Context, t audio.Tone, cfg audio.PathConfig) {
	if cfg.Ring == (audio.Spec{}) {
		cfg.Ring = cfg.Out
	}
	path := audio.NewPath(b.system, cfg)
	path.PlayTone(t)
	path.WaitTone(ctx)
	if err := path.Close(); err != nil {
		b.log.Warn("bell", "err", err)
	}
}
