package exophone_test

import (
	"net/url"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/voice/wire"
)

// away is a platform on which bob is on a break, whose calls go to bob and then to
// numbers.
func away(t testing.TB, numbers ...string) *platform {
	return standing(t, wire.AgentBreak, numbers...)
}

// standing is one on which bob is in a state.
func standing(t testing.TB, bob wire.AgentState, numbers ...string) *platform {
	p := newPlatform(t, func(c *exophone.Config) {
		c.AgentState = func(name string) wire.AgentState {
			if name == "bob" {
				return bob
			}
			return wire.AgentAvailable
		}
	})
	p.whom = func(url.Values) (exophone.Destination, error) {
		return exophone.Destination{Numbers: append([]string{"bob"}, numbers...)}, nil
	}
	return p
}

// A call for somebody who is on a break is not pushed: the next number is tried, and
// where there is none the caller hears the plan's word.
func TestWhoIsAwayIsPassedBy(t *testing.T) {
	t.Parallel()
	p := away(t, "carol")
	out := p.connect("alice").dial("")
	p.pushed("carol")
	if n := len(p.payloads["bob"]); n != 0 {
		t.Errorf("bob was pushed %d calls on his break", n)
	}
	out.giveUp()
	out.expect(200)
	out.expect(487)
	if r := p.over(); r.Callee != "carol" {
		t.Errorf("the call was for %q", r.Callee)
	}
	alone := away(t)
	res := alone.connect("alice").dial("").expect(486)
	if word := value(res, wire.HeaderEndReason); word != wire.ReasonAway {
		t.Errorf("X-End-Reason %q", word)
	}
	if r := alone.over(); r.EndReason != wire.ReasonAway || len(alone.payloads["bob"]) != 0 {
		t.Errorf("%+v, %d pushes", r, len(alone.payloads["bob"]))
	}
}

// A call for somebody who has signed out goes to the next number; where there is none
// it waits in the inbox, to be a missed call when the phone is back.
func TestWhoIsSignedOutMissesTheCall(t *testing.T) {
	t.Parallel()
	p := standing(t, wire.AgentOffline, "carol")
	out := p.connect("alice").dial("")
	p.pushed("carol")
	if n := len(p.payloads["bob"]); n != 0 {
		t.Errorf("bob was pushed %d calls though carol could be tried", n)
	}
	out.giveUp()
	out.expect(200)
	out.expect(487)
	p.over()
	alone := standing(t, wire.AgentOffline)
	out = alone.connect("alice").dial("")
	alone.pushed("bob")
	out.giveUp()
	out.expect(200)
	out.expect(487)
	alone.over()
}

// BenchmarkWhoIsAway measures from the INVITE, its challenge included, to the push for
// the next number and, without one, to the refusal.
func BenchmarkWhoIsAway(b *testing.B) {
	next, alone := away(b, "carol"), away(b)
	callers := map[*platform]*phone{next: next.connect("alice"), alone: alone.connect("alice")}
	took := map[*platform]time.Duration{}
	for range b.N {
		for p, alice := range callers {
			out := alice.prepare(exophon)
			out.offer = benchOffer
			at := time.Now()
			out.invite("X-Custom-Field", "bob")
			if p == alone {
				out.expect(486)
				took[p] = max(took[p], time.Since(at))
				continue
			}
			p.pushed("carol")
			took[p] = max(took[p], time.Since(at))
			out.giveUp()
			out.expect(200)
			out.expect(487)
		}
	}
	b.ReportMetric(float64(took[next].Microseconds())/1000, "next-max-ms")
	b.ReportMetric(float64(took[alone].Microseconds())/1000, "refused-max-ms")
}
