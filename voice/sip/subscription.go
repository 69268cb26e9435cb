package sip

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// subscription keeps a subscription to an event of the server alive over one flow (RFC
// 6665).
type subscription struct {
	f *Flow
	// event is the event package, accept the type of its bodies.
	event, accept string
	// about is whom the event is about.
	about sipmsg.Uri
	// take takes the body of a NOTIFY in, on the goroutine of the flow, and returns the
	// status of the answer: 200 or a refusal.
	take     func(body []byte) int
	lifetime time.Duration
	// answered, if set, is told of each answer to a SUBSCRIBE.
	answered func()
	// renew has the state sent once more.
	renew chan struct{}
	// over gets how the server has ended it.
	over chan subscriptionEnd

	key    dialogKey
	seq    uint32
	remote string // the server's tag
	target sipmsg.Uri
	routes []sipmsg.Uri
	// heard is the CSeq of the latest NOTIFY, under the mutex of the flow.
	heard uint32
}

// subscriptionEnd is how a server has ended a subscription.
type subscriptionEnd struct {
	reason string
	after  time.Duration
}

// errUnsubscribed says that the server ended a subscription for good.
var errUnsubscribed = errors.New("sip: the server has ended the subscription")

// errUnwatched is the cause of a context whose end takes the subscription back.
var errUnwatched = errors.New("sip: not watched any more")

// resubscribeDelay is the least time between the end of a subscription by the server
// and the next one.
const resubscribeDelay = time.Second

func (f *Flow) newSubscription(event, accept string, about sipmsg.Uri, take func([]byte) int) *subscription {
	lifetime := time.Hour
	if f.datagrams() {
		lifetime = 10 * time.Minute // nothing shows that the server has begun anew
	}
	return &subscription{
		f: f, event: event, accept: accept, about: about, take: take, lifetime: lifetime,
		renew: make(chan struct{}, 1), over: make(chan subscriptionEnd, 1), seq: firstSeq(),
	}
}

// begin gives the subscription a new dialog, in the place of the one that it had.
func (s *subscription) begin() {
	s.end()
	s.f.mu.Lock()
	s.key = dialogKey{newTag() + newTag(), newTag()}
	s.f.subscriptions[s.key] = s
	s.heard = 0
	s.f.mu.Unlock()
	select {
	case <-s.over: // of the dialog before
	default:
	}
	s.remote, s.target, s.routes = "", s.about, s.f.startRoutes()
}

// end leaves what the server still says unheard.
func (s *subscription) end() {
	s.f.mu.Lock()
	delete(s.f.subscriptions, s.key)
	s.f.mu.Unlock()
}

// run holds the subscription until ctx or the flow ends, or the server refuses it.
func (s *subscription) run(ctx context.Context) error {
	s.begin()
	defer s.end()
	for {
		granted, err := s.send(ctx, s.lifetime)
		if s.answered != nil {
			s.answered()
		}
		if err != nil {
			return err
		}
		if granted <= 0 {
			return errUnsubscribed
		}
		refresh := time.NewTimer(granted * 8 / 10)
		select {
		case <-refresh.C:
		case <-s.renew:
		case end := <-s.over:
			refresh.Stop()
			var delay time.Duration
			if delay, err = end.delay(); err != nil {
				return err
			}
			refresh.Reset(delay)
			select {
			case <-refresh.C:
			case <-ctx.Done():
			case <-s.f.done:
			}
			s.begin()
		case <-ctx.Done():
		case <-s.f.done:
		}
		refresh.Stop()
		switch {
		case s.f.lost():
			return ErrFlowLost
		case ctx.Err() != nil:
			if errors.Is(context.Cause(ctx), errUnwatched) {
				s.leave()
			}
			return ctx.Err()
		}
	}
}

// delay is when to subscribe again (RFC 6665, section 4.1.3).
func (e subscriptionEnd) delay() (time.Duration, error) {
	switch e.reason {
	case "rejected", "noresource", "invariant":
		return 0, errUnsubscribed
	case "probation", "giveup":
		return max(e.after, 10*time.Second), nil
	}
	return max(e.after, resubscribeDelay), nil
}

// leave takes the subscription back, as a courtesy.
func (s *subscription) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = s.send(ctx, 0)
}

// send sends a SUBSCRIBE (RFC 6665, section 4.1.2) and returns for how long it
// holds.
func (s *subscription) send(ctx context.Context, lifetime time.Duration) (time.Duration, error) {
	var tried attempt
	f := s.f
	for {
		s.seq++
		req := f.newRequest(sipmsg.SUBSCRIBE, s.target)
		for _, r := range s.routes {
			req.AppendHeader(&sipmsg.RouteHeader{Address: r})
		}
		who := sipmsg.Uri{Scheme: "sip", User: escapeUser(f.cfg.User), Host: f.cfg.Domain}
		from := &sipmsg.FromHeader{DisplayName: f.cfg.DisplayName, Address: who, Params: sipmsg.NewParams()}
		from.Params.Add("tag", s.key.localTag)
		to := &sipmsg.ToHeader{Address: s.about, Params: sipmsg.NewParams()}
		if s.remote != "" {
			to.Params.Add("tag", s.remote)
		}
		id := sipmsg.CallIDHeader(s.key.callID)
		for _, h := range []sipmsg.Header{
			from, to, &id, &sipmsg.CSeqHeader{SeqNo: s.seq, MethodName: sipmsg.SUBSCRIBE}, f.contact(),
			sipmsg.NewHeader("Event", s.event), sipmsg.NewHeader("Accept", s.accept),
			sipmsg.NewHeader("Expires", strconv.Itoa(int(lifetime/time.Second))), sipmsg.NewHeader("User-Agent", f.cfg.UserAgent),
		} {
			req.AppendHeader(h)
		}
		limited, cancel := context.WithTimeout(ctx, transactionTime)
		res, err := f.final(limited, req)
		cancel()
		switch {
		case err != nil:
			return 0, err
		case res.IsSuccess():
			s.establish(res)
			n, err := strconv.ParseUint(strings.TrimSpace(headerValue(res, "Expires")), 10, 31)
			if err != nil {
				return lifetime, nil
			}
			return min(time.Duration(n)*time.Second, maxSession), nil
		case res.StatusCode == sipmsg.StatusUnauthorized, res.StatusCode == sipmsg.StatusProxyAuthRequired:
			if err := f.creds.learn(res, &tried); err != nil {
				return 0, err
			}
		case res.StatusCode == 423 && lifetime > 0 && lifetime < maxSession: // Interval Too Brief
			lifetime = maxSession
		case res.StatusCode == sipmsg.StatusCallTransactionDoesNotExists && s.remote != "" && lifetime > 0:
			s.begin() // anew (RFC 6665, 4.1.2.2)
		default:
			return 0, &StatusError{Status: res.StatusCode, Reason: res.Reason, RetryAfter: retryAfter(res)}
		}
	}
}

// establish takes over the dialog that a 2xx makes.
func (s *subscription) establish(res *sipmsg.Response) {
	if s.remote != "" {
		return
	}
	d := &Dialog{}
	d.target = s.target
	d.establish(res, res.GetHeaders("Record-Route"), true)
	s.remote, s.target = tagOf(res.To()), d.target
	if len(d.routes) > 0 {
		s.routes = d.routes
	}
}

// eventOf is the event package that a NOTIFY is about, in lower case.
func eventOf(req *sipmsg.Request) string {
	event, _, _ := strings.Cut(headerValue(req, "Event"), ";")
	return strings.ToLower(strings.TrimSpace(event))
}

// serve takes a NOTIFY in.
func (s *subscription) serve(req *sipmsg.Request, tx *serverTx) {
	f := s.f
	if eventOf(req) != s.event {
		_ = f.respond(req, tx, 489)
		return
	}
	f.mu.Lock()
	late := req.CSeq().SeqNo < s.heard
	s.heard = max(s.heard, req.CSeq().SeqNo)
	f.mu.Unlock()
	if late {
		_ = f.respond(req, tx, sipmsg.StatusInternalServerError) // RFC 3261, section 12.2.2
		return
	}
	status := sipmsg.StatusOK
	if len(req.Body()) > 0 {
		if kind, _, _ := strings.Cut(contentType(req), ";"); !strings.EqualFold(strings.TrimSpace(kind), s.accept) {
			_ = f.respond(req, tx, sipmsg.StatusUnsupportedMediaType, sipmsg.NewHeader("Accept", s.accept))
			return
		}
		status = s.take(req.Body())
	}
	_ = f.respond(req, tx, status)
	state, params, _ := strings.Cut(headerValue(req, "Subscription-State"), ";")
	if !strings.EqualFold(strings.TrimSpace(state), "terminated") {
		return
	}
	var end subscriptionEnd
	for p := range strings.SplitSeq(params, ";") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(p), "="); strings.ToLower(name) {
		case "reason":
			end.reason = strings.ToLower(value)
		case "retry-after":
			if n, err := strconv.ParseUint(value, 10, 31); err == nil {
				end.after = min(time.Duration(n)*time.Second, time.Hour)
			}
		}
	}
	select {
	case s.over <- end:
	default:
	}
}
