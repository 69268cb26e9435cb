package app

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"offhook/app/calllog"
	"offhook/app/diagnosis"
	"offhook/app/pushed"
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/push"
	"offhook/voice/fault"
)

// proofLimit is how old the inbox's last sign of life may be: a ping every
// 15 s, dead after 5 s (wire decisions).
const proofLimit = 20 * time.Second

// The inbox is pinged more often than the wire decision has it, so that a server
// that hangs is noticed within 20 s whenever it began to, with a margin for a
// busy machine. After a Retry an answer must come within retryTimeout: the network
// has changed, and what worked is then more likely dead than slow.
const (
	pingInterval = 11 * time.Second
	pongTimeout  = 5 * time.Second
	retryTimeout = time.Second
)

// Inbox is *push.Receiver, and in tests a script.
type Inbox interface {
	Run(ctx context.Context)
	Status() push.Status
	Retry()
}

// runInbox keeps the inbox connected until the session ends.
func (s *session) runInbox() {
	p := s.p
	in, err := p.cfg.OpenInbox(push.Config{
		URL: s.pushURL(), DeviceToken: s.deviceToken(), AccessToken: p.engine.AccessToken, HTTPClient: p.http, Logger: p.log,
		AllowClearText: s.clearText, Store: pushed.Ledger(filepath.Join(p.cfg.Dir, "inbox.json")),
		PingInterval: pingInterval, PongTimeout: pongTimeout, RetryTimeout: retryTimeout, Handler: s.deliver,
		Agents: s.agentsChanged,
		OnStatus: func(st push.Status) {
			p.loop.post(func() {
				if p.m.session == s {
					p.inboxChanged(st)
				}
			})
		},
	})
	if err != nil {
		p.log.Error("inbox", "err", err)
		p.loop.post(func() {
			if p.m.session == s {
				p.m.inbox = push.Status{Phase: push.Stopped, Err: err}
				p.judgePush()
			}
		})
		return
	}
	s.mu.Lock()
	s.inbox = in
	s.mu.Unlock()
	in.Run(s.ctx)
}

// inboxStatus is how the inbox stands now; before while there is none.
func (s *session) inboxStatus(before push.Status) push.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inbox == nil {
		return before
	}
	return s.inbox.Status()
}

// handleLimit is how long a pushed call may take from the engine to the log.
const handleLimit = 10 * time.Second

// deliver hands one pushed message to the engine. It returns nil, which
// acknowledges the message, once the call was raised or durably logged.
func (s *session) deliver(ctx context.Context, m push.Message) error {
	p := s.p
	data := m.Data.Map()
	if name := data["subscriberName"]; name != s.account.SubscriberName {
		p.log.Warn("a call for somebody else was pushed")
		return nil
	}
	id := pushed.Session(data["payload"])
	var before int
	done := false
	if err := p.loop.ask(ctx, func() error {
		before, done = p.m.handled.Count(), p.m.handled.Knows(id)
		return nil
	}); err != nil {
		return err
	}
	if done {
		p.log.Info("a call was pushed again", "id", m.ID, "session", id)
		return nil // under another number, as after a new inbox
	}
	shown, err := p.engine.RelaySessionData(ctx, data)
	p.log.Info("pushed call", "id", m.ID, "shown", shown, "err", err)
	if err != nil {
		switch fault.TypeOf(err) {
		case fault.Uninitialized, fault.NetworkError:
			return err // it is kept and comes again, if only to be logged as missed
		}
		return nil // nothing would make it better
	}
	return p.awaitHandled(ctx, id, before)
}

// awaitHandled waits until the pushed call of a session was handled, or until
// more calls than before were when the session is not known.
func (p *Phone) awaitHandled(ctx context.Context, id string, before int) error {
	ctx, cancel := context.WithTimeout(ctx, handleLimit)
	defer cancel()
	for {
		var wait <-chan struct{}
		if err := p.loop.ask(ctx, func() error {
			h := &p.m.handled
			if h.Knows(id) || id == "" && h.Count() > before {
				return nil
			}
			wait = h.Next()
			return nil
		}); err != nil {
			return err
		}
		if wait == nil {
			return nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *Phone) inboxChanged(st push.Status) {
	refused := st.Phase == push.Refused && p.m.inbox.Phase != push.Refused
	was := p.m.inbox.OK()
	p.m.inbox = st
	if st.OK() {
		if !was {
			p.tellAgentState()
			p.m.session.colleaguesAreDue()
		}
		p.judgeClock(st.ClockOffset)
		p.trimLog(st.ClockOffset)
	}
	if refused && p.cfg.Now().Sub(p.m.refusedAt) > time.Minute {
		// The token may have been revoked with the subscriber's password: a new
		// sign-in may help, once.
		p.m.refusedAt = p.cfg.Now()
		p.m.session.needsToken(st.Err)
	}
	p.judgePush()
}

// trimLog removes old calls once a day, by the server's clock.
func (p *Phone) trimLog(ahead time.Duration) {
	p.calls.ServerTime(ahead)
	if now := p.cfg.Now(); age(now, p.m.trimmedAt) > 24*time.Hour {
		p.m.trimmedAt = now
		p.writer.Add(calllog.Job{Do: (*calllog.Log).Trim})
	}
}

// judgePush decides whether calls can reach this phone, from proofs only.
func (p *Phone) judgePush() {
	m := &p.m
	st := m.inbox
	now := p.cfg.Now()
	var c readiness.State
	switch {
	case m.session == nil:
		return
	case st.Phase == push.Replaced:
		c = readiness.Bad(lang.Of("condition.push-replaced"), readiness.Retry)
	case st.Phase == push.Refused:
		c = readiness.Bad(lang.Of("condition.push-refused"), readiness.SignIn)
	case !st.OK() && st.Err != nil:
		c = readiness.Bad(sentence(st.Err), actionFor(st.Err, readiness.Retry))
		c.RetryAt = st.RetryAt
	case !st.OK():
		c = readiness.Bad(lang.Of("condition.push-connecting"), "")
	case age(now, st.LastPong) > proofLimit:
		c = readiness.Bad(lang.Of("condition.push-silent"), readiness.Retry)
	case !m.deviceTokenSent && m.deviceTokenErr != nil:
		c = readiness.Bad(lang.Of("condition.push-unannounced-because", sentence(m.deviceTokenErr)), readiness.Retry)
	case !m.deviceTokenSent:
		c = readiness.Bad(lang.Of("condition.push-unannounced"), "")
	default:
		c = readiness.Good()
	}
	m.ready.Set(readiness.Push, c)
	p.touch()
}

// age is the time since at by whichever clock went further: the monotonic one
// stands still while the machine sleeps.
func age(now, at time.Time) time.Duration {
	return max(now.Sub(at), now.Round(0).Sub(at.Round(0)))
}

func sentence(err error) lang.Text {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Text()
	}
	return lang.Of("network.broke")
}

func (p *Phone) judgeClock(ahead time.Duration) {
	if ahead > -diagnosis.ClockLimit && ahead < diagnosis.ClockLimit {
		p.m.ready.Set(readiness.Clock, readiness.Good())
		return
	}
	code, d := "condition.clock-behind", ahead
	if ahead < 0 {
		code, d = "condition.clock-ahead", -ahead
	}
	p.m.ready.Set(readiness.Clock, readiness.Bad(lang.Of(code, d.Round(time.Second)), readiness.OpenSystemSettings))
}
