package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"offhook/app/settings"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice/fault"
	"offhook/voice/line/sipaccount"
)

// The feature codes of a SIP account tell its server how the agent stands. They are
// dialled when that changes and, since the server may have begun anew, after each
// registration. What a server holds is kept over a restart of the phone: a break that
// ended meanwhile is taken back.

// feature is what a server is told of by a code when it begins, and by another when it
// ends.
type feature int

// In the queue; paused, on do not disturb, and forwarded, which get no calls.
const (
	inQueue feature = iota
	paused
	undisturbed
	forwarded
	features
)

// featureNames are what settings.CodesTold has of them.
var featureNames = [features]string{"queue", "pause", "dnd", "forward"}

// standing is which of the features hold.
type standing [features]bool

// names are those of the features that hold.
func (s standing) names() (names []string) {
	for f, on := range s {
		if on {
			names = append(names, featureNames[f])
		}
	}
	return names
}

// standingNamed is the reverse of names.
func standingNamed(names []string) (s standing) {
	for f, name := range featureNames {
		s[f] = slices.Contains(names, name)
	}
	return s
}

// codeOf is what is dialled when a feature begins or ends, "" for nothing.
func codeOf(c settings.FeatureCodes, f feature, on bool) string {
	pair := [features][2]string{{c.QueueLogout, c.QueueLogin}, {c.Unpause, c.Pause}, {c.DNDOff, c.DNDOn}, {c.ForwardOff, c.ForwardOn}}[f]
	if on {
		return pair[1]
	}
	return pair[0]
}

// nextCode is the first code on the way from one standing to another: into the queue
// first, then what begins, what ends, and out of the queue last. What has no code is
// taken for told.
func nextCode(c settings.FeatureCodes, told *standing, want standing) (code string) {
	turn := func(on bool, which ...feature) {
		for _, f := range which {
			if code == "" && told[f] != want[f] && want[f] == on {
				told[f], code = on, codeOf(c, f, on)
			}
		}
	}
	turn(true, inQueue, paused, undisturbed, forwarded)
	turn(false, paused, undisturbed, forwarded, inQueue)
	return code
}

// codeSender dials the codes of one account, one after the other. Its methods may be
// called from any goroutine.
type codeSender struct {
	p  *Phone
	id string

	mu         sync.Mutex
	codes      settings.FeatureCodes
	told, want standing
	// idle is closed when nothing is being told, nil before anything was.
	idle    chan struct{}
	sending bool
}

// tell brings the server to a standing. anew says that it may have forgotten what it
// was told: what holds is told again.
func (s *codeSender) tell(codes settings.FeatureCodes, want standing, anew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if anew {
		for f := range s.told {
			s.told[f] = s.told[f] && !want[f]
		}
	}
	s.codes, s.want = codes, want
	if !s.sending && s.told != want {
		s.sending, s.idle = true, make(chan struct{})
		s.p.background(s.send)
	}
}

// send dials until the server knows what is wanted. A code that is refused counts as
// told: the user learns of it, and it is not repeated before something changes.
func (s *codeSender) send(ctx context.Context) {
	for {
		s.mu.Lock()
		before := s.told
		code := nextCode(s.codes, &s.told, s.want)
		told := s.told
		if code == "" || ctx.Err() != nil {
			s.sending = false
			close(s.idle)
			s.mu.Unlock()
			s.p.keepTold(s.id, told)
			return
		}
		s.mu.Unlock()
		for f := range before {
			before[f] = before[f] || told[f]
		}
		s.p.keepTold(s.id, before) // it may hold either until the code is through
		err := s.p.engine.SendFeatureCode(ctx, s.id, code)
		s.p.log.Info("feature code", "line", s.id, "code", code, "err", err)
		if err != nil && ctx.Err() == nil {
			s.p.loop.post(func() { s.p.say("warning", lang.Of("notice.code-failed", s.id, fault.From(err).Text())) })
		}
	}
}

// keepTold writes what the server of an account holds, for the next start of the phone.
func (p *Phone) keepTold(id string, told standing) {
	names := told.names()
	if slices.Equal(names, p.store.Get().CodesTold[id]) {
		return
	}
	_, err := p.store.Update(func(s *settings.Settings) {
		kept := map[string][]string{}
		for of, names := range s.CodesTold {
			if slices.ContainsFunc(s.SIPAccounts, func(a settings.SIPAccount) bool { return a.ID == of }) {
				kept[of] = names
			}
		}
		kept[id] = names
		s.CodesTold = kept
	})
	if err != nil {
		p.notWritten(err)
	}
}

// leave takes the account out of its queue and waits for that, or for ctx.
func (s *codeSender) leave(ctx context.Context) {
	s.mu.Lock()
	codes, want := s.codes, s.told
	if !want[inQueue] || codes.QueueLogout == "" {
		s.mu.Unlock()
		return
	}
	want[inQueue] = false
	s.mu.Unlock()
	s.tell(codes, want, false)
	s.mu.Lock()
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// standingOf is how the agent stands for an account with these codes. On the loop.
func (p *Phone) standingOf(c settings.FeatureCodes) standing {
	state := p.m.agent.state
	dnd := state == DoNotDisturb && c.DNDOn != ""
	return standing{inQueue: true, paused: !state.Takes() && !dnd, undisturbed: dnd, forwarded: p.m.settings.OnAnotherPhone}
}

// tellCodes tells the server of a line that is registered how the agent stands. On the
// loop.
func (p *Phone) tellCodes(l Line, anew bool) {
	if l.State != string(sipaccount.Registered) {
		return
	}
	for _, a := range p.m.settings.SIPAccounts {
		if a.ID != l.ID || a.FeatureCodes == (settings.FeatureCodes{}) {
			continue
		}
		s := p.m.codes[a.ID]
		if s == nil {
			s = &codeSender{p: p, id: a.ID, told: standingNamed(p.m.settings.CodesTold[a.ID])}
			if p.m.codes == nil {
				p.m.codes = map[string]*codeSender{}
			}
			p.m.codes[a.ID] = s
		}
		s.tell(a.FeatureCodes, p.standingOf(a.FeatureCodes), anew)
	}
}

// tellAllCodes is tellCodes for all lines. On the loop.
func (p *Phone) tellAllCodes() {
	for _, l := range p.m.lines.list {
		p.tellCodes(l, false)
	}
}

// leaveTime is how long a server has to take the code with which the agent leaves its
// queue.
const leaveTime = 1500 * time.Millisecond

// leaveQueues dials the codes with which the agent leaves the queues of an account, or
// of all with "", and waits for that.
func (p *Phone) leaveQueues(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, leaveTime)
	defer cancel()
	var senders []*codeSender
	_ = p.loop.ask(ctx, func() error {
		for of, s := range p.m.codes {
			if l := p.m.lines.find(of); (id == "" || id == of) && l != nil && l.State == string(sipaccount.Registered) {
				senders = append(senders, s)
			}
		}
		return nil
	})
	var leaving sync.WaitGroup
	for _, s := range senders {
		leaving.Go(crash.Guarded(func() { s.leave(ctx) }))
	}
	leaving.Wait()
}
