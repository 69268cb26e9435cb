package sip

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/crash"
)

// maxGlare limits how often a re-INVITE that met another is sent again.
const maxGlare = 6

// Reinvite sends a new offer and returns the far side's answer (RFC 3261,
// section 14.1). If the far side makes an offer at the same moment (491) it
// waits and tries again. A *StatusError is a refusal that leaves the session as
// it was; after a 481 or a 408 the dialog has ended. When ctx ends the offer is
// taken back by a CANCEL, as far as that is still possible.
func (d *Dialog) Reinvite(ctx context.Context, offer string) (answer string, err error) {
	for try := 1; ; try++ {
		if err := d.takeOffer(ctx); err != nil {
			return "", err
		}
		answer, err := d.reinvite(ctx, offer)
		var refused *StatusError
		if !errors.As(err, &refused) || refused.Status != sipmsg.StatusRequestPending || try >= maxGlare {
			return answer, err
		}
		select {
		case <-time.After(glareDelay(d.invite != nil)):
		case <-ctx.Done():
			return "", errors.Join(ctx.Err(), err)
		case <-d.done:
			return "", ErrDialogEnded
		}
	}
}

// glareDelay is how long to wait after a 491: 2.1 to 4 s for the side that made
// the Call-ID, 0 to 2 s for the other, in steps of 10 ms.
func glareDelay(owner bool) time.Duration {
	const step = 10 * time.Millisecond
	if owner {
		return 2100*time.Millisecond + step*time.Duration(rand.IntN(191))
	}
	return step * time.Duration(rand.IntN(201))
}

// takeOffer waits until no other offer is open.
func (d *Dialog) takeOffer(ctx context.Context) error {
	select {
	case d.offer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-d.done:
		return ErrDialogEnded
	}
	d.mu.Lock()
	d.weOffer = true
	d.mu.Unlock()
	return nil
}

func (d *Dialog) releaseOffer() {
	d.mu.Lock()
	d.weOffer = false
	d.mu.Unlock()
	<-d.offer
}

type reinviteResult struct {
	answer string
	err    error
}

// reinvite runs one re-INVITE. Its transaction is followed to the end even if
// the caller goes away, because a 2xx must be acknowledged.
func (d *Dialog) reinvite(ctx context.Context, offer string) (string, error) {
	d.mu.Lock()
	f, err := d.current()
	d.mu.Unlock()
	if err == nil && !f.enter() {
		err = ErrFlowLost
	}
	if err != nil {
		d.releaseOffer()
		return "", err
	}
	result := make(chan reinviteResult, 1)
	go func() {
		defer crash.Guard()
		defer f.leave()
		answer, err := d.runReinvite(ctx, f, offer)
		result <- reinviteResult{answer, err}
	}()
	select {
	case r := <-result:
		return r.answer, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (d *Dialog) runReinvite(ctx context.Context, f *Flow, offer string) (string, error) {
	release := sync.OnceFunc(d.releaseOffer)
	defer release()
	var a attempt
	for {
		d.mu.Lock()
		d.seq++
		req := d.build(f, sipmsg.INVITE, d.seq)
		for _, h := range d.sessionHeaders() {
			req.AppendHeader(h)
		}
		d.mu.Unlock()
		req.AppendHeader(sipmsg.NewHeader("Allow", allowed))
		req.AppendHeader(sipmsg.NewHeader("Accept", accepted))
		setBody(req, sdpType, offer)
		res, err := d.followReinvite(ctx, f, req, release)
		if errors.Is(err, ErrTimeout) {
			d.endUnknown(sipmsg.StatusRequestTimeout, nil)
		}
		if err != nil {
			return "", err
		}
		again, err := d.judge(f, res, &a)
		if again && ctx.Err() == nil {
			continue
		}
		if err != nil || again {
			return "", errors.Join(err, ctx.Err())
		}
		d.mu.Lock()
		d.localSDP = offer
		d.agreeSession(res)
		d.mu.Unlock()
		answer, _ := description(res)
		return answer, nil
	}
}

// followReinvite sends the request and waits for its final response. A 2xx is
// acknowledged, and the offer over by release, before anything that comes after it
// is handled.
func (d *Dialog) followReinvite(ctx context.Context, f *Flow, req *sipmsg.Request, release func()) (*sipmsg.Response, error) {
	type outcome struct {
		res *sipmsg.Response
		err error
	}
	final := make(chan outcome, 1)
	proceeding := make(chan struct{})
	proceeds := sync.OnceFunc(func() { close(proceeding) })
	var ack *sipmsg.Request
	f.creds.sign(req)
	tx := f.newClientTx(req, func(res *sipmsg.Response, err error) {
		switch {
		case err == nil && res.IsProvisional():
			proceeds()
			return
		case err == nil && res.IsSuccess() && ack != nil:
			_ = f.send(ack) // it came once more
			return
		case err == nil && res.IsSuccess():
			d.refresh(res.Contact())
			d.identify(res)
			d.mu.Lock()
			ack = d.ackFor(f, req)
			d.mu.Unlock()
			_ = f.send(ack)
			release()
		case err == nil && res.StatusCode != sipmsg.StatusUnauthorized && res.StatusCode != sipmsg.StatusProxyAuthRequired:
			release()
		}
		select {
		case final <- outcome{res, err}:
		default:
		}
	})
	if err := tx.start(); err != nil {
		return nil, err
	}
	limit := time.NewTimer(2 * transactionTime)
	defer limit.Stop()
	wait, may := ctx.Done(), (chan struct{})(nil)
	for {
		select {
		case o := <-final:
			return o.res, o.err
		case <-wait:
			wait, may = nil, proceeding
		case <-may: // a CANCEL needs a provisional response (RFC 3261, section 9.1)
			may = nil
			f.cancel(tx)
		case <-limit.C:
			tx.terminate()
			return nil, ErrTimeout
		case <-d.done:
			tx.terminate()
			return nil, ErrDialogEnded
		}
	}
}
