package voice_test

import (
	"testing"

	"offhook/voice"
)

// settled waits until the transfer of a phone's call is over, and returns it.
func settled(p *phoneOf) voice.CallDetails {
	p.t.Helper()
	for {
		if c := expect[voice.CallChanged](p).Call; c.Transfer.Final {
			return c
		}
	}
}

// alice is handed to somebody who does not take her: she is with bob again, as if
// nothing had been, and may be handed on once more.
func TestTransferredToNobodyKeepsTheCall(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		target string
		end    func(alice, carol *phoneOf) error
		status int
		reason voice.EndReason
	}{
		"nobody is there":           {"nobody", nil, 404, voice.EndInvalidDialInfo},
		"carol declines":            {"carol", func(_, carol *phoneOf) error { return carol.latest().Hangup() }, 486, voice.EndBusy},
		"alice does not want carol": {"carol", func(alice, _ *phoneOf) error { return alice.latest().Hangup() }, 487, voice.EndFailure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPBX(t)
			alice, bob, carol := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, p.account("bob")), newSIPPhone(t, "carol", sine, null, p.account("carol"))
			atAlice, atBob := connect(t, alice, bob, "bob")
			for range 2 {
				if err := atBob.Transfer(within(t), tc.target); err != nil {
					t.Fatal(err)
				}
				expect[voice.CallInitiated](alice)
				if tc.end != nil {
					expect[voice.IncomingCall](carol)
					if got := atAlice.Details(); got.State != voice.StateEstablished || got.Held {
						t.Errorf("while carol's phone rings: %v, held %v", got.State, got.Held)
					}
					expect[voice.CallRinging](alice)
					if err := tc.end(alice, carol); err != nil {
						t.Fatal(err)
					}
					expect[voice.CallEnded](carol)
				}
				expect[voice.CallEnded](alice)
				want := voice.Transfer{Target: tc.target, Status: tc.status, EndReason: tc.reason, Final: true}
				if got := settled(bob).Transfer; got != want {
					t.Errorf("bob: %+v", got)
				}
				want.ByRemote = true
				awaits(t, "alice is not told", func() bool { return atAlice.Details().Transfer == want })
				if got := alice.latest(); got.ID() != atAlice.ID() {
					t.Errorf("alice's call: %+v", got.Details())
				}
				hears(t, atAlice)
				hears(t, atBob)
				awaits(t, "alice's loudspeaker has none of bob", func() bool { _, far := atAlice.Levels(); return far > 0.05 })
			}
			if err := atBob.Hangup(); err != nil {
				t.Fatal(err)
			}
			expect[voice.CallEnded](alice)
		})
	}
}

// bob hands alice on and does not wait for how it fares: she rings at carol's all
// the same, with nobody to come back to.
func TestTransferredByWhoHangsUp(t *testing.T) {
	t.Parallel()
	alice, bob, carol, atBob := threePhones(t)
	if err := atBob.Transfer(within(t), "carol"); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallInitiated](alice)
	expect[voice.IncomingCall](carol)
	expect[voice.CallRinging](alice)
	if err := atBob.Hangup(); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEnded](bob)
	if got := expect[voice.CallEnded](alice).Call; got.RemoteID != "bob" || got.EndReason != voice.EndRemoteHangup {
		t.Errorf("%v %v", got.RemoteID, got.EndReason)
	}
	if err := carol.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEstablished](alice)
	hears(t, alice.latest())
	hears(t, carol.latest())
}
