package voice_test

import (
	"fmt"
	"strings"
	"testing"

	"offhook/voice"
)

// An INVITE right behind the CANCEL of the last one rings, every time: the phone has
// one call, which is over when the CANCEL has come.
func TestInviteRightBehindTheEnd(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	a := p.account("alice")
	alice := newSIPPhone(t, "alice", sine, null, a)
	write := func(messages ...string) {
		p.set(func() {
			for _, m := range messages {
				head, body, _ := strings.Cut(strings.ReplaceAll(m, "\n", "\r\n"), "\r\n\r\n")
				m = fmt.Sprintf("%s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
				if _, err := p.conn.WriteToUDP([]byte(m), p.contacts["alice"]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	text := func(method string, n int, body string) string {
		return fmt.Sprintf("%s sip:alice@lab.test SIP/2.0\nVia: SIP/2.0/UDP %s;branch=z9hG4bKbehind%d\nMax-Forwards: 70\nFrom: <sip:bob%d@lab.test>;tag=b\n"+
			"To: <sip:alice@lab.test>\nCall-ID: behind-%d\nCSeq: 1 %s\nContact: <sip:bob@%s>\nContent-Type: application/sdp\n\n%s",
			method, p.conn.LocalAddr(), n, n, n, method, p.conn.LocalAddr(), body)
	}
	const offer = "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 40000 RTP/AVP 0\n"
	write(text("INVITE", 0, offer))
	for n := range 20 {
		if got := expect[voice.IncomingCall](alice).Call.RemoteID; got != fmt.Sprint("bob", n) {
			t.Fatalf("%q calls, want bob%d", got, n)
		}
		write(text("CANCEL", n, ""), text("INVITE", n+1, offer))
		if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndRemoteHangup {
			t.Errorf("ended as %v", got.EndReason)
		}
	}
	expect[voice.IncomingCall](alice)
	write(text("CANCEL", 20, ""))
	expect[voice.CallEnded](alice)
}
