// Package player plays recordings of calls outside a call, on the devices of calls.
package player

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"offhook/internal/crash"
	"offhook/voice/audio"
	"offhook/voice/codec"
	"offhook/voice/recording"
)

// Player plays one recording, once. Its methods may be called from any goroutine and
// return at once.
type Player struct {
	from   *recording.Listener
	length time.Duration
	seek   chan time.Duration
	cancel context.CancelFunc
	done   chan struct{}
	feed   feed
	err    error // once done is closed
}

// ahead is how many frames are decoded before they are heard: what a server that is
// slow for once may take.
const ahead = 100

// Start plays a recording from a time on, until its end, Stop or the end of ctx. The
// player owns from until Done.
func Start(ctx context.Context, system audio.System, out audio.Spec, from *recording.Listener, at time.Duration, log *slog.Logger) *Player {
	ctx, cancel := context.WithCancel(ctx)
	p := &Player{
		from: from, length: from.Length(), seek: make(chan time.Duration, 1), cancel: cancel, done: make(chan struct{}),
		feed: feed{frames: make(chan frame, ahead)},
	}
	p.Seek(at)
	crash.Go(func() {
		defer close(p.done)
		defer cancel()
		path := audio.NewPath(system, audio.PathConfig{Out: out, Log: log})
		defer path.Close()
		if p.err = path.OpenPlayout(&p.feed); p.err == nil {
			p.err = p.run(ctx)
		}
	})
	return p
}

// Seek goes to a time of the recording.
func (p *Player) Seek(to time.Duration) {
	to = max(0, min(to, p.length))
	for {
		select {
		case p.seek <- to:
			p.feed.at.Store(int64(to))
			return
		case <-p.seek: // an earlier wish
		}
	}
}

// Stop ends it.
func (p *Player) Stop() { p.cancel() }

// Position is what is heard now, Length how long the recording is.
func (p *Player) Position() time.Duration { return min(time.Duration(p.feed.at.Load()), p.length) }

// Length is described at Position.
func (p *Player) Length() time.Duration { return p.length }

// Done is closed at the end; Err then says why it could not go on, nil for its end.
func (p *Player) Done() <-chan struct{} { return p.done }

// Err is described at Done.
func (p *Player) Err() error { return p.err }

// run decodes what is to be heard.
func (p *Player) run(ctx context.Context) error {
	var at time.Duration
	for {
		select {
		case <-ctx.Done():
			return nil
		case at = <-p.seek:
			p.feed.drop()
			if err := p.from.Seek(at); err != nil {
				return err
			}
		default:
		}
		pcm, err := p.from.Next()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, io.EOF):
			if p.drain(ctx) {
				continue
			}
			if ctx.Err() == nil {
				p.feed.at.Store(int64(p.length))
			}
			return nil
		case err != nil:
			return err
		}
		for len(pcm) >= audio.FrameSamples {
			f := frame{at: at}
			copy(f.pcm[:], pcm)
			pcm = pcm[audio.FrameSamples:]
			at += audio.FrameSamples * time.Second / codec.SampleRate
			select {
			case p.feed.frames <- f:
			case <-ctx.Done():
				return nil
			}
			if len(p.seek) > 0 {
				break
			}
		}
	}
}

// drain waits until all is heard, and reports whether somebody wants to hear more.
func (p *Player) drain(ctx context.Context) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(p.feed.frames) > 0 {
		select {
		case <-tick.C:
			if len(p.seek) > 0 {
				return true
			}
		case <-ctx.Done():
			return false
		}
	}
	return len(p.seek) > 0
}

// frame is 10 ms, and where they stand.
type frame struct {
	at  time.Duration
	pcm [audio.FrameSamples]int16
}

// feed gives the frames to the loudspeaker's thread.
type feed struct {
	frames chan frame
	at     atomic.Int64 // time.Duration of the latest frame
}

// Push implements audio.Far; nothing is recorded.
func (f *feed) Push([]int16) {}

// Pull implements audio.Far.
func (f *feed) Pull(out []int16) {
	select {
	case next := <-f.frames:
		copy(out, next.pcm[:])
		f.at.Store(int64(next.at))
	default:
		clear(out)
	}
}

func (f *feed) drop() {
	for {
		select {
		case <-f.frames:
		default:
			return
		}
	}
}
