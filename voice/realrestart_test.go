package voice_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"offhook/voice"
	"offhook/voice/line"
)

// An ICE restart leaves the path that there was. If the far side does not agree to
// it, the call gets well by itself all the same.
func TestRealRestartRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		// offers and copies are how many offers, or copies of one, meet with how.
		offers, copies int
		how            string
	}{
		"refused":             {offers: 1, how: "488 Not Acceptable Here"},
		"refused three times": {offers: 3, how: "500 Server Internal Error"},
		"not now":             {offers: 1, how: "503 Service Unavailable"},
		// The sixth copy is sent 15.5 s after the first (RFC 3261, section 17.1.1.2):
		// the phone has given up waiting long before.
		"lost": {copies: 5, how: "lost"},
		// The answer is the one of the call's beginning: the old credentials.
		"ignored": {offers: 1, how: "200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPBX(t)
			alice, bob, out := byWebRTC(t, p)
			r := &reoffers{pbx: p, offers: tc.offers, copies: tc.copies, how: tc.how}
			p.set(func() { r.first, p.change = p.described, r.see })
			voice.RenewMedia(out)
			expect[voice.RenewingMedia](alice)
			expect[voice.CallEstablished](alice)
			hears(t, out)
			hears(t, bob.latest())
			if got := bob.latest().Details().State; got != voice.StateEstablished {
				t.Errorf("bob is in %v", got)
			}
		})
	}
}

// byWebRTC is a call between two SIP accounts whose media needs ICE.
func byWebRTC(t *testing.T, p *pbx) (alice, bob *phoneOf, out *voice.Call) {
	t.Helper()
	a, b := p.account("alice"), p.account("bob")
	a.Media, b.Media = line.MediaWebRTC, line.MediaWebRTC
	alice, bob = newSIPPhone(t, "alice", sine, null, a), newSIPPhone(t, "bob", sine, null, b)
	out, in := connect(t, alice, bob, "bob")
	hears(t, out)
	hears(t, in)
	return alice, bob, out
}

// reoffers are alice's re-INVITEs on their way through a PBX.
type reoffers struct {
	pbx            *pbx
	offers, copies int
	how, first     string

	copied int
	seen   []string // the branches of the offers
}

// see does to a request what the story asks for. The PBX calls it, from its own
// goroutine.
func (r *reoffers) see(m *sipText) *sipText {
	if !strings.HasPrefix(m.lines[0], "INVITE sip:bob") || !strings.Contains(m.get("To"), ";tag=") {
		return m
	}
	r.copied++
	if !slices.Contains(r.seen, m.branch()) {
		r.seen = append(r.seen, m.branch())
	}
	alice := r.pbx.contacts["alice"]
	switch {
	case r.copied > r.copies && slices.Index(r.seen, m.branch()) >= r.offers:
		return m
	case r.how == "lost":
	case r.how == "200 OK":
		r.pbx.replyWith(r.first, m, alice, r.how, "Contact: <sip:bob@"+r.pbx.conn.LocalAddr().String()+">")
	default:
		r.pbx.reply(m, alice, r.how, "Retry-After: 1")
	}
	return nil
}

// Two sides that offer at the same moment both get what they want, and soon: each
// lets the other go first while its own offer waits.
func TestRealBothHold(t *testing.T) {
	t.Parallel()
	alice, bob, out := byWebRTC(t, newPBX(t))
	in := bob.latest()
	for _, wish := range []func(*voice.Call, context.Context) error{(*voice.Call).Hold, (*voice.Call).Resume} {
		agreed := make(chan error, 2)
		for _, c := range []*voice.Call{out, in} {
			go func() { agreed <- wish(c, within(t)) }()
		}
		for range 2 {
			if err := <-agreed; err != nil {
				t.Fatal(err)
			}
		}
	}
	hears(t, out)
	hears(t, in)
	check(t, out.Hangup())
	expect[voice.CallEnded](alice)
	if got := expect[voice.CallEnded](bob).Call; got.Held || got.RemoteHeld || got.EndReason != voice.EndRemoteHangup {
		t.Errorf("bob: %+v", got)
	}
}
