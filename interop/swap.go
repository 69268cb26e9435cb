//go:build unix

package main

import (
	"fmt"

	"offhook/app"
	"offhook/voice"
)

// swapRow is a phone that asks a colleague about a call of another maker's phone,
// goes to and fro between the two and back.
func swapRow() row {
	const peer, what = "baresip over UDP", "ask a colleague, go to and fro between the two, and back"
	return row{peer, what, []string{"kamailio", "baresip"}, func(b *bench) error {
		k, err := b.kamailio(false)
		if err != nil {
			return err
		}
		defer func() { b.collect(peer, what, k) }()
		s, err := b.baresip(k, baresipOptions{codecs: "opus/48000/2", transport: "udp"})
		if err != nil {
			return err
		}
		server := fmt.Sprintf("udp://127.0.0.1:%d", k.sip)
		desk, err := b.phone("desk", server, k, "--sip-media", "rtp")
		if err != nil {
			return err
		}
		colleague, err := b.phone("colleague", server, k, "--sip-media", "rtp")
		if err != nil {
			return err
		}
		asked := func(what string, fits func(*voice.Consultation) bool) error {
			return desk.has(what, func(c *app.Call) bool { return fits(c.Consultation) })
		}
		withColleague := func() error {
			return steps(
				func() error { return desk.has("holding", func(c *app.Call) bool { return c.Held }) },
				func() error { return desk.hears(peerTone, false) },
				func() error { return desk.hears(phoneTone, true) },
				func() error { return colleague.hears(phoneTone, true) },
			)
		}
		withCaller := func() error {
			return steps(
				func() error { return desk.has("off hold", func(c *app.Call) bool { return !c.Held }) },
				func() error {
					return colleague.has("on hold", func(c *app.Call) bool { return c.RemoteHeld })
				},
				func() error { return desk.hears(phoneTone, false) },
				func() error { return desk.hears(peerTone, true) },
				s.receives,
				func() error { return colleague.hears(phoneTone, false) },
			)
		}
		swap := func() error { return desk.do("swap") }
		return steps(
			func() error { return desk.do("dial", "bare") },
			func() error { return s.wait("CALL_INCOMING") },
			func() error { return s.do("accept", "") },
			func() error { return desk.state("ESTABLISHED") },
			func() error { return desk.hears(peerTone, true) },
			func() error { return s.hears(phoneTone) },
			func() error { return desk.do("consult", "colleague") },
			func() error { return colleague.state("INCOMING") },
			func() error { return colleague.do("answer") },
			func() error { return asked("answered", (*voice.Consultation).Answered) },
			withColleague, swap, withCaller, swap, withColleague, swap, withCaller,
			func() error { return desk.do("end-consult") },
			func() error { return colleague.ended("REMOTE_HANGUP") },
			func() error { return desk.hears(peerTone, true) },
			func() error { return desk.do("hangup") },
			func() error { return s.wait("CALL_CLOSED") },
		)
	}}
}
