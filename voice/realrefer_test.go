package voice_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"offhook/voice"
	"offhook/voice/fault"
)

// farPhone is a phone by hand, behind the PBX as user far: it answers calls, and a
// REFER with the messages that the test names, in their order.
type farPhone struct {
	referred string // the REFER that came last
	t        *testing.T
	p        *pbx
	conn     *net.UDPConn
	answer   string // the description of its answer
	script   chan []string
	// ring has the next call ring, whose INVITE then goes into rings.
	ring  atomic.Bool
	rings chan *sipText
	// refers are the Refer-To that came.
	refers chan string
	// invite and refer are the requests of the present call; seq is that of its own.
	invite *sipText
	seq    int
}

func newFarPhone(t *testing.T, p *pbx) *farPhone {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	media, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	f := &farPhone{t: t, p: p, conn: conn, script: make(chan []string, 1), rings: make(chan *sipText, 1), refers: make(chan string, 64)}
	f.answer = fmt.Sprintf("v=0\r\no=far 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\n", media.LocalAddr().(*net.UDPAddr).Port)
	p.set(func() { p.contacts["far"] = conn.LocalAddr().(*net.UDPAddr) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 1<<16)
		for {
			n, _, err := conn.ReadFromUDP(b)
			if err != nil {
				return
			}
			f.take(parseText(b[:n]))
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		media.Close()
		<-done
	})
	return f
}

func (f *farPhone) take(m *sipText) {
	method, _, _ := strings.Cut(m.lines[0], " ")
	switch method {
	case "INVITE":
		inside := strings.Contains(m.get("To"), farTag)
		if !inside && f.ring.CompareAndSwap(true, false) {
			f.respond(m, "180 Ringing", "")
			f.rings <- m
			return
		}
		if !inside {
			f.invite, f.seq = m, 100
		}
		f.respond(m, "200 OK", f.answer)
	case "ACK":
		if strings.Contains(m.lines[0], "*") {
			f.request("BYE", "", "") // a feature code was dialled
		}
	case "BYE", "CANCEL":
		f.respond(m, "200 OK", "")
	case "REFER":
		this := m.get("Call-ID") + m.get("CSeq")
		if this == f.referred {
			return // sent again, since the script has no answer to it
		}
		f.referred = this
		f.refers <- m.get("Refer-To")
		for _, word := range <-f.script {
			switch word {
			case "202":
				f.respond(m, "202 Accepted", "")
			case "BYE":
				f.request("BYE", "", "")
			case "603!":
				f.respond(m, "603 Decline", "")
			default:
				state := "active;expires=60"
				if word != "100" {
					state = "terminated;reason=noresource"
				}
				f.request("NOTIFY", "Event: refer\r\nSubscription-State: "+state+"\r\nContent-Type: message/sipfrag\r\n", "SIP/2.0 "+word+" Word\r\n")
			}
		}
	}
}

// send gives the PBX a message for the phone.
func (f *farPhone) send(text string) {
	_, _ = f.conn.WriteToUDP([]byte(text), f.p.conn.LocalAddr().(*net.UDPAddr))
}

// fields are the header fields of a message that a name has.
func fields(m *sipText, name string) (out []string) {
	for _, l := range m.lines[1:] {
		if n, _, _ := strings.Cut(l, ":"); strings.EqualFold(n, name) {
			out = append(out, l)
		}
	}
	return out
}

const farTag = ";tag=far"

func (f *farPhone) respond(m *sipText, status, body string) {
	to := "To: " + strings.ReplaceAll(m.get("To"), farTag, "") + farTag
	lines := slices.Concat([]string{"SIP/2.0 " + status}, fields(m, "Via"), fields(m, "From"), []string{to}, fields(m, "Call-ID"), fields(m, "CSeq"),
		[]string{"Contact: <" + strings.Fields(f.invite.lines[0])[1] + ">", "Content-Type: application/sdp", fmt.Sprintf("Content-Length: %d", len(body))})
	f.send(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}

func (f *farPhone) request(method, headers, body string) {
	f.seq++
	f.send(fmt.Sprintf("%s sip:alice@lab.test SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKfar%s%d\r\nMax-Forwards: 70\r\nFrom: %s%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:far@127.0.0.1>\r\n%sContent-Length: %d\r\n\r\n%s",
		method, f.conn.LocalAddr(), f.invite.get("Call-ID"), f.seq, f.invite.get("To"), farTag, f.invite.get("From"), f.invite.get("Call-ID"), f.seq, method, headers, len(body), body))
}

// permutations are all orders of words.
func permutations(words []string) (all [][]string) {
	if len(words) < 2 {
		return [][]string{words}
	}
	for i, w := range words {
		for _, rest := range permutations(slices.Concat(words[:i:i], words[i+1:])) {
			all = append(all, append([]string{w}, rest...))
		}
	}
	return all
}

// Whatever the order in which the far side says that it was transferred, whatever it
// says twice and what it leaves out: it has worked.
func TestTransferSucceedsInAnyOrder(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	far := newFarPhone(t, p)
	alice := newSIPPhone(t, "alice", sine, null, p.account("alice"))
	scripts := permutations([]string{"202", "100", "200", "BYE"})
	for _, s := range permutations([]string{"202", "200", "BYE"}) {
		var doubled []string
		for _, w := range s {
			doubled = append(doubled, w, w)
		}
		scripts = append(scripts, s, doubled)
	}
	scripts = append(scripts, [][]string{{"202", "200"}, {"200", "202"}, {"202", "BYE"}, {"BYE", "202"}, {"BYE"}, {"200"}, {"202", "100", "BYE"}, {"BYE", "200"}}...)
	for _, script := range scripts {
		t.Run(strings.Join(script, " "), func(t *testing.T) {
			call, err := alice.Dial(within(t), "far", "")
			if err != nil {
				t.Fatal(err)
			}
			expect[voice.CallEstablished](alice)
			far.script <- script
			if err := call.Transfer(within(t), "carol"); err != nil {
				t.Errorf("the transfer: %v", err)
			}
			got := expect[voice.CallEnded](alice).Call
			if got.EndReason != voice.EndLocalHangup || got.Transfer != (voice.Transfer{Target: "carol", Status: 200, Final: true}) {
				t.Errorf("%v %+v", got.EndReason, got.Transfer)
			}
			awaits(t, "the call is not over", func() bool { return len(alice.Calls()) == 0 })
		})
	}
}

// A far side that refuses, and then hangs up for a reason of its own, was not
// transferred.
func TestTransferRefusedAndHungUp(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	far := newFarPhone(t, p)
	alice := newSIPPhone(t, "alice", sine, null, p.account("alice"))
	call, err := alice.Dial(within(t), "far", "")
	if err != nil {
		t.Fatal(err)
	}
	expect[voice.CallEstablished](alice)
	far.script <- []string{"202", "100", "603", "BYE"}
	check(t, call.Transfer(within(t), "carol"))
	if got := settled(alice).Transfer; got.Status != 603 || got.EndReason != voice.EndBusy {
		t.Errorf("%+v", got)
	}
	if got := expect[voice.CallEnded](alice).Call; got.EndReason != voice.EndRemoteHangup {
		t.Errorf("%v", got.EndReason)
	}
}

// A feature code is dialled beside a call, and without a sound of it: nobody sees a
// second call.
func TestFeatureCodeIsDialled(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	newFarPhone(t, p)
	p.set(func() { p.contacts["*46"] = p.contacts["far"] })
	alice, bob := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, p.account("bob"))
	call, _ := connect(t, alice, bob, "bob")
	if err := alice.SendFeatureCode(within(t), "alice@lab.test", "*46"); err != nil {
		t.Error(err)
	}
	err := alice.SendFeatureCode(within(t), "alice@lab.test", "*47")
	if said := fault.From(err).Text().String(); fault.TypeOf(err) != fault.ServerError || !strings.Contains(said, "*47") || !strings.Contains(said, "Not Found (404)") {
		t.Errorf("a code that is not there: %v", err)
	}
	if err := alice.SendFeatureCode(within(t), "nobody@lab.test", "*46"); fault.TypeOf(err) != fault.InvalidParameter {
		t.Errorf("an account that is not there: %v", err)
	}
	if len(alice.Calls()) != 1 {
		t.Errorf("%d calls", len(alice.Calls()))
	}
	hears(t, call)
	p.set(func() {
		p.change = func(m *sipText) *sipText {
			if strings.HasPrefix(m.lines[0], "INVITE") {
				return nil
			}
			return m
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := alice.SendFeatureCode(ctx, "alice@lab.test", "*46"); fault.TypeOf(err) != fault.NetworkError {
		t.Errorf("a server that does not answer: %v", err)
	}
}
