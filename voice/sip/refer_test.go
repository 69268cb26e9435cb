package sip

import (
	"errors"
	"net/url"
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/fault"
)

func TestTransferOut(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite, withDigest("MD5"))
	d, l := place(t, s, s.connect(), legs)
	l.on(func(req *sipmsg.Request, tx *sipmsg.ServerTx) bool {
		if req.Method != sipmsg.REFER {
			return false
		}
		status := 202
		if req.GetHeader("Refer-To").Value() == "<sip:nobody@sip.example>" {
			status = 603
		}
		_ = tx.Respond(l.response(req, status, ""))
		return true
	})
	if err := d.Refer(limited(t), "carol"); err != nil {
		t.Fatal(err)
	}
	if got := l.expect(sipmsg.REFER).GetHeader("Refer-To").Value(); got != "<sip:carol@sip.example>" {
		t.Errorf("Refer-To: %s", got)
	}
	for _, tc := range []struct {
		frag, state string
		answer      int
		want        TransferProgress
	}{
		{"SIP/2.0 100 Trying\r\n", "active", 200, TransferProgress{100, false}},
		{"SIP/2.0 200 OK", "terminated;reason=noresource", 200, TransferProgress{200, true}},
		{"nonsense", "active", 400, TransferProgress{}},
		{"SIP/2.0 9999 X", "active", 400, TransferProgress{}},
	} {
		res, err := l.request(sipmsg.NOTIFY, tc.frag, "", sipmsg.NewHeader("Event", "refer"), sipmsg.NewHeader("Subscription-State", tc.state))
		if err != nil || res.StatusCode != tc.answer {
			t.Errorf("%q: %v %v", tc.frag, res, err)
		}
		if tc.answer == 200 {
			if ev := event[TransferProgress](t, d); ev != tc.want {
				t.Errorf("%q: %+v", tc.frag, ev)
			}
		}
	}
	var refused *StatusError
	if err := d.Refer(limited(t), "nobody"); !errors.As(err, &refused) || refused.Status != 603 {
		t.Errorf("%v", err)
	}
	if err := d.Refer(limited(t), "a\r\nb"); fault.TypeOf(err) != fault.InvalidDialInfo {
		t.Errorf("%v", err)
	}
	if res, err := l.request(sipmsg.NOTIFY, "", "", sipmsg.NewHeader("Event", "talk")); err != nil || res.StatusCode != 200 {
		t.Errorf("%v %v", res, err)
	}
}

func TestTransferIn(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	for _, accept := range []bool{true, false} {
		answer := make(chan int, 1)
		go func() {
			res, err := l.request(sipmsg.REFER, "", "", sipmsg.NewHeader("Refer-To", "<sip:carol@sip.example>"), sipmsg.NewHeader("Referred-By", "<sip:bob@sip.example>"))
			if err != nil {
				t.Error(err)
				answer <- 0
				return
			}
			answer <- res.StatusCode
		}()
		ev := event[Referred](t, d)
		if ev.Target != "sip:carol@sip.example" || ev.By != "<sip:bob@sip.example>" || ev.Replaces {
			t.Errorf("%+v", ev)
		}
		if err := ev.Reply(accept); err != nil {
			t.Error(err)
		}
		if err := ev.Reply(accept); !errors.Is(err, ErrReplied) {
			t.Error(err)
		}
		if got := <-answer; got != map[bool]int{true: 202, false: 603}[accept] {
			t.Errorf("answered with %d", got)
		}
		if accept {
			if err := ev.Notify(limited(t), 200); err != nil {
				t.Error(err)
			}
			n := l.expect(sipmsg.NOTIFY)
			if string(n.Body()) != "SIP/2.0 200 OK\r\n" || n.ContentType().Value() != "message/sipfrag;version=2.0" {
				t.Errorf("%s", n)
			}
		}
	}
	for _, bad := range []string{"<http://x/>", "", "<sip:>", "tel:+1"} {
		if res, err := l.request(sipmsg.REFER, "", "", sipmsg.NewHeader("Refer-To", bad)); err == nil && res.StatusCode != 400 {
			t.Errorf("%q: %v", bad, res)
		}
	}
}

// A call that rings is given away where one server is the far side of both, and only
// while it is clear which of its dialogs that is.
func TestReferToACallThatRings(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	f := s.connect()
	d, l := place(t, s, f, legs)
	other := invite(t, f)
	ringing := <-legs
	if err := d.ReferTo(limited(t), "carol", other); !errors.Is(err, ErrNotAnswered) {
		t.Errorf("before anything was heard: %v", err)
	}
	ringing.respond(180, "")
	event[Provisional](t, other)
	if err := d.ReferTo(limited(t), "carol", other); err != nil {
		t.Fatal(err)
	}
	want := "<sip:carol@sip.example?Replaces=" + url.QueryEscape(other.callID+";to-tag="+ringing.tag+";from-tag="+other.localTag) + ">"
	if got := l.expect(sipmsg.REFER).GetHeader("Refer-To").Value(); got != want {
		t.Errorf("Refer-To: %s, want %s", got, want)
	}
	for name, early := range map[string]map[string]sipmsg.Uri{
		"another server": {"x": {Host: "elsewhere.invalid"}},
		"another port":   {"x": {Host: d.target.Host, Port: 5099}},
		"no Contact":     {"x": {}},
		"two that ring":  {"x": d.target, "y": d.target},
	} {
		other.mu.Lock()
		other.invite.early = early
		other.mu.Unlock()
		if err := d.ReferTo(limited(t), "carol", other); !errors.Is(err, ErrNotAnswered) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who is to be called is read as phones and servers write it.
func TestReferTo(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"<sip:carol@lab.test>": "sip:carol@lab.test", "sip:carol@lab.test": "sip:carol@lab.test", `"Carol C" <sips:carol@lab.test>;x=y`: "sips:carol@lab.test",
		"<tel:+4930123>": "tel:+4930123", "tel:+49-30-123": "tel:+49-30-123", "<TEL:110>": "tel:110",
		"": "", "<tel:>": "", "<mailto:carol@lab.test>": "", "<sip:>": "",
	} {
		to := &sipmsg.ContactHeader{}
		if err := parseReferTo(value, to); (err == nil) != (want != "") || err == nil && to.Address.String() != want {
			t.Errorf("%q: %q, %v", value, to.Address.String(), err)
		}
	}
}

// So is what became of it.
func TestFragStatus(t *testing.T) {
	t.Parallel()
	for frag, want := range map[string]int{
		"SIP/2.0 200 OK\r\n": 200, "SIP/2.0 180": 180, "SIP/2.0  603  Decline\nX: y\n\n": 603, " \r\nsip/2.0 200 ok": 200,
		"": 0, "SIP/2.0": 0, "SIP/2.0 OK": 0, "SIP/2.0 99 x": 0, "SIP/2.0 700 x": 0, "HTTP/1.1 200 OK": 0,
	} {
		if got, ok := fragStatus(frag); ok != (want != 0) || ok && got != want {
			t.Errorf("%q: %d, %v", frag, got, ok)
		}
	}
}
