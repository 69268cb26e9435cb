package exophone_test

import (
	"testing"

	"github.com/emiago/sipgo/sip"

	"offhook/voice/wire"
)

// A phone refuses a request that a later one has overtaken (RFC 3261, 12.2.2), so the
// requests of a dialog leave in the order of their numbers, however many there are at
// once.
func TestRequestsLeaveInOrder(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	out, in := established(p)
	const digits = 40
	for range digits {
		out.send("INFO", "Signal=5\r\nDuration=100\r\n", "Content-Type", "application/dtmf-relay")
	}
	last := uint32(0)
	for range digits {
		n := in.request(sip.INFO).CSeq().SeqNo
		if n < last {
			t.Errorf("request %d came after %d", n, last)
		}
		last = n
	}
	for range digits {
		out.expect(200)
	}
	out.hangup()
	in.ended()
}

// A phone that could not take the news of a conference once is told of what comes next.
func TestNewsAfterARefusal(t *testing.T) {
	t.Parallel()
	s := newThreesome(t)
	refused, usual := false, s.bob.reply
	s.bob.replies(func(req *sip.Request, res *sip.Response) {
		if req.Method == sip.INFO && value(req, "Content-Type") == wire.TypeConference && !refused {
			refused = true
			res.StatusCode, res.Reason = 500, "Server Internal Error"
			return
		}
		usual(req, res)
	})
	if _, err := s.p.x.Confer(s.first, "alice", s.second); err != nil {
		t.Fatal(err)
	}
	s.withCarol.ended()
	s.p.over()
	s.bob.told(isOf("alice", "bob", "carol"))
	s.withBob.hangup()
	s.bob.told(isOf("bob", "carol"))
	s.carol.hangup()
	s.bob.ended()
	s.p.over()
}
