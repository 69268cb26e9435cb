package voice_test

import (
	"strings"
	"testing"

	"offhook/voice"
	"offhook/voice/line"
)

// refusesSRTP has the PBX refuse offers of SRTP as a server does that has none, and
// gives the profiles of the offers that came.
func refusesSRTP(p *pbx, more ...string) (profiles func() []string) {
	var seen []string
	p.set(func() {
		p.judge = func(m *sipText) (string, []string) {
			method, _, _ := strings.Cut(m.lines[0], " ")
			if method != "INVITE" {
				return "", nil
			}
			_, audio, _ := strings.Cut(m.body, "m=audio ")
			profile := strings.Fields(audio)[1]
			seen = append(seen, profile)
			if profile == "RTP/SAVP" {
				return "488 Not Acceptable Here", more
			}
			return "", nil
		}
	})
	return func() (all []string) {
		p.set(func() { all = append(all, seen...) })
		return all
	}
}

// A server that knows no SRTP is called once more with RTP, where the account says
// so; and once only.
func TestPlainRTPAfterRefusal(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	profiles := refusesSRTP(p)
	a := p.account("alice")
	a.Media, a.RetryPlainRTP = line.MediaSRTP, true
	alice, bob := newSIPPhone(t, "alice", sine, null, a), newSIPPhone(t, "bob", sine, null, p.account("bob"))
	call, atBob := connect(t, alice, bob, "bob")
	if got := strings.Join(profiles(), " "); got != "RTP/SAVP RTP/AVP" {
		t.Errorf("offered %s", got)
	}
	if call.Details().Encrypted {
		t.Error("shown as encrypted")
	}
	hears(t, call)
	hears(t, atBob)
	check(t, call.Hangup())
	expect[voice.CallEnded](alice)
	expect[voice.CallEnded](bob)

	p.set(func() { p.refuse = []string{"488 Not Acceptable Here"} })
	if _, err := alice.Dial(within(t), "bob", ""); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.Status != 488 || got.EndReason != voice.EndFailure {
		t.Errorf("%v %d", got.EndReason, got.Status)
	}
	if got := strings.Join(profiles(), " "); got != "RTP/SAVP RTP/AVP RTP/SAVP RTP/AVP" {
		t.Errorf("offered %s", got)
	}
}

// Without that setting the refusal stands, and the call says why in the server's
// words.
func TestRefusalOfSRTPIsSaid(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	profiles := refusesSRTP(p, `Warning: 304 pbx "No \"SRTP\"  here"`)
	a := p.account("alice")
	a.Media = line.MediaSRTP
	alice := newSIPPhone(t, "alice", sine, null, a)
	if _, err := alice.Dial(within(t), "bob", ""); err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallEnded](alice).Call; got.Status != 488 || got.Said != `No "SRTP" here` || got.EndReason != voice.EndFailure {
		t.Errorf("%v %d %q", got.EndReason, got.Status, got.Said)
	}
	if got := profiles(); len(got) != 1 {
		t.Errorf("offered %v", got)
	}
}
