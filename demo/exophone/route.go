package exophone

import (
	"context"
	"errors"
	"net/url"
	"offhook/voice/wire"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxFetches bounds how often Dial-Whom is asked for one call, and maxNumbers
// how many callees are tried in all.
const (
	maxFetches = 5
	maxNumbers = 10
)

// plan is whom a call tries.
type plan struct {
	numbers []string
	ring    time.Duration
	talk    time.Duration
	number  string // shown to the callee as the caller's
	again   bool   // ask Dial-Whom again after each attempt
	fetches int
	tried   int
	last    string
	// record and channels are what Dial-Whom says of a recording.
	record   bool
	channels string
}

// route asks whom to call.
func (s *session) route() { s.fetch("ringing") }

func (s *session) fetch(status string) {
	s.phase = routing
	if s.direct != "" {
		s.destination(Destination{Numbers: []string{s.direct}}, nil)
		return
	}
	s.plan.fetches++
	query := s.question(status)
	s.x.work.Go(func() {
		ctx, cancel := context.WithTimeout(s.x.ctx, s.x.cfg.BackendTimeout)
		defer cancel()
		dest, err := s.x.cfg.DialWhom.Ask(ctx, query)
		if ctx.Err() != nil && err != nil {
			err = errors.Join(ErrUnavailable, err)
		}
		s.post(func() { s.destination(dest, err) })
	})
}

// question is the query of Dial-Whom (reference, section 5).
func (s *session) question(status string) url.Values {
	const form = "2006-01-02 15:04:05"
	created := s.record.Created
	from, to := "sip:"+s.caller.name, "sip:"+s.x.cfg.Exophone
	q := url.Values{
		"CallSid": {s.id}, "CallFrom": {from}, "CallTo": {to}, "From": {from}, "To": {to},
		"CallStatus": {status}, "Direction": {"incoming"}, "CallType": {"call-attempt"},
		"Created":          {created.Format("Mon, 02 Jan 2006 15:04:05")},
		"StartTime":        {created.Format(form)},
		"CurrentTime":      {s.x.cfg.Clock.Now().Format(form)},
		"EndTime":          {"1970-01-01 05:30:00"},
		"DialCallDuration": {"0"}, "DialWhomNumber": {s.plan.last},
		"flow_id": {s.x.cfg.FlowID}, "tenant_id": {s.x.cfg.TenantID},
		"CallFromState": {string(s.x.cfg.AgentState(s.caller.name))},
	}
	if s.plan.last != "" {
		q.Set("DialWhomNumberState", string(s.x.cfg.AgentState(s.plan.last)))
	}
	if s.record.CustomField != "" {
		q.Set("CustomField", s.record.CustomField)
	}
	return q
}

// destination takes the answer of Dial-Whom.
func (s *session) destination(d Destination, err error) {
	if s.phase != routing {
		return
	}
	if err == nil && len(d.Numbers) == 0 {
		err = ErrUnknownDestination
	}
	if err != nil {
		s.x.log.Warn("nobody to call", "session", s.id, "error", err)
		s.end(ending{status: backendStatus(err), by: byPlatform})
		return
	}
	s.plan.numbers, s.plan.again, s.plan.number = d.Numbers, d.FetchAfterAttempt, d.OutgoingPhoneNumber
	s.plan.record, s.plan.channels = d.Record, d.RecordingChannels
	s.plan.ring, s.plan.talk = d.MaxRingingDuration, d.MaxConversationDuration
	if s.plan.ring <= 0 {
		s.plan.ring = s.x.cfg.RingLimit
	}
	if s.plan.talk <= 0 {
		s.plan.talk = s.x.cfg.ConversationLimit
	}
	s.next(ending{status: 404, by: byPlatform})
}

// backendStatus is the answer to the caller when Dial-Whom or the push endpoint
// fails.
func backendStatus(err error) int {
	switch {
	case errors.Is(err, ErrUnknownDestination), errors.Is(err, ErrUnknownSubscriber):
		return 404
	case errors.Is(err, ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return 503
	default:
		return 500
	}
}

// next tries the next callee; with none left the call ends as the last attempt
// did.
func (s *session) next(last ending) {
	s.phase = routing
	if (len(s.plan.numbers) == 0 || s.plan.tried >= maxNumbers) && !s.callBack() {
		s.end(last)
		return
	}
	name := s.plan.numbers[0]
	s.plan.numbers = s.plan.numbers[1:]
	s.plan.tried++
	s.plan.last = name
	s.note(func(r *Record) { r.Callee = name })
	if play := bot(name); play != nil && !s.x.cfg.NoBots && s.caller.dialog != nil {
		s.phase = calling
		s.callee = party{name: name, bot: name}
		play(s)
		return
	}
	if name == s.caller.name {
		s.attemptOver(ending{status: 484, by: byPlatform})
		return
	}
	if !s.reaches(name) {
		s.attemptOver(ending{status: 486, reason: wire.ReasonAway, by: byCallee})
		return
	}
	s.invite(name)
}

// reaches reports whether a call is brought to somebody as the agent stands. One who
// has signed out or quit is passed by where somebody else can be tried; else the call
// waits in the inbox, so that it is a missed call later.
func (s *session) reaches(name string) bool {
	state := s.x.cfg.AgentState(name)
	return state.Takes() || state == wire.AgentOffline && len(s.plan.numbers) == 0 && !s.plan.again
}

// attemptOver goes on to the next callee after this one came to nothing.
func (s *session) attemptOver(e ending) {
	s.stop("ring")
	s.callee = party{}
	s.dropRinging(e)
	if s.tell != nil {
		s.tell.end(stateOf(e), e.reason)
		s.tell = nil
	}
	s.phase = routing
	if s.plan.again && s.plan.fetches < maxFetches && s.plan.tried < maxNumbers {
		s.plan.numbers = nil
		status := "no-answer"
		switch e.status {
		case 486:
			status = "busy"
		case 404, 410, 484, 488, 503, 500:
			status = "failed"
		}
		s.fetch(status)
		return
	}
	s.next(e)
}

// invite tells a subscriber's phones of the call by push.
func (s *session) invite(name string) {
	s.phase = calling
	number := s.plan.number
	if number == "" {
		number = s.caller.name
	}
	s.note(func(r *Record) { r.CallerNumber = number })
	attempt := s.plan.tried
	s.tell = newCalleeState(func(reason string) {
		s.post(func() { s.rejected(attempt, reason) })
	})
	id := s.id
	if s.handover != nil {
		id = s.x.alias(s)
	}
	s.x.states.add(id, name, s.tell)
	now := s.x.cfg.Clock.Now()
	base := s.x.cfg.PublicBaseURL() + "/v2/calls/" + id
	claims := wire.PayloadClaims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: name, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(s.plan.ring + 30*time.Second))},
		CallerID:         number, CallerName: s.caller.display, SessionID: id,
		LongPollURL: base + "/state", LongPollTimeout: int(s.x.cfg.LongPollTimeout.Seconds()),
		RejectCallURL: base + "/reject", NotificationTime: now.UTC().Format(time.RFC3339Nano),
	}
	s.after("ring", s.plan.ring, s.ringLimit)
	s.ringWeb(name, number)
	s.x.work.Go(func() {
		err := s.push(name, claims)
		if err == nil {
			return
		}
		s.post(func() {
			if s.phase != calling || s.plan.tried != attempt {
				return
			}
			status := backendStatus(err)
			if errors.Is(err, errInactive) {
				status = 410
			}
			s.x.log.Warn("callee not told", "session", s.id, "callee", name, "error", err)
			if len(s.web)+len(s.ringing) > 0 && status != 410 {
				return // a web client rings all the same
			}
			s.attemptOver(ending{status: status, by: byPlatform})
		})
	})
}

var errInactive = errors.New("subscriber is inactive")

// push runs on a goroutine of its own.
func (s *session) push(name string, claims wire.PayloadClaims) error {
	ctx, cancel := context.WithTimeout(s.x.ctx, s.x.cfg.BackendTimeout)
	defer cancel()
	sub, err := s.x.lookup(ctx, name)
	if err != nil {
		return err
	}
	if !sub.Active {
		return errInactive
	}
	payload, err := s.x.cfg.Payloads.Sign(claims)
	if err != nil {
		return err
	}
	err = s.x.cfg.Pusher.Push(ctx, name, payload, wire.PayloadVersion)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(ErrUnavailable, err)
	}
	return err
}

// ringLimit ends an attempt that nobody answered.
func (s *session) ringLimit() {
	if s.phase == calling {
		s.attemptOver(ending{status: 480, reason: wire.ReasonRingLimit, by: byPlatform})
	}
}

// rejected takes a decline from the callee's reject URL.
func (s *session) rejected(attempt int, reason string) {
	if s.phase != calling || s.plan.tried != attempt || s.tell == nil {
		return
	}
	e := ending{status: 486, reason: wire.ReasonDeclined, by: byCallee}
	if reason == "busy" {
		e.reason = wire.ReasonBusy
	}
	s.attemptOver(e)
}
