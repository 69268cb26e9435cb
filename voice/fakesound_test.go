package voice

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync"

	"offhook/voice/audio"
)

// fakeSound makes paths that remember what was done.
type fakeSound struct {
	mu    sync.Mutex
	paths []*fakePath
}

func (s *fakeSound) newPath(Sound, func(audio.Notice)) (soundPath, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &fakePath{}
	s.paths = append(s.paths, p)
	return p, nil
}

func (s *fakeSound) path(i int) *fakePath {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paths[i]
}

type fakePath struct {
	mu    sync.Mutex
	did   []string
	route AudioRoute
	noMic bool
}

func (p *fakePath) note(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.did = append(p.did, what)
}

func (p *fakePath) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.did, ", ")
}

func (p *fakePath) OpenPlayout(audio.Far) error { p.note("playout"); return nil }
func (p *fakePath) OpenCapture(audio.Far) error {
	p.note("capture")
	if p.noMic {
		return errors.New("no microphone")
	}
	return nil
}
func (p *fakePath) PlayTone(t tone) { p.note(fmt.Sprintf("tone %d", t)) }
func (p *fakePath) StopTone()       { p.note("silence") }
func (p *fakePath) SetRoute(r AudioRoute) error {
	if r == RouteBluetooth {
		return errors.New("no such device")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.route = r
	return nil
}
func (p *fakePath) Route() AudioRoute {
	p.mu.Lock()
	defer p.mu.Unlock()
	return cmp.Or(p.route, RouteEarpiece)
}
func (p *fakePath) SetDevices(Sound) error     { p.note("devices"); return nil }
func (p *fakePath) Levels() (float64, float64) { return 0.5, 0.25 }
func (p *fakePath) Close() error               { p.note("closed"); return nil }
