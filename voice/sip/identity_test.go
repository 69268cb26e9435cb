package sip

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// message is a request of some headers, as the guard lets it pass.
func message(t testing.TB, lines ...string) *sipmsg.Request {
	t.Helper()
	text := "INVITE sip:alice@x SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK1\r\nTo: <sip:alice@x>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "From") }) {
		text += "From: <sip:bob@x>;tag=1\r\n"
	}
	for _, l := range lines {
		text += l + "\r\n"
	}
	plain, _, err := inspect([]byte(text + "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := sipmsg.ParseMessage(plain)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*sipmsg.Request)
}

func TestWhoCalls(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		lines    []string
		asserted []Identity
		private  bool
		diverted []Redirection
	}{
		{nil, nil, false, nil},
		{[]string{`p-asserted-identity: "Bob, the B." <sip:bob@pbx.example>, <tel:+31201234567>`}, []Identity{{"Bob, the B.", "sip:bob@pbx.example"}, {"", "tel:+31201234567"}}, false, nil},
		{[]string{`Remote-Party-ID: Bob <sip:bob@pbx.example>;party=calling;privacy=off`}, []Identity{{"Bob", "sip:bob@pbx.example"}}, false, nil},
		{[]string{`Remote-Party-ID: "Bob" <sip:bob@pbx.example>;party=calling;screen=yes;privacy=full`}, []Identity{{"Bob", "sip:bob@pbx.example"}}, true, nil},
		{[]string{"X-FS-Display-Name: Bob \"the\" B.", "X-FS-Display-Number: 42 1"}, []Identity{{`Bob "the" B.`, "sip:42%201@x"}}, false, nil},
		{[]string{"X-FS-Display-Name: Bob", "X-FS-Display-Number: 42", `P-Asserted-Identity: <sip:bob@pbx.example>`}, []Identity{{"", "sip:bob@pbx.example"}}, false, nil},
		{[]string{"X-FS-Display-Name: Bob"}, nil, false, nil},
		{[]string{`P-Asserted-Identity: <sip:bob@pbx.example>`, `Remote-Party-ID: <sip:old@pbx.example>`, "Privacy: id;critical"}, []Identity{{"", "sip:bob@pbx.example"}}, true, nil},
		{[]string{`From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=3`}, nil, true, nil},
		{[]string{"Privacy: none"}, nil, false, nil},
		{[]string{`P-Asserted-Identity: <mailto:x@y>, nonsense, <sip:>`}, nil, false, nil},
		{[]string{`Diversion: "Desk" <sip:desk@x>;reason=no-answer;counter=1`, `Diversion: <sip:office@x>;reason="unconditional"`}, nil, false,
			[]Redirection{{Identity{"Desk", "sip:desk@x"}, "no-answer"}, {Identity{"", "sip:office@x"}, "unconditional"}}},
		{[]string{`History-Info: <sip:sales@x?Reason=SIP%3Bcause%3D302>;index=1`, `history-info: <sip:desk@x;cause=302>;index=1.1;mp=1`}, nil, false,
			[]Redirection{{Identity{"", "sip:sales@x"}, "unconditional"}}},
		{[]string{`History-Info: "A" <sip:a@x>;index=1, <sip:b@x?Reason=SIP%3bcause%3d486%3btext%3d%22Busy%22>;index=1.1;cause=408, <sip:c@x>;index=1.2`}, nil, false,
			[]Redirection{{Identity{"", "sip:b@x"}, "user-busy"}, {Identity{"A", "sip:a@x"}, "no-answer"}}},
		{[]string{`History-Info: <sip:a@x>;index=1, <sip:b@x>;index=1.1`}, nil, false, nil},
		{[]string{`P-Asserted-Identity: Bell, Alexander (x) & Co <sip:bell@x>`}, []Identity{{"Bell, Alexander (x) & Co", "sip:bell@x"}}, false, nil},
		{[]string{`P-Asserted-Identity: "Bob \"the\" \\ B." <sip:bob@x>`}, []Identity{{`Bob "the" \ B.`, "sip:bob@x"}}, false, nil},
		{[]string{`P-Asserted-Identity: "सीता" <sip:sita@x>`}, []Identity{{"सीता", "sip:sita@x"}}, false, nil},
	} {
		req := message(t, tc.lines...)
		if got := identities(req); !reflect.DeepEqual(got, tc.asserted) {
			t.Errorf("%q: asserted %v, want %v", tc.lines, got, tc.asserted)
		}
		if got := private(req); got != tc.private {
			t.Errorf("%q: private %v", tc.lines, got)
		}
		if got := redirections(req); !reflect.DeepEqual(got, tc.diverted) {
			t.Errorf("%q: diverted %v, want %v", tc.lines, got, tc.diverted)
		}
	}
}

func TestWhoWantsAnAnswerByItself(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		line  string
		asked bool
		after time.Duration
	}{
		{"Subject: hello", false, 0},
		{"Answer-Mode: Auto", true, 0},
		{"answer-mode: Manual", false, 0},
		{"Priv-Answer-Mode: auto;require", true, 0},
		{"Call-Info: <sip:x>;answer-after=0", true, 0},
		{`call-info: <sip:x>;purpose=icon, <sip:x>;Answer-After="3"`, true, 3 * time.Second},
		{"Call-Info: <sip:x>;answer-after=99999", false, 0},
		{"Call-Info: <sip:x>;answer-after=-1", false, 0},
		{"Alert-Info: <http://x>;info=alert-autoanswer;delay=0", true, 0},
		{"Alert-Info: Ring Answer", true, 0},
		{"Alert-Info: info=alert-autoanswer", true, 0},
		{"Alert-Info: ;info=alert-autoanswer;delay=2", true, 2 * time.Second},
		{"Alert-Info: info=alert-group", false, 0},
		{"Alert-Info: http://x/?info=autoanswer", false, 0},
		{"Alert-Info: intercom", true, 0},
		{"Alert-Info: <http://x/intercom>;info=alert-group", false, 0},
		{"Alert-Info: <http://x/auto answer.wav>", false, 0},
		{"Alert-Info: http://x/autoanswer", false, 0},
		{"Alert-Info: no intercom here", false, 0},
		{"Alert-Info: <http://x>;answer-after=4", true, 4 * time.Second},
		{"Call-Info: <http://x/;answer-after=0>", false, 0},
		{`Call-Info: <http://x>;purpose="a;answer-after=0"`, false, 0},
		{"Alert-Info: <http://x/ring.wav>", false, 0},
		{"P-Auto-Answer: normal", true, 0},
	} {
		if after, asked := answerAfter(message(t, tc.line)); asked != tc.asked || after != tc.after {
			t.Errorf("%s: %v, %v", tc.line, asked, after)
		}
	}
}

func FuzzIdentity(f *testing.F) {
	for _, s := range []string{`"a" <sip:a@b>;x=y`, `<tel:1>, <sip:b`, `sip:a@b;reason="x`, `;;,,"`, "yes\r\nVoice-Message: 1/2 (3/4)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		req := sipmsg.NewRequest(sipmsg.INVITE, sipmsg.Uri{Scheme: "sip", Host: "x"})
		req.AppendHeader(&sipmsg.FromHeader{Address: sipmsg.Uri{Scheme: "sip", Host: "x"}})
		for _, name := range []string{"P-Asserted-Identity", "Diversion", "Privacy", "Call-Info", "Alert-Info", "Answer-Mode", "Replaces"} {
			req.AppendHeader(sipmsg.NewHeader(name, value))
		}
		for _, id := range identities(req) {
			if id.URI == "" {
				t.Errorf("%q has an identity without an address", value)
			}
		}
		redirections(req)
		private(req)
		answerAfter(req)
		if m, ok := parseMessageSummary("Messages-Waiting: " + value); ok && (m.New < 0 || m.Old < 0) {
			t.Errorf("%q: %+v", value, m)
		}
		res := sipmsg.NewResponse(302, "Moved")
		res.AppendHeader(sipmsg.NewHeader("Contact", value))
		targets(res)
	})
}

func TestAnonymousCall(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite, withDigest("MD5"))
	d, err := s.connect().Invite(limited(t), Invitation{Target: "bob", Offer: offer, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	l := <-legs
	if from := l.req.From(); strings.Contains(from.Value(), "alice") || strings.Contains(from.Value(), "Alice") || !private(l.req) {
		t.Errorf("From is %s", from.Value())
	}
	if headerValue(l.req, "Privacy") != "id" || headerValue(l.req, "P-Preferred-Identity") != "<sip:alice@sip.example>" {
		t.Errorf("%s", l.req)
	}
	l.respond(486, "")
	event[Failed](t, d)
}

func TestIncomingSaysWhoCalls(t *testing.T) {
	t.Parallel()
	s, f, source, calls := called(t)
	s.call(f, source, offer, sipmsg.NewHeader("P-Asserted-Identity", `"Bob" <sip:bob@pbx.example>`), sipmsg.NewHeader("Diversion", "<sip:desk@x>;reason=user-busy"),
		sipmsg.NewHeader("Privacy", "id"), sipmsg.NewHeader("Call-Info", "<sip:x>;answer-after=2"))
	in := <-calls
	if len(in.Asserted) != 1 || in.Asserted[0].Name != "Bob" || !in.Private || len(in.Diverted) != 1 || in.Diverted[0].Reason != "user-busy" ||
		!in.AutoAnswer || in.AnswerAfter != 2*time.Second || in.Replaces != nil {
		t.Errorf("%+v", in)
	}
	_ = in.Dialog.Refuse(486)
}
