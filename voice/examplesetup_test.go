package voice_test

import (
	"context"
	"fmt"
	"testing"

	"offhook/demo"
	"offhook/voice"
)

// exampleT stands in for a test in an example: what fails ends the program.
type exampleT struct {
	testing.TB
	cleanups []func()
}

func (e *exampleT) Helper()                   {}
func (e *exampleT) Cleanup(f func())          { e.cleanups = append(e.cleanups, f) }
func (e *exampleT) Fatal(args ...any)         { panic(args) }
func (e *exampleT) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (e *exampleT) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (e *exampleT) Error(args ...any)         { panic(args) }

func (e *exampleT) end() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

// signIn runs a platform whose user dials callee, and gives out her account.
func signIn(name, callee string) (p *demo.Platform, account func(device string) voice.Account) {
	p, err := demo.New(demo.Config{})
	if err != nil {
		panic(err)
	}
	if err := p.Start(context.Background()); err != nil {
		panic(err)
	}
	return p, func(device string) voice.Account {
		t := &exampleT{}
		a := login(t, p.URL(), name, device)
		if callee != "" {
			postContext(t, p.URL(), name, accessToken(a), callee)
		}
		return a
	}
}

// receivePushes relays what the inbox delivers.
func receivePushes(p *demo.Platform, phone *voice.Client, name string) (stop func()) {
	ph := &phoneOf{Client: phone, t: &exampleT{}, name: name, url: p.URL(), pushes: make(chan map[string]string, 8)}
	return ph.openInbox()
}

// callFrom makes name call callee and hang up after the answer; wait returns
// when that is done.
func callFrom(p *demo.Platform, name, callee string) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := &exampleT{}
		defer t.end()
		ph := newPhone(t, p, name, null, null)
		call := ph.dialTo(callee)
		expect[voice.CallEstablished](ph)
		if err := call.Hangup(); err != nil {
			panic(err)
		}
		expect[voice.CallEnded](ph)
	}()
	return func() { <-done }
}
