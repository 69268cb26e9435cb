package voice

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/media"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// chaos is what can happen to a call at any moment, in any order: more than the
// packages below promise.
func chaos(r *harness, rnd *rand.Rand) map[string]func() {
	pick := func(n int) int { return rnd.IntN(n) }
	call := func(f func(c *Call)) func() {
		return func() {
			if calls := r.client.Calls(); len(calls) > 0 {
				f(calls[pick(len(calls))])
			} else if d, ok := r.client.LatestCallDetails(); ok {
				if c, ok := r.client.CallFromID(d.CallID); ok {
					f(c)
				}
			}
		}
	}
	far := func(f func() sip.DialogEvent) func() {
		return func() {
			r.sip.mu.Lock()
			n := len(r.sip.legs)
			r.sip.mu.Unlock()
			if n > 0 {
				r.sip.leg(n - 1 - pick(min(n, 2))).says(f())
			}
		}
	}
	heard := func(ev media.Event) func() {
		return func() {
			if s := r.media.last(); s != nil {
				s.tell(ev)
			}
		}
	}
	body := func() string { return []string{"", "early", "bad"}[pick(3)] }
	reasons := []string{"", "ring-limit", "conversation-limit", "media-timeout", "declined", "caller-gone", "nonsense"}
	headers := func() []sip.Header {
		return []sip.Header{{Name: "X-End-Reason", Value: reasons[pick(len(reasons))]}}
	}
	return map[string]func(){
		"180": far(func() sip.DialogEvent { return sip.Provisional{Status: 180, Body: body()} }),
		"183": far(func() sip.DialogEvent { return sip.Provisional{Status: 183, Body: body()} }),
		"200": far(func() sip.DialogEvent { return sip.Answered{Body: body()} }),
		"fail": far(func() sip.DialogEvent {
			return sip.Failed{Status: []int{0, 403, 404, 480, 486, 487, 503}[pick(7)], Headers: headers()}
		}),
		"bye": far(func() sip.DialogEvent { return sip.Ended{ByRemote: true, Headers: headers()} }),
		"481": far(func() sip.DialogEvent { return sip.Ended{Status: 481} }),
		"offer": far(func() sip.DialogEvent {
			replies := 0
			return sip.Reoffered{Offer: []string{"", "v=0\nm=audio 1\na=sendonly\n"}[pick(2)], Reply: func(int, string) error {
				if replies++; replies > 1 {
					r.t.Error("an offer was answered twice")
				}
				return nil
			}}
		}),
		"offers are refused": func() {
			how := []error{nil, &sip.StatusError{Status: 488}, &sip.StatusError{Status: 491}, &sip.StatusError{Status: 503}, context.DeadlineExceeded, sip.ErrFlowLost}[pick(6)]
			took := time.Duration(pick(3000)) * time.Millisecond
			r.sip.mu.Lock()
			legs := slices.Clone(r.sip.legs)
			r.sip.mu.Unlock()
			for _, d := range legs {
				d.mu.Lock()
				d.onOffer = func(int) error {
					d.mu.Unlock()
					defer d.mu.Lock()
					time.Sleep(took)
					return how
				}
				d.mu.Unlock()
			}
		},
		"answer in the ACK": far(func() sip.DialogEvent { return sip.Reanswered{Answer: body()} }),
		"digit by info":     far(func() sip.DialogEvent { return sip.Informed{ContentType: "application/dtmf", Body: "5"} }),
		"cut":               func() { r.sip.cut(errors.New("cut")) },
		"server down":       func() { r.sip.setDown(errors.New("down")) },
		"server up":         func() { r.sip.setDown(nil) },
		"network changed":   func() { r.client.Retry() },
		"media flows":       func() { r.media.flow(true) },
		"media stops":       func() { r.media.flow(false) },
		"connected":         heard(media.Event{Kind: media.Connected}),
		"path failed":       heard(media.Event{Kind: media.Failed, Err: errors.New("failed")}),
		"digit":             heard(media.Event{Kind: media.DTMF, Digit: '1'}),
		"ringing":           func() { r.platform.setState("s1", wire.CallRinging) },
		"cancelled":         func() { r.platform.setState("s1", wire.CallCancelled) },
		"timeout":           func() { r.platform.setState("s1", wire.CallTimeout) },
		"answered":          func() { r.platform.setState("s1", wire.CallAnswered) },
		"platform fails":    func() { r.platform.failing(pick(2) == 0) },
		"push": func() {
			session := fmt.Sprint("s", 1+pick(3))
			r.platform.setState(session, wire.CallRinging)
			_, _ = r.client.RelaySessionData(r.t.Context(), push(session, nil))
		},
		"dial":   func() { _, _ = r.client.Dial(r.t.Context(), "0804", "") },
		"answer": call(func(c *Call) { _ = c.Answer() }),
		"hangup": call(func(c *Call) { _ = c.Hangup() }),
		"mute":   call(func(c *Call) { _ = c.Mute() }),
		"dtmf":   call(func(c *Call) { _ = c.SendDTMF("1,2") }),
		"route":  call(func(c *Call) { _ = c.EnableSpeaker() }),
		"hold": call(func(c *Call) {
			ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
			defer cancel()
			_ = c.Hold(ctx)
		}),
		"resume": call(func(c *Call) {
			ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
			defer cancel()
			_ = c.Resume(ctx)
		}),
		"other phone": func() { r.client.SetOnAnotherPhone(true); r.client.SetOnAnotherPhone(false) },
		"a while":     func() { time.Sleep(time.Duration(pick(12000)) * time.Millisecond) },
		"a moment":    func() { time.Sleep(time.Duration(pick(300)) * time.Millisecond) },
		"quiet":       func() { synctest.Wait() },
	}
}

func (m *fakeMedia) last() *fakeSession {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.sessions) == 0 {
		return nil
	}
	return m.sessions[len(m.sessions)-1]
}

func (m *fakeMedia) flow(on bool) {
	if s := m.last(); s != nil {
		s.flow(on)
	}
}

func (p *fakePlatform) failing(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = nil
	if on {
		p.refuse = func(*http.Request) int { return 503 }
	}
}

// TestAnyOrderOfEvents lets hundreds of calls live through random events. No
// call ever leaves the state machine, loses its end, or ends twice; no event
// follows the end but that of its media; the phone is free again afterwards and
// nothing is left over.
func TestAnyOrderOfEvents(t *testing.T) {
	t.Parallel()
	const lives = 400
	for seed := range uint64(lives) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { liveThrough(t, seed) })
		})
	}
}

func liveThrough(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	most := 1 + int(seed/2%3) // one call at a time, or some
	r := newHarness(t, WithMaxCalls(most, 1))
	r.start()
	what := chaos(r, rnd)
	names := make([]string, 0, len(what))
	for name := range what {
		names = append(names, name)
	}
	// The order of a map is not the seed's.
	slices.Sort(names)
	var did []string
	if seed%2 == 0 {
		what["dial"]()
	} else {
		what["push"]()
	}
	for range 12 + rnd.IntN(40) {
		name := names[rnd.IntN(len(names))]
		did = append(did, name)
		what[name]()
	}
	what["server up"]()
	r.platform.failing(false)
	if err := r.client.Close(context.Background()); err != nil {
		t.Errorf("close: %v", err)
	}
	lives := map[string]*life{}
	var order []string
	for ev := range r.sub.Events() {
		if id, fault := checkEvent(lives, most, ev); fault != "" {
			t.Errorf("%s: %s", id, fault)
		} else if id != "" && (len(order) == 0 || order[len(order)-1] != id) {
			order = append(order, id)
		}
	}
	for id, l := range lives {
		if !l.ended || !l.destroyed {
			t.Errorf("%s: ended %v, media destroyed %v", id, l.ended, l.destroyed)
		}
	}
	if t.Failed() {
		t.Logf("what happened: %q", did)
	}
}

// life is what the events of one call have told so far.
type life struct {
	state            State
	ended, destroyed bool
}

// checkEvent follows a call by its events and says what is wrong with one.
func checkEvent(lives map[string]*life, most int, ev Event) (id, wrong string) {
	var d CallDetails
	switch ev := ev.(type) {
	case CallInitiated:
		d = ev.Call
	case IncomingCall:
		d = ev.Call
	case CallRinging:
		d = ev.Call
	case CallEstablished:
		d = ev.Call
	case CallChanged:
		d = ev.Call
	case CallEnded:
		d = ev.Call
	case MediaDisrupted:
		d = ev.Call
	case RenewingMedia:
		d = ev.Call
	case DTMFReceived:
		d = ev.Call
	case SoundFailed:
		d = ev.Call
	case MediaSessionDestroyed:
		l := lives[ev.CallID]
		if l == nil || !l.ended || l.destroyed {
			return ev.CallID, "media destroyed out of turn"
		}
		l.destroyed = true
		return ev.CallID, ""
	default:
		return "", ""
	}
	l := lives[d.CallID]
	if l == nil {
		l = &life{state: StateNone}
		lives[d.CallID] = l
		going := 0
		for _, o := range lives {
			if !o.ended {
				going++
			}
		}
		if going > most {
			return d.CallID, fmt.Sprintf("is the %dth call at once", going)
		}
	}
	_, ends := ev.(CallEnded)
	switch {
	case l.ended:
		return d.CallID, fmt.Sprintf("%T after the end", ev)
	case d.State != l.state && !l.state.CanMove(d.State):
		return d.CallID, fmt.Sprintf("%T moves from %v to %v", ev, l.state, d.State)
	case ends != (d.State == StateEnded):
		return d.CallID, fmt.Sprintf("%T in %v", ev, d.State)
	case ends && d.EndReason == EndNone:
		return d.CallID, "ended for no reason"
	case !d.Ended.IsZero() && !ends:
		return d.CallID, "has an end before its end"
	}
	l.state, l.ended = d.State, ends
	return d.CallID, ""
}
