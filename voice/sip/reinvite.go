package sip

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
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
		case <-time.After(glareDelay(true)):
		case <-ctx.Done():
			return "", ctx.Err()
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
		defer f.leave()
		answer, err := d.runReinvite(ctx, f, offer)
		d.releaseOffer()
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
		setBody(req, sdpType, offer)
		res, err := d.followReinvite(ctx, f, req)
		if errors.Is(err, ErrTimeout) {
			d.gone(sipmsg.StatusRequestTimeout, nil)
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
		return string(res.Body()), nil
	}
}

// followReinvite sends the request and waits for its final response, which it
// acknowledges if it is a 2xx.
func (d *Dialog) followReinvite(ctx context.Context, f *Flow, req *sipmsg.Request) (*sipmsg.Response, error) {
	tx, err := f.begin(ctx, req)
	if err != nil {
		return nil, err
	}
	limit := time.NewTimer(2 * transactionTime)
	defer limit.Stop()
	wait, proceeding, cancelled := ctx.Done(), false, false
	for {
		select {
		case res := <-tx.Responses():
			if res.IsProvisional() {
				proceeding = true
				if cancelled {
					cancelled = false
					f.cancel(req)
				}
				continue
			}
			if res.IsSuccess() {
				d.ackReinvite(f, tx, req, res)
			}
			return res, nil
		case <-wait:
			wait = nil
			if cancelled = !proceeding; proceeding {
				f.cancel(req)
			}
		case <-limit.C:
			tx.Terminate()
			return nil, ErrTimeout
		case <-d.done:
			tx.Terminate()
			return nil, ErrDialogEnded
		case <-tx.Done():
			if errors.Is(tx.Err(), sipmsg.ErrTransactionTimeout) {
				return nil, ErrTimeout
			}
			return nil, ErrFlowLost
		}
	}
}

func (d *Dialog) ackReinvite(f *Flow, tx *sipmsg.ClientTx, req *sipmsg.Request, res *sipmsg.Response) {
	d.refresh(res.Contact())
	d.mu.Lock()
	ack := d.ackFor(f, req)
	d.mu.Unlock()
	_ = f.transport.WriteMsg(ack)
	tx.OnRetransmission(func(*sipmsg.Response) { _ = f.transport.WriteMsg(ack.Clone()) })
}

// cancel sends the CANCEL of a request and waits for its answer by itself.
func (f *Flow) cancel(req *sipmsg.Request) {
	if !f.enter() {
		return
	}
	go func() {
		defer f.leave()
		ctx, stop := context.WithTimeout(context.Background(), transactionTime)
		defer stop()
		_, _ = f.finalUnsigned(ctx, cancelOf(req))
	}()
}
