package app

import (
	"context"
	"testing"

	"offhook/app/readiness"
	"offhook/voice"
)

// A platform that is reached by TLS may still name a server without it for the calls:
// the mark stands for as long as that holds, and goes with the session.
func TestTheMarkFollowsTheServerOfTheCalls(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		if d.Snapshot().Account.NotEncrypted {
			t.Fatal("an encrypted account is marked")
		}
		tell := func(server string) {
			st := healthy.Status
			st.SIPServer = server
			d.engine.emit(voice.StatusChanged{Status: st})
		}
		tell("ws://sip.example.com:8080/sip")
		d.until("marked", func(s *Snapshot) bool { return s.Account.NotEncrypted })
		if c := d.condition(readiness.Encryption); c.OK {
			t.Error("no remark")
		}
		tell("wss://sip.example.com/sip")
		d.until("not marked", func(s *Snapshot) bool { return !s.Account.NotEncrypted })
		tell("ws://127.0.0.1:8080/sip")
		tell("ws://sip.example.com/sip")
		d.until("marked again", func(s *Snapshot) bool { return s.Account.NotEncrypted })
		if err := d.SignOut(context.Background()); err != nil {
			t.Fatal(err)
		}
		if s := d.Snapshot(); s.Account.NotEncrypted {
			t.Error("a phone that is signed out is marked")
		}
	})
}

// What a SIP account sends goes to its outbound proxy, whatever its server says.
func TestTheMarkFollowsTheOutboundProxy(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		a := SIPAccount{ID: "100@pbx.test", On: true, User: "100", Domain: "pbx.test", Server: "tls://pbx.test", OutboundProxy: "tcp://edge.test", AllowClearText: true}
		if err := d.SaveLine(context.Background(), a, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("marked", func(s *Snapshot) bool { return len(s.Lines) == 1 && s.Lines[0].NotEncrypted })
		a.OutboundProxy = "tls://edge.test"
		if err := d.SaveLine(context.Background(), a, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("not marked", func(s *Snapshot) bool { return len(s.Lines) == 1 && !s.Lines[0].NotEncrypted })
	})
}
