package app

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"offhook/app/backend"
	"offhook/app/readiness"
	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/dialplan"
	"offhook/voice/fault"
)

func newID() string { return uuid.NewString() }

// CheckNumber says whether number could be dialled: nil, or the error that
// Dial would return. It returns nil for an empty number.
func (p *Phone) CheckNumber(number string) error {
	if strings.TrimSpace(number) == "" {
		return nil
	}
	_, err := p.typedPlan().Parse(number)
	return err
}

// dialPlan is what the loop decided for a call.
type dialPlan struct {
	// session is that of a call over the subscriber's line, whose context is posted
	// there; nil for a call over a SIP account.
	session *session
	line    string
	// target is called on the wire, id is the party that the user meant, by the contact's name.
	target, id, name string
	// afterAnswer are digits to be sent once the call is established.
	afterAnswer string
	// message is the call's context as free text.
	message string
	// emergency says that nothing may stand in the call's way.
	emergency bool
}

// again is what dials the same once more.
func (p dialPlan) again() string {
	return dialplan.Number{Target: p.id, AfterAnswer: p.afterAnswer}.String()
}

// Dial calls number, which may be a name, a number, or a tel: or sip: link.
// message is free text for the callee's screen. It returns when the call
// exists (Snapshot.Call is set), or with INVALID_DIAL_INFO and the sentence to
// show.
func (p *Phone) Dial(ctx context.Context, number, message string) error {
	return p.dial(ctx, "", number, message)
}

// dial calls over a line, "" for the one that calls go out over.
func (p *Phone) dial(ctx context.Context, line, number, message string, options ...voice.DialOption) error {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	var plan dialPlan
	if err := p.loop.ask(ctx, func() (err error) {
		if plan, err = p.planDial(line, number, message); p.emergency(line, number) {
			plan, err = p.planEmergency(line, number)
			plan.message = message
		}
		if err == nil {
			p.m.dialling = &plan
		}
		return err
	}); err != nil {
		return err
	}
	err := p.place(ctx, plan, options...)
	p.loop.post(func() { p.m.dialling = nil })
	if err != nil {
		p.log.Warn("dial", "to", plan.id, "err", err)
		p.audioFailed(err)
	}
	return err
}

// planDial checks what can be checked at once.
func (p *Phone) planDial(line, number, message string) (dialPlan, error) {
	m := &p.m
	line, sip := m.lineFor(line)
	if sip {
		return p.planSIP(line, number, message)
	}
	switch {
	case m.account.State == Expired:
		return dialPlan{}, fault.New(fault.AuthenticationExpiredToken, "sign-in.again")
	case m.session == nil:
		return dialPlan{}, fault.New(fault.Uninitialized, "sign-in.first")
	}
	l := p.planOf("")
	l.Own = m.session.account.SubscriberName
	n, err := l.Parse(number)
	if err != nil {
		return dialPlan{}, err
	}
	if err := m.free(""); err != nil {
		return dialPlan{}, err
	}
	m.openFailed = nil // the devices are opened anew
	dir := p.contacts.Load()
	plan := dialPlan{session: m.session, target: or(m.session.account.Exophone, m.account.Exophone), id: n.Shown, name: dir.Name(n.Shown), afterAnswer: n.AfterAnswer, message: message}
	if dir.Special(n.Target) {
		plan.target = n.Target // dialled directly (reference, section 5)
	}
	return plan, nil
}

// planSIP is planDial for a SIP account.
func (p *Phone) planSIP(line, target, message string) (dialPlan, error) {
	n, err := p.planOf(line).Parse(target)
	if err != nil {
		return dialPlan{}, err
	}
	if err := p.m.free(line); err != nil {
		return dialPlan{}, err
	}
	return dialPlan{line: line, target: n.Target, id: n.Shown, name: p.contacts.Load().Name(n.Shown), afterAnswer: n.AfterAnswer, message: message}, nil
}

// free says why no call can begin on a line now: there is one already, or as many as
// the line takes, or one that rings.
func (m *model) free(line string) error {
	others, mixed := 0, 0
	for _, c := range m.calls {
		if c.d.State != voice.StateEnded && !c.d.State.Answered() {
			return fault.New(fault.SystemBusy, "call.already")
		}
		switch {
		case c.role == RoleConsultation:
		case c.d.InConference:
			mixed = 1 // a conference is one
		default:
			others++
		}
	}
	switch {
	case others+mixed >= m.maxCalls(line) || m.dialling != nil:
		return fault.New(fault.SystemBusy, "call.already")
	case m.settings.OnAnotherPhone:
		return fault.New(fault.PSTNCallInProgress, "call.taken-elsewhere")
	}
	return nil
}

// place posts the call's context, on a subscriber's line, and then calls.
func (p *Phone) place(ctx context.Context, plan dialPlan, options ...voice.DialOption) error {
	if s := plan.session; s != nil {
		if err := s.context.Post(ctx, plan.id, plan.message); err != nil {
			if backend.IsAuthentication(err) {
				s.needsToken(err)
			}
			return fault.From(err)
		}
	}
	if _, err := p.store.Update(func(st *settings.Settings) {
		st.LastDialled, st.LastDialledName = plan.again(), plan.name
	}); err != nil {
		p.notWritten(err)
	}
	p.settingsChanged()
	options = append(options, voice.ShownAs(plan.id), voice.WithContextMessage(plan.message), voice.SendingAfterAnswer(plan.afterAnswer))
	if plan.line != "" {
		options = append(options, voice.OnLine(plan.line))
	}
	if plan.emergency {
		options = append(options, voice.InAnEmergency())
	}
	custom := "" // what the platform passes on as CustomField
	if voice.MessageAllowed(plan.message) {
		custom = plan.message
	}
	call, err := p.engine.Dial(ctx, plan.target, custom, options...)
	if err != nil {
		return err
	}
	d := call.Details()
	return p.loop.ask(ctx, func() error {
		// The engine's events may have told more, or even the end, already.
		if p.m.calls.find(d.CallID) == nil && (p.m.last == nil || p.m.last.ID != d.CallID) {
			if !d.State.Active() && d.State != voice.StateEnded {
				d.State = voice.StateOutgoingInitiated // the call is just beginning
			}
			p.callChanged(d)
		}
		return nil
	})
}

// SetRoute chooses EARPIECE, SPEAKER, BLUETOOTH or HEADPHONES. A route that is
// not there changes nothing and says so.
func (p *Phone) SetRoute(route voice.AudioRoute) error {
	return p.control("", func(c Controls) error { return c.SetAudioRoute(route) })
}

// SetOnAnotherPhone is the switch of the reference's PSTN rule: no dialling,
// incoming calls are declined and missed, a call in progress ends as
// PSTN_HANGUP.
func (p *Phone) SetOnAnotherPhone(on bool) error {
	err := p.UpdateSettings(func(s *Settings) { s.OnAnotherPhone = on })
	p.engine.SetOnAnotherPhone(on)
	return err
}

// DismissEnded leaves the ended page: Snapshot.LastCall.Shown becomes false.
func (p *Phone) DismissEnded() {
	p.loop.post(func() {
		if p.m.last != nil && p.m.last.Shown {
			p.m.lastShownEnds()
			p.touch()
		}
	})
}

// OpenLink takes a tel: or sip: link as the command line or the system hands
// it over. By the user's choice it dials at once, or asks the window to prefill
// its field: the number then comes out of Prefills. "" raises the window.
func (p *Phone) OpenLink(ctx context.Context, link string) error {
	number := ""
	if link != "" {
		if !dialplan.IsLink(link) {
			return fault.New(fault.InvalidDialInfo, "dial.not-a-link")
		}
		if p.store.Get().Calls.LinkMode == settings.DialAtOnce {
			return p.Dial(ctx, link, "")
		}
		n, err := p.typedPlan().Parse(link)
		if number = n.String(); err != nil {
			number = strings.TrimSpace(link) // the field says what is wrong
		}
	}
	p.prefillLock.Lock()
	defer p.prefillLock.Unlock()
	if p.prefillsClosed {
		return errClosed
	}
	select {
	case p.prefills <- number:
	default: // nobody reads: there is no window
	}
	return nil
}

func (p *Phone) closePrefills() {
	p.prefillLock.Lock()
	defer p.prefillLock.Unlock()
	p.prefillsClosed = true
	close(p.prefills)
}

// Prefills gives the numbers that links put into the number field, and "" when
// another start of the program asks for the window to be raised. It is closed
// with the phone.
func (p *Phone) Prefills() <-chan string { return p.prefills }

// tick keeps what depends on time up to date.
func (p *Phone) tick(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			p.loop.post(func() { p.everySecond(n) })
		}
	}
}

// heartbeat is how often a call in progress is written to the log, in seconds:
// the length of a call during which the phone is killed is right to that.
const heartbeat = 10

func (p *Phone) everySecond(n int) {
	m := &p.m
	p.agentTick()
	if m.session != nil && m.inbox.OK() {
		m.inbox = m.session.inboxStatus(m.inbox)
		was := m.ready.OK(readiness.Push)
		dirty := m.dirty
		p.judgePush()
		if was == m.ready.OK(readiness.Push) {
			m.dirty = dirty // nothing that anybody sees
		}
	}
	p.eachSecond(n)
}

// The words of Call.Quality.
const (
	QualityGood      = "good"
	QualityFair      = "fair"
	QualityPoor      = "poor"
	QualityMeasuring = "measuring"
	QualityNoSound   = "no_sound"
	QualityOnHold    = "on_hold"
)

// measuring is how long is measured before the quality is told.
const measuring = 5 * time.Second

func (p *Phone) judgeQuality(c *liveCall) {
	d := c.d
	switch {
	case !d.State.Answered():
		c.quality = ""
		return
	case d.State != voice.StateEstablished:
		c.quality = QualityNoSound
		return
	case d.Held || d.RemoteHeld:
		c.quality = QualityOnHold
		return
	case p.cfg.Now().Sub(d.Established) < measuring:
		c.quality = QualityMeasuring
		return
	}
	st, ok := p.Statistics(d.CallID)
	if !ok || st.MOS == 0 {
		c.quality = QualityMeasuring
		return
	}
	c.mos = st.MOS
	switch {
	case st.MOS >= voice.GoodMOS:
		c.quality = QualityGood
	case st.MOS >= voice.FairMOS:
		c.quality = QualityFair
	default:
		c.quality = QualityPoor
	}
}
