package sip

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/fault"
)

// hungServer is a registrar of UDP that can be told to say nothing any more, to all
// or to OPTIONS alone.
func hungServer(t *testing.T) (url string, hung, deaf *atomic.Bool) {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hung, deaf = &atomic.Bool{}, &atomic.Bool{}
	served := make(chan struct{})
	go func() {
		defer close(served)
		buf := make([]byte, 1<<16)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			m, err := parse(buf[:n])
			req, ok := m.(*sipmsg.Request)
			if err != nil || !ok || hung.Load() || deaf.Load() && req.Method == sipmsg.OPTIONS {
				continue
			}
			_, _ = pc.WriteTo([]byte(sipmsg.NewResponseFromRequest(req, 200, "OK", nil).String()), from)
		}
	}()
	t.Cleanup(func() { _ = pc.Close(); <-served })
	return "udp://" + pc.LocalAddr().String(), hung, deaf
}

// A server that answers nothing any more is noticed, and found again when it does.
func TestHungServerIsNoticed(t *testing.T) {
	t.Parallel()
	for _, optionsToo := range []bool{true, false} {
		url, hung, deaf := hungServer(t)
		deaf.Store(!optionsToo)
		r := newRegistrar(t)
		a := r.account(t, func(c *AccountConfig) {
			c.URL, c.PingInterval, c.PongTimeout = url, 30*time.Millisecond, 300*time.Millisecond
			c.BackoffMax = time.Second
		})
		a.phase(Registered)
		// Some proofs later it still stands.
		time.Sleep(200 * time.Millisecond)
		if s := a.State(); s.Phase != Registered {
			t.Fatalf("%+v", s)
		}
		hung.Store(true)
		s := a.until("hung", func(s Registration) bool { return s.Phase == Unregistered })
		if fault.TypeOf(s.Err) != fault.NetworkError {
			t.Errorf("%+v", s)
		}
		hung.Store(false)
		a.phase(Registered)
		a.stop()
	}
}

// A server of UDP that has begun anew, and answers OPTIONS as if nothing had happened,
// is told again where the phone is.
func TestForgottenRegistration(t *testing.T) {
	t.Parallel()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	told, served := make(chan *sipmsg.Request, 64), make(chan struct{})
	go func() {
		defer close(served)
		buf := make([]byte, 1<<16)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			m, err := parse(buf[:n])
			req, ok := m.(*sipmsg.Request)
			if err != nil || !ok {
				continue
			}
			if req.Method == sipmsg.REGISTER {
				told <- req
			}
			_, _ = pc.WriteTo([]byte(sipmsg.NewResponseFromRequest(req, 200, "OK", nil).String()), from)
		}
	}()
	t.Cleanup(func() { _ = pc.Close(); <-served })
	r := newRegistrar(t)
	a := r.account(t, func(c *AccountConfig) {
		c.URL, c.confirm = "udp://"+pc.LocalAddr().String(), 20*time.Millisecond
	})
	first := <-told
	for range 3 {
		again := <-told
		if again.Contact() == nil || again.CallID().Value() != first.CallID().Value() || again.GetHeader("Expires").Value() != "300" {
			t.Errorf("%s", again)
		}
	}
	if s := a.State(); s.Phase != Registered {
		t.Errorf("%+v", s)
	}
}

// What no one asked for is no proof of a REGISTER of old.
func TestOptionsOfAProof(t *testing.T) {
	t.Parallel()
	f := newFlow(Config{Domain: "lab.test", User: "desk"}, address{scheme: "udp"})
	req := f.optionsRequest()
	if text := req.String(); !strings.HasPrefix(text, "OPTIONS sip:lab.test SIP/2.0") || strings.Contains(text, "secret") || req.Contact() == nil {
		t.Errorf("%s", text)
	}
}
