package voice_test

import (
	"net/url"
	"strings"
	"testing"

	"offhook/voice"
)

// One server is the far side of both calls, and may join them while one rings. Where it
// does not, by whichever word, the third party is waited for and then given away.
func TestAServerJoinsACallThatRings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name          string
		first, second []string // what it does at a REFER
		then          string   // what becomes of the call that rings
		status        int
	}{
		{"at once", []string{"202", "100", "200"}, nil, "", 200},
		{"in the other order", []string{"200", "202"}, nil, "", 200},
		{"and hangs up", []string{"202", "BYE"}, nil, "", 200},
		{"refuses, and it is answered", []string{"603!"}, []string{"202", "200"}, "200 OK", 200},
		{"fails, and it is answered", []string{"202", "481"}, []string{"202", "200"}, "200 OK", 200},
		{"says nothing, and it is answered", []string{"202"}, []string{"202", "200"}, "200 OK", 200},
		{"refuses, and it is declined", []string{"603!"}, nil, "486 Busy Here", 486},
		{"fails, and it is declined", []string{"202", "481"}, nil, "486 Busy Here", 486},
		{"says nothing, and it is declined", []string{"202"}, nil, "486 Busy Here", 486},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPBX(t)
			far := newFarPhone(t, p)
			p.set(func() { p.contacts["carol"] = p.contacts["far"] })
			alice := newSIPPhone(t, "alice", sine, null, p.account("alice"))
			call, err := alice.Dial(within(t), "far", "")
			if err != nil {
				t.Fatal(err)
			}
			expect[voice.CallEstablished](alice)
			far.ring.Store(true)
			check(t, call.Consult(within(t), "carol"))
			consulted(t, alice, func(c *voice.Consultation) bool { return c.Status == 180 })
			far.script <- tc.first
			check(t, call.CompleteTransfer(within(t)))
			invite := <-far.rings
			to, _ := url.QueryUnescape(<-far.refers)
			if want := "?Replaces=" + invite.get("Call-ID") + ";to-tag=far;from-tag="; !strings.Contains(to, want) || !strings.Contains(to, "sip:carol@") {
				t.Errorf("Refer-To: %s, want %s", to, want)
			}
			if tc.second != nil {
				far.script <- tc.second
			}
			if tc.then != "" {
				far.respond(invite, tc.then, map[bool]string{true: far.answer}[tc.status == 200])
			}
			awaits(t, "the transfer goes on", func() bool { return call.Details().Transfer.Final })
			if got := call.Details().Transfer; got.Status != tc.status || got.Target != "carol" {
				t.Errorf("%+v", got)
			}
			if tc.status == 200 {
				awaits(t, "alice has a call left", func() bool { return len(alice.Calls()) == 0 })
				if got := call.Details(); got.EndReason != voice.EndLocalHangup {
					t.Errorf("%v", got.EndReason)
				}
				return
			}
			if got := call.Details(); !got.State.Answered() || got.Consultation.Active() {
				t.Errorf("%+v", got)
			}
		})
	}
}
