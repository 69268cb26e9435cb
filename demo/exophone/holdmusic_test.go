package exophone_test

import (
	"testing"

	"github.com/emiago/sipgo/sip"

	"offhook/demo/exophone"
	"offhook/demo/relay/relaytest"
)

// Who is on hold hears the platform's tones, and neither side hears the other; after
// the hold both hear each other again.
func TestHoldMusic(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(c *exophone.Config) { c.HoldMusic = true })
	out, in := established(p)
	in.replies(func(req *sip.Request, res *sip.Response) {
		if req.Method == sip.UPDATE {
			res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
			offer := string(req.Body())
			res.SetBody([]byte(withDirection(in.media.Answer(withDirection(offer, "sendrecv")), mirror(directionOf(offer)))))
		}
	})
	offer := func(direction string) {
		t.Helper()
		out.send("UPDATE", withDirection(out.media.Offer(false), direction), "Content-Type", "application/sdp")
		if res := out.response(); res.StatusCode != 200 {
			t.Fatalf("%s: %d", direction, res.StatusCode)
		} else {
			out.media.SetAnswer(withDirection(string(res.Body()), "sendrecv"))
		}
		told := in.request(sip.UPDATE)
		if got := directionOf(string(told.Body())); direction != "sendrecv" && got != "sendonly" {
			t.Errorf("%s: the far side is told %s", direction, got)
		}
	}
	for _, direction := range []string{"sendonly", "inactive"} {
		offer(direction)
		before := len(in.media.Packets())
		in.media.WaitPackets(before + 75)
		if s := relaytest.Sound(in.media.Heard()[max(0, len(in.media.Heard())-48000):]); s.Tone(392)+s.Tone(493.9)+s.Tone(587.3) < 0.02 {
			t.Errorf("%s: no music", direction)
		}
		offer("sendrecv")
		hearsTone(t, out, in, 800)
		hearsTone(t, in, out, 1000)
	}
}
