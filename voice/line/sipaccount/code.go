package sipaccount

import (
	"context"
	"time"

	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/line"
	"offhook/voice/sip"
)

const (
	// codeTime is how long a server has to answer the call of a feature code.
	codeTime = 15 * time.Second
	// codeHearing is how long a server may speak after that, which nobody hears,
	// before it is hung up on; codeBye how long it has to take that.
	codeHearing = 5 * time.Second
	codeBye     = time.Second
)

// SendCode dials a feature code, such as that of a queue's pause: a call without sound
// that is over as soon as the server has answered it and hung up, or after five
// seconds. It blocks until then, or until ctx ends, which hangs up.
//
// The errors are INVALID_DIAL_INFO, SERVER_ERROR with the server's words for a code
// that it refuses, and NETWORK_ERROR if it does not answer.
func (l *Line) SendCode(ctx context.Context, code string) error {
	inv, _, err := l.Invitation(code, "")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, codeTime)
	defer cancel()
	f, err := l.Flow(ctx)
	if err != nil {
		return err
	}
	session, err := l.NewMedia(ctx, "")
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	if inv.Offer, err = session.Offer(ctx, false); err != nil {
		return err
	}
	d, err := f.Invite(ctx, inv)
	if err != nil {
		return err
	}
	return followCode(ctx, d, code)
}

// followCode waits for what becomes of the call of a feature code.
func followCode(ctx context.Context, d line.Dialog, code string) error {
	hangUp := func() {
		ctx, cancel := context.WithTimeout(context.Background(), codeBye)
		defer cancel()
		_ = d.Hangup(ctx)
	}
	taken, over := false, ctx.Done()
	var end <-chan time.Time
	for {
		select {
		case ev, open := <-d.Events():
			switch ev := ev.(type) {
			case sip.Answered:
				taken, end = true, time.After(codeHearing)
			case sip.Reoffered:
				_ = ev.Reply(488, "")
			case sip.Failed:
				if taken {
					return nil
				}
				if ev.Status == 0 {
					return fault.Wrap(ev.Err, fault.NetworkError, "line.code-unanswered", code)
				}
				return fault.New(fault.ServerError, "line.code-refused", code, ev.Status, display.Name(ev.Said))
			}
			if !open {
				return nil
			}
		case <-end:
			hangUp()
			return nil
		case <-over:
			hangUp()
			if taken {
				return nil
			}
			return fault.Wrap(ctx.Err(), fault.NetworkError, "line.code-unanswered", code)
		}
	}
}
