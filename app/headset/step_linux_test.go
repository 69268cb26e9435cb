package headset

import (
	"context"
	"encoding/hex"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/app"
	"offhook/app/headset/hid"
	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is one with a call that the test moves.
type engine struct {
	app.Engine   // what the test doesn't use is missing on purpose
	app.Controls // the same

	mu     sync.Mutex
	events chan voice.Event
	call   voice.CallDetails
}

func (e *engine) Events(context.Context) <-chan voice.Event { return e.events }
func (e *engine) SetOnAnotherPhone(bool)                    {}
func (e *engine) SetDeclining(bool)                         {}
func (e *engine) SetMaxCalls(int, int)                      {}
func (e *engine) SetRecording(voice.RecordingRules)         {}
func (e *engine) SetSound(voice.Sound) error                { return nil }
func (e *engine) AgentRules() (wire.AgentRules, bool, bool) {
	return wire.AgentRules{}, false, false
}
func (e *engine) Close(context.Context) error      { close(e.events); return nil }
func (e *engine) Call(string) (app.Controls, bool) { return e, true }
func (e *engine) Statistics() (voice.Statistics, error) {
	return voice.Statistics{}, nil
}
func (e *engine) Details() voice.CallDetails {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.call
}

// change changes the call and tells of it.
func (e *engine) change(f func(*voice.CallDetails)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(&e.call)
	switch e.call.State {
	case voice.StateIncoming:
		e.events <- voice.IncomingCall{Call: e.call}
	case voice.StateEnded:
		e.events <- voice.CallEnded{Call: e.call}
	default:
		e.events <- voice.CallChanged{Call: e.call}
	}
}

func (e *engine) ring() {
	e.change(func(d *voice.CallDetails) {
		*d = voice.CallDetails{CallID: "c", SessionID: "s", RemoteID: "bob", Direction: voice.Incoming, State: voice.StateIncoming, Started: time.Now()}
	})
}

func (e *engine) Answer() error {
	e.change(func(d *voice.CallDetails) { d.State, d.Established = voice.StateEstablished, time.Now() })
	return nil
}

func (e *engine) Hangup() error {
	e.change(func(d *voice.CallDetails) {
		d.State, d.EndReason, d.Ended = voice.StateEnded, voice.EndLocalHangup, time.Now()
	})
	return nil
}
func (e *engine) Mute() error   { e.change(func(d *voice.CallDetails) { d.Muted = true }); return nil }
func (e *engine) Unmute() error { e.change(func(d *voice.CallDetails) { d.Muted = false }); return nil }
func (e *engine) Hold(context.Context) error {
	e.change(func(d *voice.CallDetails) { d.Held = true })
	return nil
}
func (e *engine) Resume(context.Context) error {
	e.change(func(d *voice.CallDetails) { d.Held = false })
	return nil
}

// virtual is a headset: reports that it sends, and those that show its lights.
type virtual struct {
	in, out chan []byte
	gone    chan struct{}
	once    sync.Once
}

func (v *virtual) Read() ([]byte, error) {
	select {
	case r := <-v.in:
		return r, nil
	case <-v.gone:
		return nil, os.ErrClosed
	}
}

func (v *virtual) Write(r []byte) error {
	select {
	case v.out <- r:
		return nil
	case <-v.gone:
		return os.ErrClosed
	}
}

func (v *virtual) Close() error { v.once.Do(func() { close(v.gone) }); return nil }

// The buttons of a headset work the phone, its lights show the call, also what the
// phone's own window or the far side does; and it may go and come again.
func TestAHeadsetInStep(t *testing.T) {
	t.Parallel()
	e := &engine{events: make(chan voice.Event, 100)}
	phone, err := app.New(app.Config{Dir: t.TempDir(), AudioIn: "null", AudioOut: "null",
		Engine: func(string, func(string)) (app.Engine, error) { return e, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer phone.Close(context.Background())
	var mu sync.Mutex
	var plugged []hid.Found
	f := New(Config{Phone: phone, Log: slog.New(slog.DiscardHandler), every: 10 * time.Millisecond, find: func() ([]hid.Found, error) {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(plugged), nil
	}})
	defer f.Close()
	// Hook and mute as bits without ids, LEDs in one byte.
	descriptor, err := hex.DecodeString("050B0905A1010920092F150025017501950281029506810305080917090909189503910295059103C0")
	if err != nil {
		t.Fatal(err)
	}
	var head *virtual
	plug := func() {
		v := &virtual{in: make(chan []byte), out: make(chan []byte, 100), gone: make(chan struct{})}
		head = v
		mu.Lock()
		defer mu.Unlock()
		plugged = []hid.Found{{Path: "headset", Layout: hid.Parse(descriptor), Open: func() (hid.Device, error) { return v, nil }}}
	}
	const limit = 30 * time.Second
	lights := func(want string) {
		t.Helper()
		var got []string
		for end := time.After(limit); ; {
			select {
			case r := <-head.out:
				if got = append(got, hex.EncodeToString(r)); got[len(got)-1] == want {
					return
				}
			case <-end:
				t.Fatalf("the lights never show %s, but %v", want, got)
			}
		}
	}
	press := func(report byte) {
		t.Helper()
		select {
		case head.in <- []byte{report}:
		case <-time.After(limit):
			t.Fatal("nobody reads the buttons")
		}
	}
	until := func(what string, fits func(*app.Snapshot) bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		for s := range phone.WatchLatest(ctx) {
			if fits(s) {
				return
			}
		}
		t.Fatalf("never %s", what)
	}
	const dark, rings, offHook, offHookMuted = "0000", "0004", "0001", "0003"
	plug()
	lights(dark)
	e.ring()
	lights(rings)
	press(1)
	until("answered", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.State == voice.StateEstablished })
	lights(offHook)
	press(1) // what it says back asks for nothing
	press(3)
	until("muted", func(s *app.Snapshot) bool { return s.Call.Muted })
	lights(offHookMuted)
	if err := phone.Unmute(""); err != nil { // in the window
		t.Fatal(err)
	}
	lights(offHook)
	if err := phone.Mute(""); err != nil {
		t.Fatal(err)
	}
	lights(offHookMuted)
	press(2) // the hook goes down
	until("over", func(s *app.Snapshot) bool { return s.Call == nil })
	lights(dark)

	// It goes while it rings, and comes again.
	e.ring()
	lights(rings)
	mu.Lock()
	plugged = nil
	mu.Unlock()
	_ = head.Close()
	plug()
	lights(rings)
	press(1)
	lights(offHook)
	e.change(func(d *voice.CallDetails) { d.State, d.EndReason = voice.StateEnded, voice.EndRemoteHangup })
	lights(dark)

	// With the setting off the headset is let go.
	e.ring()
	lights(rings)
	if err := phone.UpdateSettings(func(s *settings.Settings) { s.Calls.HeadsetButtons = false }); err != nil {
		t.Fatal(err)
	}
	lights(dark)
	select {
	case <-head.gone:
	case <-time.After(limit):
		t.Error("the headset is not let go")
	}
}
