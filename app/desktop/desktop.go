// Package desktop keeps the rest of the computer out of a call's way: music pauses
// and the screen stays on while it lasts.
//
// What a system gives: on Linux both, by D-Bus (MPRIS, and the ScreenSaver
// interface or the desktop portal); on macOS and Windows the screen only, because neither lets a
// program pause another one's music.
package desktop

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"offhook/internal/crash"
)

// Wish is what a call asks of the computer.
type Wish struct{ PauseMedia, KeepAwake bool }

// Desktop makes and takes back what calls ask for, on a goroutine of its own: a
// desktop that does not answer delays no call.
type Desktop struct {
	log  *slog.Logger
	wake chan struct{}
	done chan struct{}

	mu     sync.Mutex // guards what follows
	wish   *Wish
	closed bool
}

// New returns the computer's Desktop.
func New(log *slog.Logger) *Desktop {
	d := &Desktop{log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	crash.Go(d.run)
	return d
}

// CallBegan asks for what the wish holds until CallEnded. It returns at once.
func (d *Desktop) CallBegan(w Wish) { d.set(&w) }

// CallEnded takes everything back. It returns at once.
func (d *Desktop) CallEnded() { d.set(nil) }

func (d *Desktop) set(w *Wish) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.wish = w
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Close takes everything back and waits for that, no longer than half a second
// all together.
func (d *Desktop) Close() {
	d.mu.Lock()
	if !d.closed {
		d.closed, d.wish = true, nil
		close(d.wake)
	}
	d.mu.Unlock()
	<-d.done
}

// timeout bounds what one request to the desktop may take, closing what all may
// at the end.
const (
	timeout = 2 * time.Second
	closing = 500 * time.Millisecond
)

func (d *Desktop) run() {
	defer close(d.done)
	var undo []func(context.Context) error
	takeBack := func(ctx context.Context) {
		for _, u := range undo {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			if err := u(ctx); err != nil {
				d.log.Info("desktop", "err", err)
			}
			cancel()
		}
		undo = nil
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), closing)
		defer cancel()
		takeBack(ctx)
	}()
	for range d.wake {
		d.mu.Lock()
		w, closed := d.wish, d.closed
		d.mu.Unlock()
		if closed {
			return
		}
		takeBack(context.Background())
		if w == nil {
			continue
		}
		add := func(f func(context.Context) (func(context.Context) error, error)) {
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			defer cancel()
			u, err := f(ctx)
			if err != nil {
				d.log.Debug("desktop", "err", err)
			}
			if u != nil {
				undo = append(undo, u)
			}
		}
		if w.PauseMedia {
			add(pauseMedia)
		}
		if w.KeepAwake {
			add(keepAwake)
		}
	}
}
