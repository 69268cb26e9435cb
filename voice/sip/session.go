package sip

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/crash"
)

// Session timers (RFC 4028): a far side that asks for them gets a refresh every
// half interval, or a BYE if its own refreshes stop.

const (
	// minSession is the shortest interval that the RFC allows.
	minSession = 90 * time.Second
	// maxSession bounds what we believe.
	maxSession = 24 * time.Hour
	// refreshRetry is the delay after a refresh that failed for now.
	refreshRetry = 5 * time.Second
)

// sessionTimer is guarded by the dialog's mutex.
type sessionTimer struct {
	interval time.Duration // 0 without a timer
	ours     bool          // we refresh
	expires  time.Time
	timer    *time.Timer
}

// parseSession parses a Session-Expires: the interval, and the refresher if it
// is named.
func parseSession(value string) (interval time.Duration, refresher string, ok bool) {
	seconds, params, _ := strings.Cut(value, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(seconds), 10, 31)
	if err != nil || n == 0 {
		return 0, "", false
	}
	for p := range strings.SplitSeq(params, ";") {
		if name, v, _ := strings.Cut(p, "="); strings.EqualFold(strings.TrimSpace(name), "refresher") {
			refresher = strings.ToLower(strings.TrimSpace(v))
		}
	}
	return min(time.Duration(n)*time.Second, maxSession), refresher, true
}

// agreeSession takes the Session-Expires of a 2xx to our INVITE or UPDATE,
// under mu. Without one there is no timer (RFC 4028, section 7.2).
func (d *Dialog) agreeSession(res *sipmsg.Response) {
	interval, refresher, ok := parseSession(headerValue(res, "Session-Expires"))
	if !ok {
		d.stopSession()
		return
	}
	d.startSession(interval, refresher != "uas")
}

// startSession begins an interval, under mu.
func (d *Dialog) startSession(interval time.Duration, ours bool) {
	d.stopSession()
	if d.state == ended {
		return
	}
	s := &d.session
	s.interval, s.ours, s.expires = interval, ours, time.Now().Add(interval)
	if ours {
		s.timer = time.AfterFunc(interval/2, crash.Guarded(d.refreshSession))
		return
	}
	// The BYE comes a little before the end (section 10).
	s.timer = time.AfterFunc(interval-min(32*time.Second, interval/3), crash.Guarded(d.sessionExpired))
}

func (d *Dialog) stopSession() {
	if d.session.timer != nil {
		d.session.timer.Stop()
	}
	d.session = sessionTimer{}
}

// sessionHeaders are what a refresh asks for, under mu.
func (d *Dialog) sessionHeaders() []sipmsg.Header {
	headers := []sipmsg.Header{sipmsg.NewHeader("Supported", "timer")}
	if s := d.session; s.interval > 0 {
		refresher := "uac"
		if !s.ours {
			refresher = "uas"
		}
		headers = append(headers, sipmsg.NewHeader("Session-Expires", fmt.Sprintf("%d;refresher=%s", s.interval/time.Second, refresher)))
	}
	return headers
}

// refreshSession sends a refresh: an UPDATE if the far side takes it, else a
// re-INVITE that offers the session as it is.
func (d *Dialog) refreshSession() {
	d.mu.Lock()
	f, updates, sdp := d.flow, d.updates, d.localSDP
	expired := d.session.interval > 0 && time.Now().After(d.session.expires)
	live := d.state == answered && d.session.ours
	d.mu.Unlock()
	if expired {
		d.sessionExpired()
		return
	}
	if !live {
		return
	}
	err := ErrFlowLost
	if f.enter() {
		ctx, cancel := context.WithTimeout(context.Background(), transactionTime)
		if updates {
			err = d.Refresh(ctx)
		} else {
			_, err = d.Reinvite(ctx, sdp)
		}
		cancel()
		f.leave()
	}
	var refused *StatusError
	if err == nil || errors.Is(err, ErrDialogEnded) || errors.As(err, &refused) && refused.Status == sipmsg.StatusCallTransactionDoesNotExists {
		return // the answer has begun the next interval
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == answered && d.session.ours {
		d.session.timer = time.AfterFunc(refreshRetry, crash.Guarded(d.refreshSession))
	}
}

// sessionExpired ends a dialog whose refreshes have stopped.
func (d *Dialog) sessionExpired() {
	d.mu.Lock()
	f, live := d.flow, d.state == answered
	d.mu.Unlock()
	if !live {
		return
	}
	if f.enter() {
		d.requestAside(f, func() *sipmsg.Request {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.seq++
			return d.build(f, sipmsg.BYE, d.seq)
		})
		f.leave()
	}
	d.endUnknown(sipmsg.StatusRequestTimeout, nil)
}

// serveSession looks at the Session-Expires of a request from the far side. It
// returns the headers of the answer, or false if the interval is too small (RFC
// 4028, section 9).
func (d *Dialog) serveSession(req *sipmsg.Request) (headers []sipmsg.Header, ok bool) {
	if tooShort(req) {
		return nil, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.agreeSessionAs(req), true
}

// tooShort says that a request asks for an interval that is to be refused with
// 422. A sender that knows no session timers could make nothing of that.
func tooShort(req *sipmsg.Request) bool {
	interval, _, asked := parseSession(headerValue(req, "Session-Expires"))
	return asked && interval < minSession && hasToken(req, "Supported", "timer")
}

// agreeSessionAs begins the interval that a request of the far side asks for,
// under mu, and returns the headers of the answer. Who refreshes is what table 2
// of RFC 4028 says: a sender that knows no session timers can't.
func (d *Dialog) agreeSessionAs(req *sipmsg.Request) []sipmsg.Header {
	interval, refresher, asked := parseSession(headerValue(req, "Session-Expires"))
	if !asked {
		// The answer names no interval either: a far side that has refreshed so far need
		// not go on (RFC 4028, section 7.2).
		if !d.session.ours {
			d.stopSession()
		}
		return nil
	}
	able := hasToken(req, "Supported", "timer") || hasToken(req, "Require", "timer")
	switch {
	case !able:
		refresher = "uas"
	case refresher != "uas":
		refresher = "uac"
	}
	d.startSession(interval, refresher == "uas")
	headers := []sipmsg.Header{sipmsg.NewHeader("Session-Expires", fmt.Sprintf("%d;refresher=%s", interval/time.Second, refresher))}
	if refresher == "uac" {
		headers = append(headers, sipmsg.NewHeader("Require", "timer"))
	}
	return headers
}
