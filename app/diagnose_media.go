package app

import (
	"context"
	"fmt"
	"strings"

	"offhook/voice/fault"
)

// MediaProbe is what an engine finds out of the path of the sound without a
// call.
type MediaProbe struct {
	// Codec and Path are those of the sound that went to the relay and back.
	Codec, Path string
	// RTTMs and JitterMs are milliseconds, LossPercent is of both directions.
	RTTMs, JitterMs, LossPercent float64
	// MOS forecasts how a call would sound now, 0 if nothing came back.
	MOS float64
	// Ways are all the ways that were tried.
	Ways []MediaWay
}

// MediaWay is one way that sound can take, and whether it is open.
type MediaWay struct {
	// Kind is udp or tcp, straight to the relay, stun or turn.
	Kind string
	// Server is host:port, or the server's address as the profile has it.
	Server string
	Open   bool
	// RTTMs is one round trip; with TURN, the time of an allocation.
	RTTMs float64
	// Why says why it is closed, in a sentence, "" if that is not known.
	Why string
	// Unproven says that a TURN server answers, but was not asked to relay: that
	// takes credentials.
	Unproven bool
}

// mediaProber is an engine that can try the path of the sound without a call.
type mediaProber interface {
	// ProbeMedia blocks for some six seconds, with closed ways longer. An error
	// may come together with the ways that were tried.
	ProbeMedia(ctx context.Context) (MediaProbe, error)
}

// soundPath is one measurement of the path of the sound, which several checks
// tell of. Its checks come one after the other.
type soundPath struct {
	p      *Phone
	public *publicConfig
	// pace is that of the measurement without a sign-in.
	pace  pace
	tried bool
	probe MediaProbe
	err   error
	// why says in a sentence why the path can't be tried, "" if it can, and remedy
	// what would help.
	why, remedy string
}

const signInFirst = "Sign in, then look again."

// try measures once.
func (s *soundPath) try(ctx context.Context) {
	if s.tried {
		return
	}
	s.tried = true
	snap := s.p.Snapshot()
	e, ok := s.p.engine.(mediaProber)
	switch {
	case snap.Call != nil:
		s.why = "It is in use by the call."
	case !signedIn(snap):
		s.tryApart(ctx)
	case !ok:
		s.why = "This line can't be tried without a call."
	default:
		s.probe, s.err = e.ProbeMedia(ctx)
		if fault.TypeOf(s.err) == fault.SystemBusy {
			s.why = "A call came in between."
		}
	}
}

// signedIn reports whether there is a subscriber's line: a phone with SIP accounts
// alone shows the first in its place.
func signedIn(s *Snapshot) bool {
	return s.Account.State == SignedIn && s.Account.AccountSID != ""
}

// way tells of the ways of one kind or two.
func (s *soundPath) way(ctx context.Context, kinds ...string) (c Check, found bool) {
	s.try(ctx)
	if s.why != "" {
		return Check{Status: CheckSkipped, Text: s.why, Remedy: s.remedy}, true
	}
	best, closed := MediaWay{}, MediaWay{}
	for _, w := range s.probe.Ways {
		for _, kind := range kinds {
			switch {
			case w.Kind != kind:
			case w.Open && (!best.Open || w.RTTMs < best.RTTMs):
				best = w
			case !w.Open:
				closed = w
			}
		}
	}
	switch {
	case best.Open && best.Unproven:
		c = passed(millisOf(best.RTTMs), fmt.Sprintf("%s answers. Whether it carries your calls is seen only when you are signed in.", best.Server))
		c.Remedy = signInFirst
		return c, true
	case best.Open:
		return passed(millisOf(best.RTTMs), fmt.Sprintf("%s answers.", best.Server)), true
	case closed.Why != "":
		return Check{Status: CheckFail, Text: fmt.Sprintf("%s: %s", closed.Server, closed.Why)}, true
	case closed.Server != "":
		return Check{Status: CheckFail, Text: fmt.Sprintf("%s does not answer.", closed.Server)}, true
	case s.err != nil:
		f := fault.From(s.err)
		return Check{Status: CheckSkipped, Text: "It could not be tried: " + f.Message()}, false
	default:
		return Check{}, false
	}
}

// open reports whether any way of a kind is.
func (s *soundPath) open(kind string) bool {
	for _, w := range s.probe.Ways {
		if w.Kind == kind && w.Open {
			return true
		}
	}
	return false
}

func (s *soundPath) udp(ctx context.Context) Check {
	c, found := s.way(ctx, "udp", "stun")
	switch {
	case !found:
		return orSkipped(c, "The platform names no way over UDP.")
	case c.Status == CheckFail && (s.open("tcp") || s.open("turn")):
		c.Status, c.Remedy = CheckWarn, "Calls take another way and may sound worse. Ask your administrator to let UDP pass."
	case c.Status == CheckFail:
		c.Remedy = "Ask your administrator to let UDP pass, or TCP to the same server."
	}
	return c
}

func (s *soundPath) tcp(ctx context.Context) Check {
	c, found := s.way(ctx, "tcp")
	switch {
	case !found:
		return orSkipped(c, "The platform names no way over TCP.")
	case c.Status == CheckFail:
		c.Status, c.Remedy = CheckWarn, "It is needed only where UDP is blocked. Ask your administrator to let it pass."
	}
	return c
}

func (s *soundPath) turn(ctx context.Context) Check {
	c, found := s.way(ctx, "turn")
	switch {
	case !found:
		return orSkipped(c, "The platform names no relay server, and needs none where one of the other ways is open.")
	case c.Status == CheckFail:
		c.Status, c.Remedy = CheckWarn, "It is needed only where the other ways are blocked. Ask your administrator to let it pass."
	}
	return c
}

func orSkipped(c Check, text string) Check {
	if c.Text != "" {
		return c
	}
	return skipped(text)
}

// media tells how a call would sound now, else how the last one sounded.
func (s *soundPath) media(ctx context.Context) Check {
	s.try(ctx)
	switch {
	case s.why == "" && s.err != nil && fault.TypeOf(s.err) != fault.ServerError:
		return failed(s.err)
	case s.why == "" && s.err == nil:
		m := s.probe
		return judgeMOS(m.MOS, fmt.Sprintf("Measured now: round trip %.0f ms, jitter %.0f ms, lost %.1f %%, by %s.", m.RTTMs, m.JitterMs, m.LossPercent,
			or(strings.TrimSpace(m.Path), "an unknown path")))
	}
	// Nothing was measured: the last call tells something.
	st, ok := s.p.engine.Statistics()
	switch {
	case !ok || st.MOS == 0:
		why := "There was no call yet to tell how the sound travels."
		if s.why != "" {
			why += " " + s.why
		}
		return Check{Status: CheckSkipped, Text: why, Remedy: or(s.remedy, "Make a call, then look again.")}
	default:
		return judgeMOS(st.MOS, fmt.Sprintf("As the last call had it: round trip %.0f ms, jitter %.0f ms, lost %.1f %%, by %s.", st.RTTMs, st.AverageJitterMs,
			st.FractionLost, or(st.LocalCandidate, "an unknown path")))
	}
}

func judgeMOS(mos float64, text string) Check {
	figure := fmt.Sprintf("MOS %.1f", mos)
	switch {
	case mos < fairMOS:
		return Check{Status: CheckFail, Figure: figure, Text: text, Remedy: "Use a cable in place of wireless, and close what uses the network."}
	case mos < goodMOS:
		return warned(figure, text, "Close what else uses the network.")
	default:
		return passed(figure, text)
	}
}
