package ui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/app"
	"offhook/app/settings"
	"offhook/assets/lang"
)

// TestMain runs the tests, or, as the program that TestRealWindow starts, a real
// window on a made phone.
func TestMain(m *testing.M) {
	time.Local = time.UTC // the pictures show times of day
	if os.Getenv("OFFHOOK_REAL_WINDOW") != "" {
		if err := realWindow(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("fyne.io/fyne/v2/internal/async.(*UnboundedChan[...]).processing"))
}

// playedPhone is a made phone that acts: it rings, connects and ends calls as a
// platform with an echo would.
type playedPhone struct {
	*madePhone
	out chan *app.Snapshot
	// second is a call that rings beside the snapshot's, or nil.
	second *app.Call
}

func (p *playedPhone) show(change func(*app.Snapshot)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := *p.snap
	if s.Call != nil {
		c := *s.Call
		s.Call = &c
	}
	change(&s)
	if s.Calls = nil; s.Call != nil {
		s.Calls = []*app.Call{s.Call}
		if p.second != nil {
			s.Calls = append(s.Calls, p.second)
		}
	}
	p.snap = &s
	p.out <- &s
}

func (p *playedPhone) WatchLatest(context.Context) <-chan *app.Snapshot { return p.out }
func (p *playedPhone) Snapshot() *app.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.snap
}

func (p *playedPhone) note(call string) { fmt.Println(call) }

func (p *playedPhone) Dial(_ context.Context, number, _ string) error {
	p.note("dial:" + number)
	p.show(func(s *app.Snapshot) {
		s.LastCall = nil
		now := time.Now()
		s.Call = &app.Call{ID: "c" + now.String(), Direction: "OUTGOING", State: "ESTABLISHED", RemoteID: number, RemoteName: p.NameOf(number),
			Started: now, Established: &now, Route: "EARPIECE", Quality: "measuring"}
	})
	return nil
}

func (p *playedPhone) Mute(string) error {
	p.note("mute")
	p.show(func(s *app.Snapshot) { s.Call.Muted = true })
	return nil
}

func (p *playedPhone) Unmute(string) error {
	p.note("unmute")
	p.show(func(s *app.Snapshot) { s.Call.Muted = false })
	return nil
}

func (p *playedPhone) Hold(context.Context, string) error {
	p.note("hold")
	p.show(func(s *app.Snapshot) { s.Call.Held = true })
	return nil
}

func (p *playedPhone) SendDTMF(_, d string) error {
	p.note("dtmf:" + d)
	p.show(func(s *app.Snapshot) { s.Call.DTMFSent += d })
	return nil
}

func (p *playedPhone) Answer(context.Context, string) error {
	p.note("answer")
	p.show(func(s *app.Snapshot) {
		now := time.Now()
		s.Call.State, s.Call.Established = "ESTABLISHED", &now
	})
	return nil
}

func (p *playedPhone) Silence(string) {
	p.note("silence")
	p.show(func(s *app.Snapshot) { s.Call.RingSilenced = true })
}

func (p *playedPhone) SetAvailability(a app.Availability) error {
	p.note("availability:" + string(a))
	p.show(func(s *app.Snapshot) { s.Availability = a })
	return nil
}

func (p *playedPhone) TakeDevice() error {
	p.note("take-device")
	p.show(func(s *app.Snapshot) { s.Audio.Offer = nil })
	return nil
}

func (p *playedPhone) DismissNotice() { p.show(func(s *app.Snapshot) { s.Notice = nil }) }

func (p *playedPhone) Hangup(_ context.Context, id string) error {
	if c := p.Snapshot().Call; c != nil && id != "" && id != c.ID {
		p.note("hangup second")
		p.show(func(*app.Snapshot) { p.second = nil })
		return nil
	}
	p.note("hangup")
	p.show(func(s *app.Snapshot) {
		c := s.Call
		s.Call = nil
		s.LastCall = &app.EndedCall{CallRecord: app.CallRecord{ID: c.ID, Direction: c.Direction, RemoteID: c.RemoteID, RemoteName: c.RemoteName, EndReason: "LOCAL_HANGUP", DurationS: 3},
			Ended: time.Now(), Answered: c.Established != nil, Shown: true}
	})
	return nil
}

func (p *playedPhone) DismissEnded() { p.show(func(s *app.Snapshot) { s.LastCall = nil }) }
func (p *playedPhone) SkipFeedback() { p.note("skip") }

// obey does what a test writes, a word a line: it rings, or the caller gives up.
func (p *playedPhone) obey(orders io.Reader) {
	for in := bufio.NewScanner(orders); in.Scan(); {
		switch in.Text() {
		case "ring":
			p.show(func(s *app.Snapshot) {
				s.Call = &app.Call{ID: "in" + time.Now().String(), Direction: "INCOMING", State: "INCOMING", RemoteID: "9845012345", RemoteName: "Priya Nair",
					Message: "Order 4471: delivery is late", Started: time.Now()}
			})
		case "beside":
			p.show(func(*app.Snapshot) {
				p.second = &app.Call{ID: "beside" + time.Now().String(), Role: app.RoleSecond, Direction: "INCOMING", State: "INCOMING",
					RemoteID: "9880030021", RemoteName: "Lucía Ortega", Started: time.Now()}
			})
		case "miss":
			p.show(func(s *app.Snapshot) { s.MissedUnseen++ })
		case "offer":
			p.show(func(s *app.Snapshot) {
				s.Audio.Offer = &app.DeviceOffer{Kind: app.OfferHeadset, Device: "Jabra Evolve2 65"}
			})
		case "unplug":
			p.show(func(s *app.Snapshot) {
				s.Notice = &app.Notice{At: time.Now(), Level: "warning", Text: lang.Of("audio.unplugged", "Jabra Evolve2 65", "")}
			})
		case "give up":
			p.show(func(s *app.Snapshot) { s.Call = nil })
		}
	}
}

// realWindow shows the scene of OFFHOOK_REAL_WINDOW until it is killed.
func realWindow() error {
	name := os.Getenv("OFFHOOK_REAL_WINDOW")
	for _, sc := range scenes() {
		if sc.name != name {
			continue
		}
		made := newMadePhone(sc.snap())
		made.snap.AvailableSince = time.Now()
		if mode := os.Getenv("OFFHOOK_REAL_THEME"); mode != "" {
			made.set.Appearance.Theme = mode
		}
		if sc.made != nil {
			sc.made(made)
		}
		if place := (settings.Window{Width: 380, Height: 660}); os.Getenv("OFFHOOK_REAL_PLACE") != "" {
			if _, err := fmt.Sscanf(os.Getenv("OFFHOOK_REAL_PLACE"), "%d,%d", &place.X, &place.Y); err != nil {
				return err
			}
			made.set.Appearance.Window = &place
		}
		p := &playedPhone{madePhone: made, out: make(chan *app.Snapshot, 16)}
		p.out <- made.snap
		go p.obey(os.Stdin)
		return Run(p, Options{})
	}
	return fmt.Errorf("no scene %q", name)
}
