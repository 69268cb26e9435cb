//go:build unix

package main

import (
	"fmt"

	"offhook/app"
)

// colleagueTone is what the third party of a conference says.
const colleagueTone = 700

// conferenceRow is a phone that makes one conference of a call with another maker's
// phone and one with a colleague, and drops the colleague again.
func conferenceRow() row {
	const peer, what = "baresip over UDP", "make a conference of three, which the phone mixes, mute a party, and drop it"
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
		colleague, err := b.phone("colleague", server, k, "--sip-media", "rtp", "--audio-in", fmt.Sprintf("sine:%d", colleagueTone))
		if err != nil {
			return err
		}
		parties := func(n int) func() error {
			return func() error {
				return desk.has(fmt.Sprintf("in a conference with %d", n), func(c *app.Call) bool { return len(c.Parties) == n })
			}
		}
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
			func() error { return colleague.state("ESTABLISHED") },
			func() error { return desk.do("merge") },
			parties(2),
			func() error { return desk.hears(peerTone, true) },
			func() error { return desk.hears(colleagueTone, true) },
			func() error { return colleague.hears(phoneTone, true) },
			func() error { return colleague.hears(peerTone, true) },
			s.receives,
			func() error { return desk.do("mute-party", "colleague") },
			func() error { return desk.hears(colleagueTone, false) },
			func() error { return colleague.hears(peerTone, true) },
			func() error { return desk.do("unmute-party", "colleague") },
			func() error { return desk.hears(colleagueTone, true) },
			func() error { return desk.do("drop", "colleague") },
			func() error { return colleague.ended("REMOTE_HANGUP") },
			func() error { return desk.hears(colleagueTone, false) },
			func() error { return desk.hears(peerTone, true) },
			func() error { return desk.do("hangup") },
			func() error { return s.wait("CALL_CLOSED") },
		)
	}}
}
