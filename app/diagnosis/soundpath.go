package diagnosis

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"offhook/assets/lang"
	"offhook/voice"
	"offhook/voice/fault"
)

// way is one way that sound can take.
type way struct {
	voice.MediaWay
	// unproven says that a TURN server answers, but was not asked to relay: that
	// takes credentials.
	unproven bool
}

// soundPath is one measurement of the path of the sound, which several checks
// tell of. Its checks come one after the other.
type soundPath struct {
	p      *Phone
	public *publicConfig
	// pace is that of the measurement without a sign-in.
	pace  pace
	tried bool
	probe voice.MediaProbe
	ways  []way
	// by is the way that the measured sound took.
	by  lang.Text
	err error
	// why says why the path can't be tried, empty if it can, and remedy what would
	// help.
	why, remedy lang.Text
}

var signInFirst = lang.Of("check.sign-in-first")

// try measures once.
func (s *soundPath) try(ctx context.Context) {
	if s.tried {
		return
	}
	s.tried = true
	state := s.p.State()
	switch {
	case state.InCall:
		s.why = lang.Of("check.in-use")
	case !state.Subscriber:
		s.trySignedOut(ctx)
	default:
		s.probe, s.err = s.p.Probe(ctx)
		s.by = Path(s.probe.Path, s.probe.Path)
		for _, w := range s.probe.Ways {
			s.ways = append(s.ways, way{MediaWay: w})
		}
		if fault.TypeOf(s.err) == fault.SystemBusy {
			s.why = lang.Of("check.call-came")
		}
	}
}

// way tells of the ways of one kind or two.
func (s *soundPath) way(ctx context.Context, kinds ...string) (c Check, found bool) {
	s.try(ctx)
	if !s.why.Empty() {
		return Check{Status: Skipped, Text: s.why, Remedy: s.remedy}, true
	}
	var best, closed way
	for _, w := range s.ways {
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
	case best.Open && best.unproven:
		c = passed(millisOf(best.RTTMs), lang.Of("check.answers-unproven", best.Server))
		c.Remedy = signInFirst
		return c, true
	case best.Open:
		return passed(millisOf(best.RTTMs), lang.Of("check.answers", best.Server)), true
	case closed.Err != nil:
		return Check{Status: Fail, Text: lang.Of("check.closed", closed.Server, closed.Err.Text())}, true
	case closed.Server != "":
		return Check{Status: Fail, Text: lang.Of("check.silent", closed.Server)}, true
	case s.err != nil:
		f := fault.From(s.err)
		return Check{Status: Skipped, Text: lang.Of("check.untried", f.Text())}, false
	default:
		return Check{}, false
	}
}

// open reports whether any way of a kind is.
func (s *soundPath) open(kind string) bool {
	for _, w := range s.ways {
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
		return orSkipped(c, lang.Of("check.no-udp-way"))
	case c.Status == Fail && (s.open("tcp") || s.open("turn")):
		c.Status, c.Remedy = Warn, lang.Of("check.udp-detour")
	case c.Status == Fail:
		c.Remedy = lang.Of("check.udp-closed")
	}
	return c
}

func (s *soundPath) tcp(ctx context.Context) Check {
	c, found := s.way(ctx, "tcp")
	switch {
	case !found:
		return orSkipped(c, lang.Of("check.no-tcp-way"))
	case c.Status == Fail:
		c.Status, c.Remedy = Warn, lang.Of("check.tcp-closed")
	}
	return c
}

func (s *soundPath) turn(ctx context.Context) Check {
	c, found := s.way(ctx, "turn")
	switch {
	case !found:
		return orSkipped(c, lang.Of("check.no-turn-way"))
	case c.Status == Fail:
		c.Status, c.Remedy = Warn, lang.Of("check.turn-closed")
	}
	return c
}

func orSkipped(c Check, text lang.Text) Check {
	if !c.Text.Empty() {
		return c
	}
	return skipped(text)
}

// media tells how a call would sound now, else how the last one sounded.
func (s *soundPath) media(ctx context.Context) Check {
	s.try(ctx)
	switch {
	case s.why.Empty() && s.err != nil && fault.TypeOf(s.err) != fault.ServerError:
		return failed(s.err)
	case s.why.Empty() && s.err == nil:
		m := s.probe
		return judgeMOS(m.MOS, lang.Of("check.measured", rounded(m.RTTMs, 0), rounded(m.JitterMs, 0), rounded(m.LossPercent, 1), s.by.Or("check.unknown-path")))
	}
	// Nothing was measured: the last call tells something.
	st, ok := s.p.LastCall()
	switch {
	case !ok || st.MOS == 0:
		why := lang.Of("check.no-call-yet")
		if !s.why.Empty() {
			why = lang.Of("check.no-call-yet-because", s.why)
		}
		return Check{Status: Skipped, Text: why, Remedy: s.remedy.Or("check.make-a-call")}
	default:
		return judgeMOS(float64(st.MOS), lang.Of("check.last-call", rounded(st.RTTMs, 0), rounded(st.AverageJitterMs, 0), rounded(st.FractionLost, 1),
			Path(st.LocalCandidate, st.RemoteCandidate).Or("check.unknown-path")))
	}
}

// Path says in words which way sound takes between two candidates as the statistics of
// a call name them (RFC 8445, section 5.1.1.1: type, transport, address); empty for none.
func Path(local, remote string) lang.Text {
	kind, rest, _ := strings.Cut(local, " ")
	transport, _, _ := strings.Cut(rest, " ")
	switch transport = strings.ToUpper(transport); {
	case local == "" || remote == "":
		return lang.Text{}
	case kind == "relay" || strings.HasPrefix(remote, "relay "):
		return lang.Of("path.relay", transport)
	}
	return lang.Of("path.direct", transport)
}

func judgeMOS(mos float64, text lang.Text) Check {
	figure := fmt.Sprintf("MOS %.1f", mos)
	switch {
	case mos < voice.FairMOS:
		return Check{Status: Fail, Figure: figure, Text: text, Remedy: lang.Of("check.use-a-cable")}
	case mos < voice.GoodMOS:
		return Check{Status: Warn, Figure: figure, Text: text, Remedy: lang.Of("check.close-others")}
	default:
		return passed(figure, text)
	}
}

func rounded(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
