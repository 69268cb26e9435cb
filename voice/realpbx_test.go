package voice_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"offhook/voice"
	"offhook/voice/line"
	"offhook/voice/sip"
)

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	return ctx
}

// Two phones with plain RTP over a PBX of UDP, both directions.
func TestTwoPhonesOverUDP(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	p.set(func() { p.password = "secret" })
	for _, kind := range []line.MediaKind{line.MediaAuto, line.MediaSRTP, line.MediaWebRTC} {
		name := string(kind) + "x"
		a, b := p.account("alice"+name), p.account("bob"+name)
		a.Media = kind
		alice, bob := newSIPPhone(t, a.User, sine, null, a), newSIPPhone(t, b.User, sine, null, b)
		talkAndHangUp(t, alice, bob, b.User, a.User)
		if kind == line.MediaAuto {
			talkAndHangUp(t, bob, alice, a.User+"@lab.test", b.User)
		}
	}
}

// An account that wants its sound encrypted takes no other; a call that it can't take
// is nobody's missed call.
func TestSRTPAccountRefusesPlainSound(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	b := p.account("bob")
	b.Media = line.MediaWebRTC
	alice, bob := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, b)
	if _, err := alice.Dial(within(t), "bob", ""); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.Status != 488 || got.EndReason != voice.EndFailure {
		t.Errorf("alice: %v (%d)", got.EndReason, got.Status)
	}
	bob.SetDeclining(true)
	w := p.account("carol")
	w.Media = line.MediaWebRTC
	carol := newSIPPhone(t, "carol", sine, null, w)
	if _, err := carol.Dial(within(t), "bob", ""); err != nil {
		t.Fatal(err)
	}
	// The first that bob misses is one that could have been taken.
	if got := expect[voice.MissedCall](bob); got.RemoteID != "carol" {
		t.Errorf("bob: %+v", got)
	}
}

// connect lets a call be established.
func connect(t testing.TB, caller, callee *phoneOf, number string, options ...voice.DialOption) (out, in *voice.Call) {
	t.Helper()
	out, err := caller.Dial(within(t), number, "", options...)
	if err != nil {
		t.Fatal(err)
	}
	expect[voice.IncomingCall](callee)
	in = callee.latest()
	if err := in.Answer(); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEstablished](callee)
	expect[voice.CallEstablished](caller)
	return out, in
}

// bob hands alice to carol; his call ends when carol has answered.
func TestBlindTransfer(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	phones := map[string]*phoneOf{}
	for _, name := range []string{"alice", "bob", "carol"} {
		phones[name] = newSIPPhone(t, name, sine, null, p.account(name))
	}
	alice, bob, carol := phones["alice"], phones["bob"], phones["carol"]
	_, atBob := connect(t, alice, bob, "bob")
	if err := atBob.Transfer(within(t), "carol"); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallInitiated](alice).Call; got.RemoteID != "carol" || got.TransferredBy != "bob" {
		t.Errorf("alice's second call: %+v", got)
	}
	expect[voice.IncomingCall](carol)
	for c := expect[voice.CallChanged](bob).Call; c.Transfer.Status != 180; c = expect[voice.CallChanged](bob).Call {
	}
	if err := carol.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	handedOver(alice)
	hears(t, alice.latest())
	hears(t, carol.latest())
	if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndLocalHangup || got.Transfer != (voice.Transfer{Target: "carol", Status: 200, Final: true}) {
		t.Errorf("bob: %v %+v", got.EndReason, got.Transfer)
	}
	if err := alice.latest().Hangup(); err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEnded](carol)
}

// handedOver waits until the phone's present call has ended for it, and the one to
// which it was transferred is established, in any order.
func handedOver(p *phoneOf) {
	p.t.Helper()
	ended, established := false, false
	for !ended || !established {
		select {
		case ev := <-p.sub.Events():
			switch ev := ev.(type) {
			case voice.CallEnded:
				if t := ev.Call.Transfer; ev.Call.EndReason != voice.EndRemoteHangup || !t.Succeeded() || !t.ByRemote {
					p.t.Errorf("%s's first call: %v %+v", p.name, ev.Call.EndReason, t)
				}
				ended = true
			case voice.CallEstablished:
				established = true
			}
		case <-time.After(timeout):
			p.t.Fatalf("%s: ended %v, established %v", p.name, ended, established)
		}
	}
}

// A caller who hides is shown as anonymous; one whom the server vouches for as
// the server says; one who was diverted with who diverted.
func TestWhoCalls(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	b := p.account("bob")
	b.AutoAnswer = true
	alice, bob := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, b)
	call := func(options ...voice.DialOption) voice.CallDetails {
		t.Helper()
		out, err := alice.Dial(within(t), "bob", "", options...)
		if err != nil {
			t.Fatal(err)
		}
		in := expect[voice.IncomingCall](bob).Call
		expect[voice.CallRinging](alice)
		if err := out.Hangup(); err != nil {
			t.Fatal(err)
		}
		expect[voice.CallEnded](alice)
		expect[voice.CallEnded](bob)
		return in
	}
	if in := call(voice.Anonymously()); in.RemoteID != "anonymous" || strings.Contains(strings.ToLower(in.RemoteDisplayName), "alice") {
		t.Errorf("hidden: %q %q", in.RemoteID, in.RemoteDisplayName)
	}
	if in := call(); in.RemoteID != "alice" || in.RemoteDisplayName != "ALICE" || in.AutoAnswer {
		t.Errorf("plain: %+v", in)
	}
	p.set(func() {
		p.change = func(m *sipText) *sipText {
			if strings.HasPrefix(m.lines[0], "INVITE") {
				m.add(`P-Asserted-Identity: "Alice of Sales" <sip:4711@lab.test>`)
				m.add(`Diversion: "Front Desk" <sip:100@lab.test>;reason=no-answer`)
				m.add("Call-Info: <sip:x>;answer-after=2")
			}
			return m
		}
	})
	if in := call(); in.RemoteID != "4711" || in.RemoteDisplayName != "Alice of Sales" || in.Diverted != "Front Desk" || !in.AutoAnswer || in.AnswerAfter != 2*time.Second {
		t.Errorf("vouched for: %+v", in)
	}
}

// The server turns the lamp of waiting messages on and off.
func TestMessagesWait(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	bob := newSIPPhone(t, "bob", sine, null, p.account("bob"))
	for i, tc := range []struct {
		body string
		want sip.MessageSummary
	}{
		{"Messages-Waiting: yes\r\nMessage-Account: sip:*97@lab.test\r\nVoice-Message: 2/8\r\n", sip.MessageSummary{Waiting: true, New: 2, Old: 8, Account: "sip:*97@lab.test"}},
		{"Messages-Waiting: no\r\nVoice-Message: 0/8\r\n", sip.MessageSummary{Old: 8}},
	} {
		p.set(func() {
			at := p.contacts["bob"]
			m := &sipText{body: tc.body, lines: []string{
				"NOTIFY sip:bob@" + at.String() + " SIP/2.0", "Via: SIP/2.0/UDP " + p.conn.LocalAddr().String() + fmt.Sprintf(";branch=z9hG4bKlamp%d", i),
				"Max-Forwards: 70", "From: <sip:vm@lab.test>;tag=vm", "To: <sip:bob@lab.test>", fmt.Sprintf("Call-ID: lamp%d", i), "CSeq: 1 NOTIFY",
				"Event: message-summary", "Subscription-State: active", "Content-Type: application/simple-message-summary", fmt.Sprintf("Content-Length: %d", len(tc.body)),
			}}
			_, _ = p.conn.WriteToUDP(m.bytes(), at)
		})
		for {
			l := expect[voice.LineChanged](bob).Line
			if l.Messages == tc.want {
				break
			}
			if i == 0 && l.Messages != (sip.MessageSummary{}) {
				t.Fatalf("%+v", l.Messages)
			}
		}
	}
}

// A server that forks says in its CANCEL that another phone has taken the call.
func TestCallTakenElsewhere(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	alice, bob := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, p.account("bob"))
	for reason, want := range map[string]bool{
		`Reason: SIP;cause=200;text="Call completed elsewhere"`: true,
		`Reason: Q.850;cause=26, SIP ;text="a, b"; cause=200`:   true,
		`Reason: Q.850;cause=200`:                               false,
		"X-Nothing: 1":                                          false,
	} {
		p.set(func() {
			p.change = func(m *sipText) *sipText {
				if strings.HasPrefix(m.lines[0], "CANCEL") {
					m.add(reason)
				}
				return m
			}
		})
		out, err := alice.Dial(within(t), "bob", "")
		if err != nil {
			t.Fatal(err)
		}
		expect[voice.IncomingCall](bob)
		expect[voice.CallRinging](alice)
		if err := out.Hangup(); err != nil {
			t.Fatal(err)
		}
		expect[voice.CallEnded](alice)
		if d := expect[voice.CallEnded](bob).Call; d.Elsewhere != want || d.EndReason != voice.EndRemoteHangup {
			t.Errorf("%s: %v, elsewhere %v", reason, d.EndReason, d.Elsewhere)
		}
	}
}

// carol's call takes the place of bob's, as an attended transfer arranges it: it
// is answered at once, and bob is let go.
func TestReplacedCall(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	alice, bob := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, p.account("bob"))
	carol := newSIPPhone(t, "carol", sine, null, p.account("carol"))
	replaces := ""
	p.set(func() {
		p.change = func(m *sipText) *sipText {
			tag := func(name string) string {
				_, v, _ := strings.Cut(m.get(name), ";tag=")
				return v
			}
			switch {
			case strings.HasPrefix(m.lines[0], "ACK ") && replaces == "":
				replaces = m.get("Call-ID") + ";to-tag=" + tag("To") + ";from-tag=" + tag("From")
			case strings.HasPrefix(m.lines[0], "INVITE ") && replaces != "":
				m.add("Replaces: " + replaces)
			}
			return m
		}
	})
	connect(t, bob, alice, "alice")
	if _, err := carol.Dial(within(t), "alice", ""); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndRemoteHangup || got.RemoteID != "bob" {
		t.Errorf("alice's first call: %v", got.EndReason)
	}
	if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndRemoteHangup {
		t.Errorf("bob: %v", got.EndReason)
	}
	expect[voice.CallEstablished](carol)
	if got := expect[voice.CallEstablished](alice).Call; got.RemoteID != "carol" {
		t.Errorf("alice talks to %q", got.RemoteID)
	}
	hears(t, alice.latest())
	hears(t, carol.latest())
	// A dialog that is not there can't be replaced.
	p.set(func() { replaces = "nothing;to-tag=a;from-tag=b" })
	if _, err := bob.Dial(within(t), "alice", ""); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](bob).Call; got.Status != 481 {
		t.Errorf("bob: %v (%d)", got.EndReason, got.Status)
	}
}
