package app

import (
	"context"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/voice"
)

// The figures that the promises rest on: what hangs is noticed within 20 s, and a
// change of the network is over within 3 s, an attempt that fails included.
func TestTheInboxIsProvenOftenEnough(t *testing.T) {
	t.Parallel()
	if noticed := pingInterval + pongTimeout; noticed > 18*time.Second || proofLimit > 20*time.Second {
		t.Errorf("a half-open socket is noticed after %v", noticed)
	}
	if moved := time.Second + retryTimeout; moved > 2*time.Second {
		t.Errorf("a dead socket is given up %v after the network changed", moved)
	}
}

// A call that is pushed again under another number, as after a new inbox, is
// acknowledged at once and offered to nobody a second time.
func TestACallThatIsPushedAgain(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		payload, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sessionId": "session-1"}).SignedString([]byte("k"))
		if err != nil {
			t.Fatal(err)
		}
		d.engine.set(func(e *fakeEngine) {
			e.relay = func(map[string]string) (bool, error) {
				d.engine.emit(voice.IncomingCall{Call: d.engine.begin(voice.Incoming, "bob")})
				return true, nil
			}
		})
		<-d.inbox().ready
		began := time.Now()
		for id := range 3 {
			if err := d.inbox().deliver(context.Background(), int64(id), "alice", payload); err != nil {
				t.Fatal(err)
			}
		}
		if n := d.engine.calls; n != 1 || time.Since(began) > 0 {
			t.Fatalf("%d calls, %v", n, time.Since(began))
		}
		if s := d.Snapshot(); s.Call == nil || s.Call.SessionID != "session-1" {
			t.Fatalf("%+v", s.Call)
		}
	})
}
