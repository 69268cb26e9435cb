//go:build unix

package main

import (
	"errors"
	"fmt"
	"time"

	"offhook/app"
	"offhook/voice"
)

// sippStory is a phone at Kamailio and a scenario of sipp behind it.
func sippStory(what string, run func(b *bench, k *kamailio, p *phone) error) row {
	const peer = "sipp over UDP"
	return row{peer, what, []string{"kamailio", "sipp"}, func(b *bench) error {
		k, err := b.kamailio(false)
		if err != nil {
			return err
		}
		defer func() { b.collect(peer, what, k) }()
		p, err := b.phone("desk", fmt.Sprintf("udp://127.0.0.1:%d", k.sip), k)
		if err != nil {
			return err
		}
		return run(b, k, p)
	}}
}

// calls makes the phone call a scenario, follows the steps, and asks sipp.
func calls(scenario []string, parts ...func(p *phone) error) func(*bench, *kamailio, *phone) error {
	return func(b *bench, k *kamailio, p *phone) error {
		s, err := b.sipp(k, scenario...)
		if err != nil {
			return err
		}
		if err := p.do("dial", "sipp"); err != nil {
			return err
		}
		for _, part := range parts {
			if err := part(p); err != nil {
				return errors.Join(err, sippSays(s))
			}
		}
		return sippDone(s)
	}
}

func sippSays(s *process) error {
	if s.over() {
		return sippDone(s)
	}
	return nil
}

func established(p *phone) error { return p.state("ESTABLISHED") }

// echoed checks both directions at once: sipp sends back what it gets.
func echoed(p *phone) error { return p.hears(phoneTone, true) }

func hangsUp(p *phone) error {
	return steps(func() error { return p.do("hangup") }, func() error { return p.ended("LOCAL_HANGUP") })
}

func endsWith(reason voice.EndReason) func(*phone) error {
	return func(p *phone) error { return p.ended(reason) }
}

// sippTable is how the phone reads refusals: the reference's table of end
// reasons.
var sippTable = []struct {
	status string
	reason voice.EndReason
}{
	{"486 Busy Here", "BUSY"}, {"600 Busy Everywhere", "BUSY"}, {"603 Decline", "BUSY"},
	{"408 Request Timeout", "TIMEOUT"}, {"480 Temporarily Unavailable", "TIMEOUT"},
	{"404 Not Found", "INVALID_DIAL_INFO"}, {"484 Address Incomplete", "INVALID_DIAL_INFO"},
	// A proxy makes 500 of a 503 (RFC 3261, section 16.7).
	{"410 Gone", "UNREACHABLE"}, {"503 Service Unavailable", "FAILURE"}, {"429 Too Many Requests", "THROTTLED"},
	{"403 Forbidden", "FAILURE"}, {"488 Not Acceptable Here", "FAILURE"}, {"500 Server Internal Error", "FAILURE"}, {"604 Does Not Exist", "FAILURE"},
}

func sippRows() []row {
	ok, ringing := answer("200 OK", "", description(1, "sendrecv")), answer("180 Ringing", "", "")
	bye := recv("BYE") + inside("200 OK", "")
	rows := []row{
		sippStory("its own uas scenario", func(b *bench, k *kamailio, p *phone) error {
			s, err := b.runSIPp(k, b.folder("sipp"), "-sn", "uas", "-m", "1")
			if err != nil {
				return err
			}
			return steps(
				func() error { return p.do("dial", "sipp") },
				func() error { return established(p) },
				func() error { return echoed(p) },
				func() error { return hangsUp(p) },
				func() error { return sippDone(s) },
			)
		}),
		sippStory("its own uac scenario", func(b *bench, k *kamailio, p *phone) error {
			s, err := b.runSIPp(k, b.folder("sipp"), "-sn", "uac", "-s", "desk", "-d", "4000", "-m", "1")
			if err != nil {
				return err
			}
			return steps(
				func() error { return p.state("INCOMING") },
				func() error { return p.do("answer") },
				func() error { return established(p) },
				func() error { return echoed(p) },
				func() error { return p.ended("REMOTE_HANGUP") },
				func() error { return sippDone(s) },
			)
		}),
		sippStory("digest: the callee asks, too (401 behind 407)", calls([]string{
			first(""), answer("401 Unauthorized", "WWW-Authenticate: Digest realm=\"sipp\", nonce=\"47\", algorithm=MD5\n", ""), recv("ACK"),
			`<recv request="INVITE"><action><verifyauth assign_to="right" username="desk" password="secret"/></action></recv>` + "\n",
			`<nop hide="true" test="right" next="good"/>` + "\n", answer("403 Forbidden", "", ""), recv("ACK"), `<nop><action><exec int_cmd="stop_now"/></action></nop>` + "\n",
			`<label id="good"/>` + "\n", ok, recv("ACK"), bye,
		}, established, echoed, hangsUp)),
		sippStory("early media, then the answer", calls([]string{
			first(""), answer("183 Session Progress", "", streamed()),
			`<nop><action><exec rtp_stream="tone.ul,-1,0,PCMU/8000"/></action></nop>` + "\n", pause(5 * time.Second), answer("200 OK", "", streamed()), recv("ACK"), bye,
		}, func(p *phone) error { return p.state("EARLY") }, func(p *phone) error { return p.hears(peerTone, true) }, established,
			// sipp goes on with its tone and sends back what it gets, too: of two streams from
			// one place the newer is the peer's.
			echoed, hangsUp)),
		sippStory("re-INVITE: hold, resume", calls([]string{
			first(""), ringing, ok, recv("ACK"), pause(2 * time.Second),
			request("INVITE", 10, "", description(2, "sendonly")), soon("100"), recv("200"), request("ACK", 10, "", ""), pause(3 * time.Second),
			request("INVITE", 11, "", description(3, "sendrecv")), soon("100"), recv("200"), request("ACK", 11, "", ""), bye,
		}, established,
			func(p *phone) error { return p.has("on hold", func(c *app.Call) bool { return c.RemoteHeld }) },
			func(p *phone) error {
				return p.has("no longer on hold", func(c *app.Call) bool { return !c.RemoteHeld })
			}, echoed, hangsUp)),
		sippStory("re-INVITE without SDP: the offer in 200, the answer in ACK", calls([]string{
			first(""), ok, recv("ACK"), pause(time.Second),
			request("INVITE", 10, "", ""), soon("100"), recv("200"), request("ACK", 10, "", description(2, "sendrecv")), bye,
		}, established, echoed, hangsUp)),
		sippStory("UPDATE and a session timer of 90 s", calls([]string{
			first(""), answer("200 OK", "Session-Expires: 90;refresher=uas\nRequire: timer\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\n", description(1, "sendrecv")), recv("ACK"), pause(time.Second),
			request("UPDATE", 10, "Session-Expires: 90;refresher=uac\nSupported: timer\n", ""), recv("200"), bye,
		}, established, echoed, hangsUp)),
		sippStory("another party is joined: UPDATE with P-Asserted-Identity", calls([]string{
			first(""), ok, recv("ACK"), pause(time.Second),
			request("UPDATE", 10, "P-Asserted-Identity: \"Carol\" <sip:carol@lab.test>\n", ""), recv("200"), bye,
		}, established, func(p *phone) error {
			return p.has("with Carol", func(c *app.Call) bool { return c.RemoteID == "carol" && c.RemoteName == "Carol" })
		}, echoed, hangsUp)),
		sippStory("an answer without a description", calls([]string{first(""), answer("200 OK", "", ""), recv("ACK"), bye}, endsWith(voice.EndFailure))),
		sippStory("CANCEL meets the answer", calls([]string{
			first(`<ereg regexp=".*" search_in="hdr" header="Via:" occurrence="1" assign_to="via"/><ereg regexp=".*" search_in="hdr" header="Via:" occurrence="2" assign_to="before"/>`),
			ringing, recv("CANCEL") + inside("200 OK", ""),
			// The 200 to the INVITE was already on its way.
			"<send retrans=\"500\">" + message("SIP/2.0 200 OK", "Via:[$via]\nVia:[$before]\nFrom:[$from]\nTo:[$to]"+sippTag+"\nCall-ID: [call_id]\nCSeq: [$seq] INVITE\n"+sippContact, description(1, "sendrecv")) + "</send>\n",
			soon("ACK"), recv("BYE"), inside("200 OK", ""),
		}, func(p *phone) error { return p.state("RINGING") }, hangsUp)),
		sippStory("BYE meets BYE", calls([]string{
			first(""), ok, recv("ACK"), recv("BYE"), request("BYE", 10, "", ""), soon("481"), recv("200"),
		}, established, hangsUp)),
		sippStory("BYE at once after the answer", calls([]string{
			first(""), ok, recv("ACK"), request("BYE", 10, "", ""), recv("200"),
		}, endsWith("REMOTE_HANGUP"))),
		sippStory("302 to another address", calls([]string{
			first(""), answer("302 Moved Temporarily", "Contact: <sip:sippmoved@lab.test>\n", ""), recv("ACK"),
			first(""), ok, recv("ACK"), bye,
		}, established, echoed, hangsUp)),
		sippStory("302 in a circle", calls([]string{
			first(""), answer("302 Moved Temporarily", "Contact: <sip:sippa@lab.test>\n", ""), recv("ACK"),
			first(""), answer("302 Moved Temporarily", "Contact: <sip:sipp@lab.test>\n", ""), recv("ACK"),
		}, endsWith(""))),
		sippStory("CANCEL by the caller", func(b *bench, k *kamailio, p *phone) error {
			s, err := b.sipp(k, sippInvite(), soon("100"), recv("180"), pause(500*time.Millisecond),
				"<send retrans=\"500\">"+message("CANCEL sip:desk@lab.test SIP/2.0", "[last_Via:]\nFrom: sipp <sip:sipp@lab.test>"+sippTag+"\nTo: <sip:desk@lab.test>\nCall-ID: [call_id]\nCSeq: 1 CANCEL\nMax-Forwards: 70\n", "")+"</send>\n",
				cancelled, "<send>"+message("ACK sip:desk@lab.test SIP/2.0", "[last_Via:]\nFrom: sipp <sip:sipp@lab.test>"+sippTag+"\n[last_To:]\nCall-ID: [call_id]\nCSeq: 1 ACK\nMax-Forwards: 70\n", "")+"</send>\n")
			if err != nil {
				return err
			}
			return steps(
				func() error { return p.state("INCOMING") },
				func() error { return p.ended("REMOTE_HANGUP") },
				func() error { return sippDone(s) },
			)
		}),
		sippStory("REFER to nobody: the phone is with the caller again", calls([]string{
			first(""), ok, recv("ACK"), pause(time.Second), request("REFER", 10, "Refer-To: <sip:nobody@lab.test>\nReferred-By: <sip:sipp@lab.test>\n", ""),
			`<recv response="202"/>` + "\n", recv("NOTIFY"), inside("200 OK", ""), recv("NOTIFY"), inside("200 OK", ""), pause(5 * time.Second), request("BYE", 11, "", ""), recv("200"),
		}, established, func(p *phone) error {
			return p.has("not transferred", func(c *app.Call) bool { return c.Transfer != nil && c.Transfer.Final && c.Transfer.Status == 404 })
		}, echoed, endsWith(voice.EndRemoteHangup))),
		sippStory("REFER by the phone: a BYE in the place of any word on it", calls([]string{
			first(""), ok, recv("ACK"), recv("REFER"), request("BYE", 10, "", ""), soon("100"), recv("200"),
		}, established, func(p *phone) error { return p.do("transfer", "nobody") }, endsWith(voice.EndLocalHangup))),
		sippStory("488 with a Warning: the server's reason is shown", calls([]string{
			first(""), answer("488 Not Acceptable Here", "Warning: 304 sipp \"No such codec\"\n", ""), recv("ACK"),
		}, func(p *phone) error {
			return p.wait("told why", func(s *app.Snapshot) bool {
				return s.LastCall != nil && s.LastCall.Said == "No such codec" && s.LastCall.Status == 488
			})
		})),
	}
	rows = append(rows, serverRows()...)
	rows = append(rows, sippStory("the table of refusals, 4xx to 6xx", func(b *bench, k *kamailio, p *phone) error {
		var wrong error
		for _, tc := range sippTable {
			s, err := b.sipp(k, first(""), answer(tc.status, "", ""), recv("ACK"))
			if err != nil {
				return err
			}
			last := ""
			if err := p.wait("free", func(s *app.Snapshot) bool {
				if s.LastCall != nil {
					last = s.LastCall.ID
				}
				return s.Call == nil
			}); err != nil {
				return err
			}
			// The call may be over before the command has its answer.
			_ = p.do("dial", "sipp")
			var got voice.EndReason
			if err := p.wait("done with its call", func(s *app.Snapshot) bool {
				if s.Call == nil && s.LastCall != nil && s.LastCall.ID != last {
					got = s.LastCall.EndReason
				}
				return got != ""
			}); err != nil {
				return fmt.Errorf("%s: %w", tc.status, err)
			}
			if got != tc.reason {
				wrong = errors.Join(wrong, fmt.Errorf("%s is %s, not %s", tc.status, got, tc.reason))
			}
			if err := sippDone(s); err != nil {
				return fmt.Errorf("%s: %w", tc.status, err)
			}
		}
		return wrong
	}))
	return rows
}

// sippInvite begins a call to the phone.
func sippInvite() string {
	return "<send retrans=\"500\">" + message("INVITE sip:desk@lab.test SIP/2.0",
		"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\nFrom: sipp <sip:sipp@lab.test>"+sippTag+"\nTo: <sip:desk@lab.test>\nCall-ID: [call_id]\nCSeq: 1 INVITE\nMax-Forwards: 70\n"+sippContact,
		description(1, "sendrecv")) + "</send>\n"
}
