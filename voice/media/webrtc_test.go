package media

import (
	"context"
	"math"
	"math/cmplx"
	"sync"
	"testing"
	"time"

	"offhook/voice/codec"
)

// phone is a session with a microphone that hums and a loudspeaker that is
// recorded.
type phone struct {
	t testing.TB
	Session
	hz float64

	mu     sync.Mutex
	heard  []int16
	events []Event
	news   chan struct{}
	done   chan struct{}
	tasks  sync.WaitGroup
}

func newPhone(t testing.TB, hz float64, cfg Config) *phone {
	t.Helper()
	cfg.Loopback = true
	s, err := NewWebRTC(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return startPhone(t, s, hz)
}

func startPhone(t testing.TB, s Session, hz float64) *phone {
	p := &phone{t: t, Session: s, hz: hz, news: make(chan struct{}, 1), done: make(chan struct{})}
	p.tasks.Go(p.sound)
	p.tasks.Go(p.follow)
	t.Cleanup(p.end)
	return p
}

func (p *phone) end() {
	select {
	case <-p.done:
		return
	default:
	}
	close(p.done)
	if err := p.Close(); err != nil {
		p.t.Error(err)
	}
	p.tasks.Wait()
}

// sound is the device: 10 ms of microphone, 10 ms of loudspeaker.
func (p *phone) sound() {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	mic, speaker := make([]int16, frameSamples), make([]int16, frameSamples)
	begun, n := time.Now(), 0
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
		for time.Since(begun) >= time.Duration(n)*10*time.Millisecond {
			for i := range mic {
				mic[i] = int16(12000 * math.Sin(2*math.Pi*p.hz*float64(n*frameSamples+i)/48000))
			}
			n++
			p.Push(mic)
			p.Pull(speaker)
			p.mu.Lock()
			p.heard = append(p.heard, speaker...)
			p.mu.Unlock()
		}
		p.tell()
	}
}

func (p *phone) follow() {
	for e := range p.Events() {
		p.mu.Lock()
		p.events = append(p.events, e)
		p.mu.Unlock()
		p.tell()
	}
}

func (p *phone) tell() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// await waits until ok holds; it is asked again whenever something happened.
func (p *phone) await(what string, ok func() bool) {
	p.t.Helper()
	limit := time.After(3 * time.Minute)
	for !ok() {
		select {
		case <-p.news:
		case <-limit:
			p.t.Fatalf("%s did not happen; events %v", what, p.kinds())
		}
	}
}

func (p *phone) kinds() (k []EventKind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		k = append(k, e.Kind)
	}
	return k
}

func (p *phone) count(kind EventKind) (n int) {
	for _, k := range p.kinds() {
		if k == kind {
			n++
		}
	}
	return n
}

// first is when the first event of the kind happened.
func (p *phone) first(kind EventKind) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e.Kind == kind {
			return e.At
		}
	}
	return time.Time{}
}

func (p *phone) digits() (s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e.Kind == DTMF {
			s += string(e.Digit)
		}
	}
	return s
}

// mark is a place in what was heard; since returns what came after it.
func (p *phone) mark() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.heard)
}

func (p *phone) since(mark int) []int16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]int16(nil), p.heard[mark:]...)
}

// listen returns the next sound of the given length.
func (p *phone) listen(d time.Duration) []int16 {
	p.t.Helper()
	from, n := p.mark(), int(d.Seconds()*48000)
	p.await("sound", func() bool { return p.mark() >= from+n })
	return p.since(from)[:n]
}

// tone is how much of the sound's energy is at hz, 0 to 1.
func tone(s []int16, hz float64) float64 {
	step := cmplx.Rect(1, 2*math.Pi*hz/48000)
	turn, sum, e := complex(1, 0), complex(0, 0), 0.0
	for _, v := range s {
		x := float64(v)
		sum += turn * complex(x, 0)
		turn *= step
		e += x * x
	}
	if e == 0 {
		return 0
	}
	return 2 * (real(sum)*real(sum) + imag(sum)*imag(sum)) / (e * float64(len(s)))
}

func loudness(s []int16) float64 {
	var e float64
	for _, v := range s {
		e += float64(v) * float64(v)
	}
	return math.Sqrt(e / float64(max(len(s), 1)))
}

// exchange runs one offer and answer from a to b.
func exchange(t testing.TB, a, b *phone, restart bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	offer, err := a.Offer(ctx, restart)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Answer(ctx, offer)
	if err != nil {
		t.Fatalf("%v\n%s", err, offer)
	}
	if err := a.SetAnswer(answer); err != nil {
		t.Fatalf("%v\n%s", err, answer)
	}
}

// call connects two phones with all gates open.
func call(t testing.TB, ca, cb Config) (a, b *phone) {
	t.Helper()
	a, b = newPhone(t, 440, ca), newPhone(t, 1000, cb)
	for _, p := range []*phone{a, b} {
		p.OpenSend()
		p.OpenReceive()
	}
	exchange(t, a, b, false)
	for _, p := range []*phone{a, b} {
		p.await("connection", func() bool { return p.count(Connected) > 0 })
	}
	return a, b
}

func hears(t testing.TB, p *phone, hz float64) {
	t.Helper()
	p.await("the far side's tone", func() bool {
		n := p.mark()
		return n > 12000 && tone(p.since(n-9600), hz) > 0.8
	})
}

// path waits for the name of the phone's end of the path: the library tells of it
// apart from the sound.
func (p *phone) path() (name string) {
	p.t.Helper()
	p.await("the path's name", func() bool {
		name = p.Statistics().LocalCandidate
		return name != ""
	})
	return name
}

func TestCall(t *testing.T) {
	t.Parallel()
	for _, name := range codec.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := call(t, Config{}, Config{Codecs: []string{name}})
			hears(t, a, 1000)
			hears(t, b, 440)
			if st := a.Statistics(); st.AudioCodec != name || st.PacketsSent == 0 {
				t.Errorf("%+v", st)
			}
			a.path()
		})
	}
}
