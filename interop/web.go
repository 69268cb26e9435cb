package main

import (
	"fmt"
	"time"

	"offhook/app"
)

// pair is the phone and a web phone at one server.
type pair struct {
	k *kamailio
	p *phone
	w *webPhone
}

// webPair starts a server, the phone and a web phone.
func (b *bench) webPair(secure, through bool) (pair, error) {
	var s pair
	var err error
	if s.k, err = b.kamailio(through); err != nil {
		return s, err
	}
	address, web := fmt.Sprintf("ws://127.0.0.1:%d", s.k.ws), ""
	if secure {
		address = fmt.Sprintf("wss://127.0.0.1:%d", s.k.wss)
	}
	web = address
	if s.w, err = b.webPhone(webAccount{user: "web", domain: "lab.test", password: "secret", ws: web}); err != nil {
		return s, err
	}
	s.p, err = b.phone("desk", address, s.k)
	return s, err
}

// steps runs what must be true one after the other.
func steps(all ...func() error) error {
	for _, step := range all {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// talking checks the sound in both directions.
func (s pair) talking() error {
	return steps(
		func() error { return s.w.hears(phoneTone, true) },
		func() error { return s.p.hears(peerTone, true) },
	)
}

func (s pair) dialled() error {
	return steps(
		func() error { return s.p.do("dial", "web") },
		func() error { return s.w.state("incoming") },
		func() error { return s.p.state("RINGING") },
		func() error { return s.w.call(nil, "answer") },
		func() error { return s.p.state("ESTABLISHED") },
		s.talking,
	)
}

func (s pair) called() error {
	return steps(
		func() error { return s.w.call(nil, "dial", "sip:desk@lab.test") },
		func() error { return s.p.state("INCOMING") },
		func() error { return s.w.state("ringing") },
		func() error { return s.p.do("answer") },
		func() error { return s.p.state("ESTABLISHED") },
		func() error { return s.w.state("established") },
		s.talking,
	)
}

func (s pair) hungUpHere() error {
	return steps(
		func() error { return s.p.do("hangup") },
		func() error { return s.w.state("ended") },
		func() error { return s.p.ended("LOCAL_HANGUP") },
	)
}

func (s pair) hungUpThere() error {
	return steps(
		func() error { return s.w.call(nil, "hangup") },
		func() error { return s.p.ended("REMOTE_HANGUP") },
	)
}

func (s pair) held() error {
	return steps(
		func() error { return s.p.do("hold") },
		func() error { return s.w.seen("is held", func(v webSeen) bool { return v.Held }) },
		func() error { return s.w.hears(phoneTone, false) },
		func() error { return s.p.do("resume") },
		func() error { return s.w.seen("is held no more", func(v webSeen) bool { return !v.Held }) },
		s.talking,
		func() error { return s.w.call(nil, "hold") },
		func() error { return s.p.has("on hold", func(c *app.Call) bool { return c.RemoteHeld }) },
		func() error { return s.p.hears(peerTone, false) },
		func() error { return s.w.call(nil, "unhold") },
		func() error { return s.p.has("no longer on hold", func(c *app.Call) bool { return !c.RemoteHeld }) },
		s.talking,
	)
}

// digits sends some each way. A page cannot see telephone-events: of those that
// the phone sends it is only known that the sound comes back after them.
func (s pair) digits() error {
	return steps(
		func() error { return s.w.call(nil, "digits", "42#", "RFC2833") },
		func() error {
			return s.p.has("told the digits", func(c *app.Call) bool { return c.DTMFReceived == "42#" })
		},
		func() error { return s.w.call(nil, "digits", "7", "INFO") },
		func() error {
			return s.p.has("told a digit by INFO", func(c *app.Call) bool { return c.DTMFReceived == "42#7" })
		},
		func() error { return s.p.do("dtmf", "15#") },
		func() error {
			return s.p.has("done with its digits", func(c *app.Call) bool { return c.DTMFSent == "15#" })
		},
		s.talking,
	)
}

func (s pair) restarted() error {
	var before, after string
	return steps(
		func() error { return s.w.call(&before, "ufrag") },
		func() error { return s.w.call(nil, "restart") },
		func() error { return s.w.call(&after, "ufrag") },
		func() error {
			if before == after || after == "" {
				return fmt.Errorf("the ICE credentials stayed %q", after)
			}
			return nil
		},
		s.talking,
	)
}

// silence is longer than any timer of the phone that looks for sound: a quiet
// caller is no lost one.
func (s pair) silence() error {
	return steps(
		func() error { return s.w.call(nil, "quiet", true) },
		func() error { return s.p.hears(peerTone, false) },
		func() error { time.Sleep(35 * time.Second); return nil },
		func() error { return s.p.state("ESTABLISHED") },
		func() error { return s.w.call(nil, "quiet", false) },
		s.talking,
	)
}

// webRows are the rows of JsSIP in Chromium, over a kind of server.
func webRows(peer string, secure, through bool, needs ...string) []row {
	story := func(what string, parts ...func(pair) error) row {
		return row{peer, what, append([]string{"kamailio", "chromium"}, needs...), func(b *bench) error {
			s, err := b.webPair(secure, through)
			if err != nil {
				return err
			}
			defer func() { b.collect(peer, what, s.k) }()
			for _, part := range parts {
				if err := part(s); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	return []row{
		story("call, sound both ways, hang up", pair.dialled, pair.hungUpHere),
		story("be called, sound both ways, be hung up", pair.called, pair.hungUpThere),
		story("hold and resume, by each side", pair.dialled, pair.held, pair.hungUpThere),
		story("digits: RFC 4733 and INFO from the browser, RFC 4733 to it", pair.called, pair.digits, pair.hungUpHere),
		story("ICE restart by the browser", pair.dialled, pair.restarted, pair.hungUpHere),
		story("35 s of silence", pair.called, pair.silence, pair.hungUpHere),
	}
}
