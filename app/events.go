package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"offhook/app/calllog"
	"offhook/app/readiness"
	"offhook/app/retry"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/display"
)

// followEngine takes the engine's events to the loop, in order, until the engine
// is closed.
func (p *Phone) followEngine(events <-chan voice.Event) {
	for ev := range events {
		if !p.loop.post(func() { p.engineEvent(ev) }) {
			return
		}
	}
}

// engineEvent is the phone's answer to what happened in the engine.
func (p *Phone) engineEvent(ev voice.Event) {
	switch ev := ev.(type) {
	case voice.StatusChanged:
		p.engineStatus(ev.Status)
	case voice.IncomingCall:
		p.incoming(ev.Call)
	case voice.CallInitiated:
		p.callChanged(ev.Call)
	case voice.CallRinging:
		p.callChanged(ev.Call)
	case voice.CallEstablished:
		p.callChanged(ev.Call)
	case voice.CallChanged:
		p.callChanged(ev.Call)
	case voice.MediaDisrupted:
		p.callChanged(ev.Call)
	case voice.RenewingMedia:
		p.callChanged(ev.Call)
	case voice.DTMFReceived:
		p.callChanged(ev.Call)
	case voice.CallEnded:
		p.callEnded(ev.Call)
	case voice.MissedCall:
		p.missed(ev)
	case voice.LineChanged:
		p.lineChanged(ev.Line)
	case voice.SoundFailed:
		p.soundFailed(ev)
	case voice.SoundNotice:
		p.soundNotice(ev.Notice)
	case voice.AuthenticationFailed:
		p.m.ready.Set(readiness.Token, readiness.Bad(sentence(ev.Err), readiness.SignIn))
		if s := p.m.session; s != nil {
			s.needsToken(ev.Err)
		}
		p.touch()
	}
}

func (p *Phone) engineStatus(st voice.Status) {
	m := &p.m
	if m.session == nil && m.account.State != SigningIn {
		return
	}
	set := func(name string, h voice.Health, waiting lang.Text, action string) {
		switch {
		case h.OK:
			m.ready.Set(name, readiness.Good())
		case h.Err != nil:
			m.ready.Set(name, readiness.Bad(sentence(h.Err), actionFor(h.Err, action)))
		default:
			m.ready.Set(name, readiness.Bad(waiting, ""))
		}
	}
	if !st.Token.OK && st.Token.Err == nil {
		// Nothing is known yet: what a failed sign-in said stays.
	} else {
		set(readiness.Token, st.Token, lang.Text{}, readiness.SignIn)
	}
	set(readiness.Profile, st.Profile, lang.Of("condition.no-profile"), readiness.Retry)
	if st.Profile.OK && len(st.ProfileDropped) > 0 {
		m.ready.Set(readiness.Profile, readiness.State{OK: true, Text: lang.Of("condition.profile-partly", strings.Join(st.ProfileDropped, ", "))})
	}
	platform := st.Flow
	if st.Platform.Err != nil && !st.Flow.OK {
		platform = st.Platform
	}
	set(readiness.Platform, platform, lang.Of("condition.platform-connecting"), readiness.Retry)
	m.account.ValidUntil = st.TokenValidUntil.UTC()
	if st.TokenValidUntil.IsZero() {
		m.account.ValidUntil = time.Time{}
	}
	if m.account.Exophone == "" {
		m.account.Exophone = st.Exophone
	}
	if m.sipServer != st.SIPServer {
		m.sipServer = st.SIPServer
		p.judgeEncryption()
	}
	p.judgeClock(st.ClockOffset)
	p.agentRulesChanged()
	p.touch()
}

// incoming decides what to do with a call that the engine has validated.
func (p *Phone) incoming(d voice.CallDetails) {
	c := &liveCall{d: d, ringing: p.cfg.Now()}
	c.name = p.whoIs(d.RemoteID, d.RemoteDisplayName)
	c.message = d.ContextMessage
	p.m.calls.add(c)
	p.m.lastShownEnds()
	p.log.Info("incoming call", "call", d.CallID, "session", d.SessionID, "from", d.RemoteID)

	p.fetchContext(c)
	if len(p.m.calls.without(c)) == 0 { // else the engine has played the waiting tone
		p.cfg.Ringer.Ring(p.ringVolume())
		p.autoAnswer(c)
	}
	p.logProgress(c, func() { p.loop.post(func() { p.m.handled.Add(d.SessionID) }) })
	p.touch()
}

// ringVolume is how loud it rings: Busy rings quietly.
func (p *Phone) ringVolume() int {
	v := p.m.settings.Audio.RingVolume
	if p.m.agent.state == Busy {
		v /= 4
	}
	return v
}

// fetchContext asks the backend for the message that the caller left.
func (p *Phone) fetchContext(c *liveCall) {
	s := p.m.session
	if s == nil || c.d.Line != "" {
		return
	}
	caller, id := c.d.RemoteID, c.d.CallID
	p.background(func(ctx context.Context) {
		msg, err := s.backend.Context(ctx, s.account.AccountSID, caller)
		if err != nil {
			p.log.Warn("call context", "err", err)
			return
		}
		p.loop.post(func() {
			if c := p.m.calls.find(id); c != nil && msg != "" {
				c.message = display.Message(msg)
				p.logProgress(c, nil)
				p.touch()
			}
		})
	})
}

// autoAnswer answers by itself after the delay that the settings ask for.
func (p *Phone) autoAnswer(c *liveCall) {
	set := p.m.settings.Calls
	after := time.Duration(set.AutoAnswerDelayS) * time.Second
	if c.d.AutoAnswer && p.m.agent.state == Available {
		// The caller asks for it, and the SIP account allows it.
		set.AutoAnswer, after = true, min(c.d.AnswerAfter, maxAnswerAfter)
	}
	if !set.AutoAnswer {
		return
	}
	id := c.d.CallID
	rings := func() bool {
		call := p.Snapshot().CallWith(id)
		return call != nil && call.State == voice.StateIncoming
	}
	p.background(func(ctx context.Context) {
		// The tone is the end of the delay: it is over before the other side can
		// be heard.
		delay := after - autoAnswerTone
		if retry.Wait(ctx, max(delay, 0), nil) != nil || !rings() {
			return
		}
		p.cfg.Ringer.Stop()
		p.cfg.Ringer.Play(audio.Connected, p.store.Get().Audio.RingVolume)
		if retry.Wait(ctx, autoAnswerTone, nil) != nil || !rings() {
			return
		}
		p.log.Info("answered automatically", "call", id)
		if err := p.Answer(ctx, id); err != nil {
			p.log.Warn("automatic answer", "err", err)
		}
	})
}

// maxAnswerAfter bounds what a caller may ask for.
const maxAnswerAfter = 30 * time.Second

// autoAnswerTone is how long the tone of an automatic answer is given to be
// heard, with the opening of the device.
const autoAnswerTone = 500 * time.Millisecond

// background runs f until the phone closes.
func (p *Phone) background(f func(ctx context.Context)) {
	if p.ctx.Err() == nil {
		p.wg.Go(crash.Guarded(func() { f(p.ctx) }))
	}
}

// lastShownEnds takes the ended page away.
func (m *model) lastShownEnds() {
	if m.last != nil {
		m.last.Shown = false
	}
}

// callChanged takes the engine's newer picture of a call.
func (p *Phone) callChanged(d voice.CallDetails) {
	c := p.m.calls.find(d.CallID)
	if c == nil {
		if d.Direction != voice.Outgoing || !d.State.Active() {
			return
		}
		c = &liveCall{d: d, name: p.NameOf(d.RemoteID)}
		if req := p.m.dialling; req != nil && d.ConsultsFor == "" {
			c.name, c.message = or(c.name, req.name), req.message
		}
		p.m.calls.add(c)
		p.m.lastShownEnds()
		defer p.logProgress(c, nil)
	}
	if c.d.State == voice.StateEnded {
		return // an older picture, overtaken
	}
	before := c.d.State
	if c.role == RoleConsultation && d.ConsultsFor == "" {
		c.role = RoleSecond // the call that it was for is over
	}
	p.renamed(c, d)
	c.d = d
	if before == voice.StateIncoming && d.State != before || p.m.calls.rings() == nil {
		p.cfg.Ringer.Stop()
	}
	if c.ringing.IsZero() && !d.Ringing.IsZero() {
		c.ringing = d.Ringing
	}
	switch d.State {
	case voice.StateMediaDisrupted, voice.StateRenewingMedia:
		c.quality = QualityNoSound
	}
	if before != d.State && d.State == voice.StateEstablished {
		p.logProgress(c, nil)
	}
	p.judgeQuality(c)
	p.touch()
}

// renamed takes up who is at the other end now, if that has changed in the call.
func (p *Phone) renamed(c *liveCall, d voice.CallDetails) {
	if d.RemoteID != c.d.RemoteID || d.RemoteDisplayName != c.d.RemoteDisplayName {
		c.name = p.whoIs(d.RemoteID, d.RemoteDisplayName)
	}
}

// endTones are the tones that say why an outgoing call failed (reference,
// section 6).
var endTones = map[voice.EndReason]audio.Tone{
	voice.EndBusy: audio.Busy, voice.EndTimeout: audio.Reorder, voice.EndUnreachable: audio.Reorder,
	voice.EndFailure: audio.Reorder, voice.EndInvalidDialInfo: audio.Reorder, voice.EndThrottled: audio.Reorder,
}

// callEnded writes the call's log entry and shows it as the last call when that
// is committed.
func (p *Phone) callEnded(d voice.CallDetails) {
	c := p.m.calls.find(d.CallID)
	if c == nil {
		c = &liveCall{d: d, name: p.whoIs(d.RemoteID, d.RemoteDisplayName)}
		p.m.calls.add(c)
	}
	p.renamed(c, d)
	c.d = d
	c.d.State, c.d.HasSound = voice.StateEnded, false
	p.cfg.Ringer.Stop()
	p.ringOn()
	if tone, ok := endTones[d.EndReason]; ok && d.Direction == voice.Outgoing && len(p.m.calls.without(c)) == 0 {
		p.cfg.Ringer.Play(tone, p.m.settings.Audio.RingVolume)
	}
	if st, ok := p.Statistics(d.CallID); ok && st.CallID == d.CallID && !d.Established.IsZero() {
		c.mos = st.MOS
	}
	r := c.record()
	p.log.Info("call ended", "call", d.CallID, "session", d.SessionID, "direction", r.Direction, "reason", r.EndReason,
		"duration_s", r.DurationS, "missed", r.Missed, "mos", c.mos)
	if d.Line == "" {
		p.deleteContext()
	}
	p.touch()
	p.writer.Add(calllog.Job{
		Keep: true,
		Do:   func(l *calllog.Log) error { return l.End(r) },
		Then: func(err error) { p.loop.post(func() { p.callLogged(c, r, err) }) },
	})
}

// callLogged turns an ended call into the last call.
func (p *Phone) callLogged(c *liveCall, r CallRecord, err error) {
	if err != nil {
		p.say("error", lang.Of("notice.call-log-unwritten", calllog.Trouble(err)))
	}
	shown := !slices.ContainsFunc(p.m.calls.without(c), func(o *liveCall) bool { return o.d.ConsultsFor == "" })
	p.m.calls.drop(c)
	if shown {
		p.m.audio.Offer = nil
	}
	p.touch()
	if c.d.ConsultsFor != "" || c.d.Merged {
		return // the call that it was for, or went into, is the one to speak of
	}
	p.m.last = &EndedCall{
		CallRecord: r, Status: c.d.Status, Said: c.d.Said, Ended: c.d.Ended.UTC(), Answered: !c.d.Established.IsZero(), Shown: shown,
	}
	p.m.lastRated = false
	if shown {
		p.wrapUp(c)
	}
}

// record is the call as the log holds it now.
func (c *liveCall) record() CallRecord {
	d := c.d
	end := d.Ended
	r := CallRecord{
		ID: d.CallID, Line: d.Line, SessionID: d.SessionID, Direction: d.Direction, RemoteID: d.RemoteID, RemoteName: c.name,
		Message: c.message, Started: d.Started, MOS: c.mos,
		Recorded:      d.Recording.Recorded > 0 || d.Recording.State == voice.RecordingOn,
		RecordingFile: d.Recording.File,
	}
	if d.State == voice.StateEnded {
		r.EndReason, r.EndWord = d.EndReason, d.EndWord
		if t := d.Transfer; t.Succeeded() && !t.ByRemote {
			r.TransferredTo = t.Target
		}
	}
	if !c.ringing.IsZero() {
		until := end
		for _, t := range []time.Time{d.Answered, d.Established} {
			if !t.IsZero() && (until.IsZero() || t.Before(until)) {
				until = t
			}
		}
		if !until.IsZero() {
			r.RangS = int(max(0, until.Sub(c.ringing)) / time.Second)
		}
	}
	if !end.IsZero() {
		r.DurationS = int(d.Duration(end) / time.Second)
	}
	if d.Direction == voice.Incoming && d.State == voice.StateEnded && d.Established.IsZero() {
		switch {
		case d.EndReason == voice.EndPSTNHangup:
			r.Missed, r.MissedReason = true, voice.MissedOnAnotherPhone
		case d.EndReason != voice.EndLocalHangup && !d.Elsewhere:
			r.Missed = true
		}
	}
	return r
}

// logProgress writes a call that goes on; then may be nil and is called from
// another goroutine.
func (p *Phone) logProgress(c *liveCall, then func()) {
	r := c.record()
	r.DurationS = int(c.d.Duration(p.cfg.Now()) / time.Second)
	p.writer.Add(calllog.Job{
		Quiet: true,
		Do:    func(l *calllog.Log) error { return l.Progress(r) },
		Then: func(error) {
			if then != nil {
				then()
			}
		},
	})
}

// missed logs a call that was never offered.
func (p *Phone) missed(ev voice.MissedCall) {
	id := ev.SessionID
	if id == "" {
		id = newID()
	}
	at := ev.Time
	if at.IsZero() {
		at = p.cfg.Now()
	}
	r := CallRecord{
		ID: "missed-" + id, Line: ev.Line, SessionID: ev.SessionID, Direction: voice.Incoming, Missed: true, RemoteID: ev.RemoteID,
		RemoteName: p.whoIs(ev.RemoteID, ev.RemoteDisplayName), Started: at, MissedReason: ev.Reason,
		EndReason: ev.Reason.EndReason(),
	}
	if a := p.m.agent.state; ev.Reason == voice.MissedDeclined {
		switch a { // the user's own choice: nobody missed anything
		case Break:
			r.Missed, r.MissedReason = false, voice.MissedBreak
		case DoNotDisturb:
			r.Missed, r.MissedReason = false, voice.MissedDoNotDisturb
		}
		if a != DoNotDisturb {
			p.cfg.Ringer.Play(audio.CallWaiting, p.ringVolume())
		}
	}
	p.log.Info("missed call", "session", ev.SessionID, "from", ev.RemoteID, "reason", ev.Reason)
	p.writer.Add(calllog.Job{
		Keep: true,
		Do: func(l *calllog.Log) error {
			_, err := l.Refused(r)
			return err
		},
		Then: func(error) { p.loop.post(func() { p.m.handled.Add(ev.SessionID) }) },
	})
}

// deleteContext removes what this phone said of its call, at the end of each.
func (p *Phone) deleteContext() {
	s := p.m.session
	if s == nil {
		return
	}
	latest := s.context.Posted()
	p.background(func(ctx context.Context) {
		if err := s.context.Delete(ctx, latest); err != nil {
			p.log.Warn("deleting the call context", "err", err)
		}
	})
}
