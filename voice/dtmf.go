package voice

import (
	"context"
	"errors"
	"strings"
	"time"

	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/sip"
)

const (
	// maxDigits bounds what one SendDTMF takes and what a call remembers.
	maxDigits = 256
	// infoPause is between two digits in INFOs, and for ','.
	infoPause  = 100 * time.Millisecond
	commaPause = 2 * time.Second
)

// validDigits reports whether digits are 0-9 * # A-D and ',' for a pause.
func validDigits(digits string) bool {
	if digits == "" || len(digits) > maxDigits {
		return false
	}
	for _, r := range digits {
		if !strings.ContainsRune("0123456789*#ABCD,", r) {
			return false
		}
	}
	return true
}

// earlyMedia reports whether the far side talks to the user before it answers: an
// announcement or a menu that may take digits.
func (c *Call) earlyMedia() bool {
	switch c.details.State {
	case StateEarly:
		return true
	case StateRinging:
		return c.supervision.heard
	}
	return false
}

// sendDTMF sends digits as RFC 4733 events, or by INFO to a far side that takes
// none.
func (c *Call) sendDTMF(digits string) error {
	switch {
	case c.details.State.Answered():
	case c.earlyMedia():
		// Digits need the gate, and nothing else passes it: the microphone is
		// opened by the answer.
		c.media.OpenSend()
	default:
		return notEstablished()
	}
	err := c.media.SendDTMF(digits)
	if !errors.Is(err, media.ErrNoTelephoneEvent) {
		if err != nil {
			return fault.Wrap(err, fault.InternalError, "dtmf.not-sent")
		}
		return nil
	}
	if !c.details.State.Answered() {
		return notEstablished()
	}
	c.informDigits(digits)
	return nil
}

// informDigits sends digits one by one, each after the one before.
func (c *Call) informDigits(digits string) {
	ctx, l := c.ctx, c.leg
	before := c.informing
	done := make(chan struct{})
	c.informing = done
	c.task(func() func() {
		defer close(done)
		if before != nil {
			select {
			case <-before:
			case <-ctx.Done():
				return nil
			}
		}
		for _, d := range digits {
			pause := infoPause
			if d == ',' {
				pause = commaPause
			} else if err := c.informDigit(ctx, l, d); err != nil {
				c.log.Warn("digit not sent", "error", err)
			}
			if !clock.Sleep(ctx, c.client.clock, pause) {
				return nil
			}
		}
		return nil
	})
}

func (c *Call) informDigit(ctx context.Context, l *leg, digit rune) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	contentType, body := sip.DigitInfo(digit)
	return l.dialog.Info(ctx, contentType, body)
}
