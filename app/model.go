package app

import (
	"time"

	"offhook/app/desktop"
	"offhook/app/pushed"
	"offhook/app/readiness"
	"offhook/app/settings"
	"offhook/assets/lang"
	"offhook/internal/known"
	"offhook/push"
	"offhook/voice"
	"offhook/voice/fault"
)

// model is the state of the phone. It belongs to the loop: only functions that
// run there touch it.
type model struct {
	account  Account
	settings settings.Settings
	lines    lines
	// codes dial the feature codes, by account.
	codes map[string]*codeSender
	ready *readiness.Conditions

	// A call that has ended stays among the calls until its log entry is committed.
	calls calls
	last  *EndedCall
	// lastRated says that the last call was rated, or the question skipped.
	lastRated bool
	// dialling is what is being dialled, between Dial's checks and its end: it holds
	// the line, and gives the call what the engine does not know.
	dialling *dialPlan
	// handled are the pushed calls that were raised or durably logged.
	handled pushed.Handled

	session *session
	// sipServer is the URL of the server that carries the subscriber's calls.
	sipServer string
	notice    *Notice
	pairing   *Pairing
	// follow are told of the settings.
	follow []func(settings.Settings)
	update *Update
	// playing is the recording that is played, nil without one.
	playing *Playing
	// portal is the network's own sign-in page, "" without one.
	portal string
	unseen int
	audio  Audio
	inbox  push.Status
	// trimmedAt is when old calls were removed from the log the last time.
	trimmedAt time.Time
	// refusedAt is when the inbox was refused the last time.
	refusedAt time.Time
	// openFailed is why a sound device could not be opened the last time.
	openFailed error
	// deviceTokenSent: the backend knows where this phone's inbox is.
	deviceTokenSent bool
	deviceTokenErr  error

	contactsRevision, recentsRevision, settingsRevision, colleaguesRevision int
	agent                                                                   agent

	// desktopBusy says that the desktop was told of a call.
	desktopBusy bool
	dirty       bool
}

// liveCall is a call and what the phone adds to the engine's picture of it.
type liveCall struct {
	d       voice.CallDetails
	name    string
	message string
	role    Role
	// silenced says that its ringing was stopped, ignored that it is out of the way.
	silenced, ignored bool
	dtmfSent          string
	mos               known.Figure
	quality           string
	// ringing is when the far phone, or this one, began to ring.
	ringing time.Time
}

// draw draws the present state.
func (p *Phone) draw() *Snapshot {
	m := &p.m
	now := p.cfg.Now()
	s := &Snapshot{
		Version:          p.cfg.Version,
		Profile:          p.cfg.Profile,
		Ready:            m.isReady(),
		Conditions:       m.ready.Snapshot(),
		Account:          m.account,
		OnAnotherPhone:   m.settings.OnAnotherPhone,
		LastDialled:      m.settings.LastDialled,
		LastDialledName:  m.settings.LastDialledName,
		MissedUnseen:     m.unseen,
		Audio:            m.audio,
		ContactsRevision: m.contactsRevision,
		RecentsRevision:  m.recentsRevision,
		SettingsRevision: m.settingsRevision,
	}
	s.Update = m.update
	if m.sipOnly() {
		s.Account = m.lineAccount()
		s.Conditions = m.ready.ForAccounts()
	}
	s.Lines = m.lines.snapshot()
	s.ColleaguesRevision = m.colleaguesRevision
	p.drawAgent(s)
	s.Pairing = m.pairing
	if m.notice != nil {
		n := *m.notice
		s.Notice = &n
	}
	if m.portal != "" {
		explainByPortal(s.Conditions, m.portal)
	}
	s.Calls = make([]*Call, 0, len(m.calls))
	for _, c := range m.calls {
		drawn := c.draw(now)
		drawn.Abilities = m.abilities(c.d)
		s.Calls = append(s.Calls, drawn)
		drawn.Parties, drawn.Hosting = p.parties(c)
		if c == m.calls.current() {
			s.Call = drawn
		}
	}
	s.Playing = m.playing
	if m.last != nil {
		last := *m.last
		s.LastCall = &last
		s.FeedbackDue = last.Answered && !m.lastRated && last.Rating == 0
	}
	return s
}

func (c *liveCall) draw(now time.Time) *Call {
	d := c.d
	state := d.State
	if state == voice.StateEnded {
		state = voice.StateEnding // until the log entry is committed
	}
	out := &Call{
		ID: d.CallID, Line: d.Line, SessionID: d.SessionID, Direction: d.Direction, State: state,
		RemoteID: d.RemoteID, RemoteName: c.name, AfterAnswer: d.AfterAnswer, Message: c.message, Started: d.Started.UTC(),
		DurationS: int(d.Duration(now) / time.Second), Muted: d.Muted, Held: d.Held, RemoteHeld: d.RemoteHeld,
		Encrypted: d.Encrypted, KeyChanges: d.KeyChanges,
		Route: d.Route, DTMFSent: c.dtmfSent, DTMFReceived: d.DTMFReceived,
		MOS: c.mos, Quality: c.quality, RingSilenced: c.silenced, Ignored: c.ignored, InConference: d.InConference,
		Role: c.role, HasSound: d.HasSound, ConsultsFor: d.ConsultsFor,
		Transferable: d.Transferable, Diverted: d.Diverted, RedirectedTo: d.RedirectedTo, TransferredBy: d.TransferredBy, Anonymous: d.Anonymous,
	}
	if t := d.Transfer; t.Target != "" {
		out.Transfer = &t
	}
	if o := d.TransferOffer; o.Target != "" {
		o.Until = o.Until.UTC()
		out.TransferOffer = &o
	}
	if k := d.Consultation; k.Target != "" {
		k.Since, k.HeldSince = k.Since.UTC(), k.HeldSince.UTC()
		out.Consultation = &k
	}
	if !d.Established.IsZero() {
		at := d.Established.UTC()
		out.Established = &at
	}
	if !d.HeldSince.IsZero() {
		at := d.HeldSince.UTC()
		out.HeldSince = &at
	}
	out.Recording = recordingOf(d.Recording, now)
	out.SilentSince, out.GiveUpAt = moment(d.SilentSince), moment(d.GiveUpAt)
	return out
}

// touch asks for a new snapshot when the function on the loop is done.
func (p *Phone) touch() { p.m.dirty = true }

// publish gives out a snapshot if something changed.
func (p *Phone) publish() {
	if p.m.dirty {
		p.judgeAgent()
		if len(p.m.calls) > 0 {
			p.StopPlaying()
		}
		p.m.dirty = false
		p.tellDesktop()
		p.stream.Publish(p.draw())
	}
}

// tellDesktop lets the rest of the computer know when a call begins and ends.
func (p *Phone) tellDesktop() {
	busy := len(p.m.calls) > 0
	if busy == p.m.desktopBusy {
		return
	}
	p.m.desktopBusy = busy
	if busy {
		set := p.m.settings.Calls
		p.cfg.Desktop.CallBegan(desktop.Wish{PauseMedia: set.PauseMedia, KeepAwake: set.KeepAwake})
	} else {
		p.cfg.Desktop.CallEnded()
	}
}

// say puts a remark on the screen.
func (p *Phone) say(level string, text lang.Text) {
	p.m.notice = &Notice{At: p.cfg.Now().UTC(), Level: level, Text: text}
	p.log.Info("notice", "level", level, "text", text)
	p.touch()
}

// problem turns an error into what the snapshot holds of it.
func problem(err error) *Problem {
	f := fault.From(err)
	if f == nil {
		return nil
	}
	return &Problem{Code: string(f.Type), Message: f.Text(), Next: f.Text().Next()}
}
