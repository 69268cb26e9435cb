package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"offhook/assets/lang"
	"offhook/voice/fault"
)

// checkLimit bounds one check, probeLimit those of the path of the sound, for
// which a sound travels for 5 s.
const (
	checkLimit = 8 * time.Second
	probeLimit = 20 * time.Second
)

// diagnosis is one check: how it is called and how it is made. run fills in
// everything but name and title.
type diagnosis struct {
	name, title string
	run         func(ctx context.Context) Check
}

// Diagnose runs all checks and gives them out as they go; each name comes
// first as running and then with its outcome. Those of one group wait for each
// other, the groups go side by side, and the path of the sound comes last, when
// nothing else disturbs it. The channel is closed at the end. It works signed
// out.
func (p *Phone) Diagnose(ctx context.Context) <-chan Check {
	out := make(chan Check)
	ctx, cancel := p.withLife(ctx)
	go func() {
		defer cancel()
		defer close(out)
		groups, last := p.diagnoses()
		for _, g := range append(groups, last) {
			for _, d := range g {
				if !give(ctx, out, Check{Name: d.name, Title: d.title, Status: CheckRunning}) {
					return
				}
			}
		}
		var wg sync.WaitGroup
		for _, g := range groups {
			wg.Go(func() { p.examine(ctx, out, g, checkLimit) })
		}
		wg.Wait()
		p.examine(ctx, out, last, probeLimit)
	}()
	return out
}

func give(ctx context.Context, out chan<- Check, c Check) bool {
	select {
	case out <- c:
		return true
	case <-ctx.Done():
		return false
	}
}

// examine makes the checks of a group one after the other.
func (p *Phone) examine(ctx context.Context, out chan<- Check, group []diagnosis, limit time.Duration) {
	for _, d := range group {
		began := time.Now()
		limited, stop := context.WithTimeout(ctx, limit)
		c := d.run(limited)
		stop()
		c.Name, c.Title, c.TookMs = d.name, d.title, time.Since(began).Milliseconds()
		if ctx.Err() != nil {
			return
		}
		p.log.Info("diagnosis", "check", c.Name, "status", c.Status, "figure", c.Figure, "text", c.Text)
		if !give(ctx, out, c) {
			return
		}
	}
}

// diagnoses are all checks in the order in which they are shown.
func (p *Phone) diagnoses() (groups [][]diagnosis, last []diagnosis) {
	public := &publicConfig{p: p}
	path := &soundPath{p: p, public: public, pace: callPace}
	return [][]diagnosis{
			{
				{"microphone", "Microphone", p.diagnoseMicrophone},
				{"speaker", "Speaker", func(ctx context.Context) Check { return p.diagnoseSpeaker(ctx, false) }},
				{"ring", "Ring device", func(ctx context.Context) Check { return p.diagnoseSpeaker(ctx, true) }},
			},
			{{"network", "Network", p.diagnoseNetwork}},
			{{"proxy", "Proxy", p.diagnoseProxy}},
			{{"dns", "Name lookup", p.diagnoseDNS}},
			{{"https", "Server", p.diagnoseHTTPS}, {"clock", "Clock", p.diagnoseClock}},
			{{"sip_socket", "Signalling", func(ctx context.Context) Check { return p.diagnoseSignalling(ctx, public) }}},
			{{"push_socket", "Incoming calls", p.diagnosePush}},
			{{"keyring", "Keyring", p.diagnoseKeyring}},
			{{"version", "Version", func(context.Context) Check { return passed(p.cfg.Version, lang.Of("check.version", p.cfg.Version)) }}},
		}, []diagnosis{
			{"udp", "Sound over UDP", path.udp},
			{"tcp", "Sound over TCP", path.tcp},
			{"turn", "Sound by a relay server", path.turn},
			{"media", "Sound path", path.media},
		}
}

func passed(figure string, text lang.Text) Check {
	return Check{Status: CheckPass, Figure: figure, Text: text}
}

func warned(figure string, text lang.Text) Check {
	return Check{Status: CheckWarn, Figure: figure, Text: text, Remedy: text.Next()}
}

func skipped(text lang.Text) Check { return Check{Status: CheckSkipped, Text: text} }

func failed(err error) Check {
	f := fault.From(err)
	if errors.Is(err, context.DeadlineExceeded) {
		f = fault.New(fault.NetworkError, "check.too-long")
	}
	return Check{Status: CheckFail, Text: f.Text(), Remedy: orText(f.Text().Next(), "check.try-again")}
}

// orText returns t, or the text of a code if t says nothing.
func orText(t lang.Text, code string) lang.Text {
	if t.Empty() {
		return lang.Of(code)
	}
	return t
}

func millis(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func millisOf(ms float64) string { return millis(time.Duration(ms * float64(time.Millisecond))) }
