//go:build unix

package main

import (
	"fmt"
	"strings"
	"time"

	"offhook/app"
	"offhook/voice"
	"offhook/voice/sip"
)

// accountStory is sippStory for a phone whose account says more, which is started after
// what run begins with.
func accountStory(what, account string, run func(b *bench, k *kamailio, start func(more ...string) (*phone, error)) error) row {
	const peer = "sipp over UDP"
	return row{peer, what, []string{"kamailio", "sipp"}, func(b *bench) error {
		k, err := b.kamailio(false)
		if err != nil {
			return err
		}
		defer func() { b.collect(peer, what, k) }()
		return run(b, k, func(more ...string) (*phone, error) {
			return b.phoneWith(account, "desk", fmt.Sprintf("udp://127.0.0.1:%d", k.sip), k, more...)
		})
	}}
}

// dialogs is the body of a NOTIFY on how an extension stands (RFC 4235).
func dialogs(version int, dialog string) string {
	return fmt.Sprintf(`<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="%d" state="full" entity="sip:sipp@lab.test">%s</dialog-info>
`, version, dialog)
}

// tells tells the subscriber how the extension stands.
func tells(seq int, dialog string) string {
	return request("NOTIFY", seq, "Event: dialog\nSubscription-State: active;expires=600\nContent-Type: application/dialog-info+xml\n", dialogs(seq-10, dialog)) + recv("200") + pause(3*time.Second)
}

// serverRows are what a server does for its accounts beside their calls.
func serverRows() []row {
	const early = `<dialog id="a" call-id="there" local-tag="l" remote-tag="r" direction="recipient"><state>%s</state><remote><identity>sip:carol@lab.test</identity></remote></dialog>`
	ok := answer("200 OK", "", description(1, "sendrecv"))
	extension := func(p *phone, state sip.ExtensionState) func() error {
		return func() error {
			return p.wait("told that sipp is "+string(state), func(s *app.Snapshot) bool {
				return len(s.Lines) == 1 && len(s.Lines[0].Extensions) == 1 && s.Lines[0].Extensions[0].State == state
			})
		}
	}
	// code is a call of a feature code, which the server hangs up on.
	code := func(b *bench, k *kamailio, number string) (*process, error) {
		return b.sipp(k, first(`<ereg regexp="INVITE sip:`+number+`@" search_in="msg" check_it="true" assign_to="code"/>`), ok, recv("ACK"), request("BYE", 10, "", ""), recv("200"), `<Reference variables="code"/>`+"\n")
	}
	return []row{
		accountStory("an extension that is watched is free, rings and is busy (RFC 4235)", `"watch": ["sipp"]`, func(b *bench, k *kamailio, start func(...string) (*phone, error)) error {
			s, err := b.sipp(k, strings.Replace(first(""), `request="INVITE"`, `request="SUBSCRIBE"`, 1),
				"<send>"+message("SIP/2.0 200 OK", "[last_Via:]\n[last_From:]\n[last_To:]"+sippTag+"\n[last_Call-ID:]\n[last_CSeq:]\n[last_Record-Route:]\nExpires: 600\n"+sippContact, "")+"</send>\n",
				tells(10, ""), tells(11, fmt.Sprintf(early, "early")), tells(12, fmt.Sprintf(early, "confirmed")), tells(13, fmt.Sprintf(early, "terminated")))
			if err != nil {
				return err
			}
			p, err := start()
			if err != nil {
				return err
			}
			return steps(extension(p, sip.ExtensionFree), extension(p, sip.ExtensionRinging), extension(p, sip.ExtensionBusy), extension(p, sip.ExtensionFree),
				func() error { return sippDone(s) })
		}),
		accountStory("feature codes of a break, beside no call", `"feature_codes": {"pause": "sipppause", "unpause": "sippgo"}`, func(b *bench, k *kamailio, start func(...string) (*phone, error)) error {
			p, err := start()
			if err != nil {
				return err
			}
			for _, change := range [][2]string{{"break", "sipppause"}, {"available", "sippgo"}} {
				s, err := code(b, k, change[1])
				if err != nil {
					return err
				}
				if err := p.do("availability", change[0]); err != nil {
					return err
				}
				if err := sippDone(s); err != nil {
					return fmt.Errorf("%s: %w", change[0], err)
				}
			}
			return p.wait("without a call", func(s *app.Snapshot) bool { return s.Call == nil && s.LastCall == nil })
		}),
		accountStory("SRTP is refused (488): once more with plain RTP", `"retry_plain_rtp": true`, func(b *bench, k *kamailio, start func(...string) (*phone, error)) error {
			p, err := start("--sip-media", "srtp")
			if err != nil {
				return err
			}
			s, err := b.sippFor(k, 2, first(`<ereg regexp="RTP/SAVP" search_in="msg" assign_to="encrypted"/>`), `<nop hide="true" test="encrypted" next="refused"/>`+"\n",
				ok, recv("ACK"), recv("BYE"), inside("200 OK", ""), `<nop hide="true" next="over"/>`+"\n",
				`<label id="refused"/>`+"\n", answer("488 Not Acceptable Here", "", ""), recv("ACK"), `<label id="over"/>`+"\n")
			if err != nil {
				return err
			}
			return steps(
				func() error { return p.do("dial", "sipp") },
				func() error { return established(p) },
				func() error { return echoed(p) },
				func() error {
					return p.has("in clear text", func(c *app.Call) bool { return c.State == voice.StateEstablished })
				},
				func() error { return hangsUp(p) },
				func() error { return sippDone(s) },
			)
		}),
	}
}
