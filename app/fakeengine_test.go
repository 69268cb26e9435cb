package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// fakeEngine does what it is told and remembers it. Its fields are guarded by mu: the
// phone's goroutines read them while a test changes them.
type fakeEngine struct {
	mu     sync.Mutex
	did    []string
	subs   []*fakeSub
	closed bool
	tokens []string
	// initErr and dialErr are what the next calls return; init is called before.
	initErr []error
	dialErr error
	relay   func(data map[string]string) (bool, error)
	call    voice.CallDetails
	stats   voice.Statistics
	calls   int
	// audio is what SetSound said last.
	audio voice.Sound
	// recording is what SetRecording said last.
	recording voice.RecordingRules
	// recorded is a recording at the platform, nil where it plays none.
	recorded []byte
	// probe is the path of the sound; nil is a platform without a media test.
	probe func() (voice.MediaProbe, error)
	// late leaves it to the test to tell of a call that was dialled.
	late bool
	// deaf are servers that answer nothing: what is said at the end waits for its
	// limit.
	deaf bool
	// rules, agents and outcomeErr are what the platform says; agent answers a choice,
	// nil to take each.
	rules      wire.AgentRules
	agents     []wire.Agent
	agent      func(wire.AgentChoice) (wire.Agent, error)
	outcomeErr error
	revision   int64
}

func (e *fakeEngine) ProbeMedia(context.Context) (voice.MediaProbe, error) {
	e.mu.Lock()
	probe := e.probe
	e.mu.Unlock()
	if probe == nil {
		return voice.MediaProbe{}, fault.New(fault.ServerError, "The platform offers no media test.", "Make a test call instead.")
	}
	return probe()
}

// set changes what the engine does from now on.
func (e *fakeEngine) set(change func(e *fakeEngine)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

type fakeSub struct {
	ch   chan voice.Event
	wake chan struct{}
	q    []voice.Event
}

func (e *fakeEngine) note(format string, a ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.did = append(e.did, fmt.Sprintf(format, a...))
}

func (e *fakeEngine) count(what string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, d := range e.did {
		if d == what {
			n++
		}
	}
	return n
}

func (e *fakeEngine) Events(context.Context) <-chan voice.Event {
	s := &fakeSub{ch: make(chan voice.Event), wake: make(chan struct{}, 1)}
	e.mu.Lock()
	e.subs = append(e.subs, s)
	e.mu.Unlock()
	go func() {
		defer close(s.ch)
		for {
			e.mu.Lock()
			q, closed := s.q, e.closed
			s.q = nil
			e.mu.Unlock()
			for _, ev := range q {
				s.ch <- ev
			}
			if len(q) == 0 && closed {
				return
			}
			if len(q) == 0 {
				<-s.wake
			}
		}
	}()
	return s.ch
}

func (e *fakeEngine) emit(ev voice.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	for _, s := range e.subs {
		s.q = append(s.q, ev)
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

var healthy = voice.StatusChanged{Status: voice.Status{
	Platform: voice.Health{OK: true}, Profile: voice.Health{OK: true}, Flow: voice.Health{OK: true}, Token: voice.Health{OK: true},
	Exophone: "0804",
}}

func (e *fakeEngine) Initialize(_ context.Context, a voice.Account) error {
	e.mu.Lock()
	var err error
	if len(e.initErr) > 0 {
		err, e.initErr = e.initErr[0], e.initErr[1:]
	}
	e.tokens = append(e.tokens, a.SubscriberToken)
	e.mu.Unlock()
	e.note("initialize %s", a.SubscriberName)
	if err == nil {
		e.emit(healthy)
	}
	return err
}

func (e *fakeEngine) Reset(context.Context) error { e.note("stop"); return nil }

func (e *fakeEngine) AccessToken(_ context.Context, rejected string) (string, error) {
	return "ACCESS" + rejected, nil
}

func (e *fakeEngine) Dial(_ context.Context, target, _ string, options ...voice.DialOption) (Controls, error) {
	var asked voice.CallDetails
	for _, o := range options {
		o(&asked)
	}
	e.note("dial %s for %s", target, asked.RemoteID)
	e.mu.Lock()
	err, late := e.dialErr, e.late
	e.mu.Unlock()
	if err != nil {
		return nil, err
	}
	d1 := e.begin(voice.Outgoing, asked.RemoteID)
	e.mu.Lock()
	d1.Line, e.call.Line = asked.Line, asked.Line
	e.mu.Unlock()
	if !late {
		e.emit(voice.CallInitiated{Call: d1})
	}
	// The engine returns a call before its goroutine has begun.
	d1.State = voice.StateNone
	return fakeCall{e, &d1}, nil
}

func (e *fakeEngine) SetRecording(rules voice.RecordingRules) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.recording = rules
}

func (e *fakeEngine) PlaysRecordings() bool { return e.recorded != nil }

func (e *fakeEngine) OpenRecording(context.Context, string) (io.ReaderAt, int64, error) {
	return bytes.NewReader(e.recorded), int64(len(e.recorded)), nil
}

func (e *fakeEngine) SetMaxCalls(subscriber, sip int) {
	e.note("at most %d and %d calls", subscriber, sip)
}

func (e *fakeEngine) Merge(_ context.Context, id, with string) error {
	e.note("merge %s with %s", id, with)
	return nil
}
func (e *fakeEngine) DropParty(_ context.Context, id string) error { e.note("drop %s", id); return nil }
func (e *fakeEngine) MuteParty(_ context.Context, id string, on bool) error {
	e.note("mute %s %v", id, on)
	return nil
}
func (e *fakeEngine) EndConference(context.Context) error { e.note("end conference"); return nil }
func (e *fakeEngine) FarLevel() float64                   { return 0.5 }

// Call returns the call in progress, or the last one, whatever its name.
func (e *fakeEngine) Call(string) (Controls, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return fakeCall{fakeEngine: e}, e.calls > 0
}

// fakeCall is a call of the engine: what is done to it is noted there.
type fakeCall struct {
	*fakeEngine
	// dialled is what Dial returned, nil for the call as it is now.
	dialled *voice.CallDetails
}

func (c fakeCall) Details() voice.CallDetails {
	if c.dialled != nil {
		return *c.dialled
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.call
}

func (c fakeCall) Statistics() (voice.Statistics, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats, nil
}

func (e *fakeEngine) begin(dir voice.Direction, remote string) voice.CallDetails {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	e.call = voice.CallDetails{
		CallID: fmt.Sprintf("call-%d", e.calls), SessionID: fmt.Sprintf("session-%d", e.calls), RemoteID: remote, Direction: dir,
		State: voice.StateOutgoingInitiated, Started: time.Now(),
	}
	if dir == voice.Incoming {
		e.call.State = voice.StateIncoming
	}
	return e.call
}

// to moves the call and returns it.
func (e *fakeEngine) to(s voice.State) voice.CallDetails {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.call.State = s
	switch s {
	case voice.StateRinging:
		e.call.Ringing = time.Now()
	case voice.StateEstablished:
		if e.call.Established.IsZero() {
			e.call.Answered, e.call.Established = time.Now(), time.Now()
		}
	}
	return e.call
}

func (e *fakeEngine) end(r voice.EndReason) {
	d := e.to(voice.StateEnded)
	d.EndReason, d.Ended = r, time.Now()
	e.emit(voice.CallEnded{Call: d})
}

func (e *fakeEngine) RelaySessionData(_ context.Context, data map[string]string) (bool, error) {
	e.note("relay %s", data["payload"])
	e.mu.Lock()
	relay := e.relay
	e.mu.Unlock()
	return relay(data)
}

func (e *fakeEngine) Answer() error {
	e.note("answer")
	e.emit(voice.CallEstablished{Call: e.to(voice.StateEstablished)})
	return nil
}

func (e *fakeEngine) Hangup() error {
	e.note("hangup")
	e.emit(voice.CallChanged{Call: e.to(voice.StateEnding)})
	e.mu.Lock()
	deaf := e.deaf
	e.mu.Unlock()
	if deaf {
		return nil
	}
	e.end(voice.EndLocalHangup)
	return nil
}

func (e *fakeEngine) Mute() error                          { e.note("mute"); return nil }
func (e *fakeEngine) Unmute() error                        { e.note("unmute"); return nil }
func (e *fakeEngine) Hold(context.Context) error           { e.note("hold"); return nil }
func (e *fakeEngine) Resume(context.Context) error         { e.note("resume"); return nil }
func (e *fakeEngine) SendDTMF(d string) error              { e.note("dtmf %s", d); return nil }
func (e *fakeEngine) SetAudioRoute(voice.AudioRoute) error { return nil }
func (e *fakeEngine) SetOnAnotherPhone(on bool)            { e.note("busy %v", on) }
func (e *fakeEngine) AgentRules() (wire.AgentRules, bool, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.rules, true, true
}
func (e *fakeEngine) SetAgentState(_ context.Context, c wire.AgentChoice) (wire.Agent, error) {
	e.note("agent %s %s %d", c.State, c.Reason, c.Seconds)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.agent != nil {
		return e.agent(c)
	}
	e.revision++
	return wire.Agent{State: c.State, Reason: c.Reason, Revision: e.revision}, nil
}
func (e *fakeEngine) Agents(context.Context) ([]wire.Agent, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.agents, nil
}
func (e *fakeEngine) PostOutcome(_ context.Context, o wire.Outcome) error {
	e.note("outcome %s %s %s", o.SessionID, o.Code, o.Note)
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.outcomeErr
}
func (e *fakeEngine) SetDeclining(on bool) { e.note("declining %v", on) }
func (e *fakeEngine) SetSound(s voice.Sound) error {
	e.mu.Lock()
	e.audio = s
	e.mu.Unlock()
	return nil
}
func (e *fakeEngine) Levels() (float64, float64) { return 0, 0 }

func (e *fakeEngine) PostFeedback(_ context.Context, rating int, issue voice.Issue, note string) error {
	e.note("feedback %d %s %s", rating, issue, note)
	return nil
}

func (e *fakeEngine) UploadLogFile(_ context.Context, zip, text string, _ func(float64)) (string, error) {
	e.note("upload %s", text)
	return "REF-1", nil
}

func (e *fakeEngine) Close(ctx context.Context) error {
	e.mu.Lock()
	deaf, calls := e.deaf, e.calls
	e.mu.Unlock()
	if deaf {
		<-ctx.Done()
		if calls > 0 {
			e.end(voice.EndLocalHangup) // by force
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	for _, s := range e.subs {
		close(s.wake)
	}
	return nil
}
