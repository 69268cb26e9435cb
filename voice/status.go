package voice

import (
	"time"

	"offhook/voice/fault"
)

// Status says how far the client is able to carry a call. It is a copy.
type Status struct {
	// Initialized is what IsInitialized returns.
	Initialized bool
	// Platform: the platform's interfaces answered when they were last asked.
	Platform Health
	// Profile: the subscriber's profile is there.
	Profile Health
	// ProfileDropped names what the platform's profile says and the phone can't use.
	ProfileDropped []string
	// Flow: the signalling connection is up.
	Flow Health
	// Token: the subscriber's token is accepted or can be renewed.
	Token Health
	// TokenValidUntil is the end of the refresh token's life.
	TokenValidUntil time.Time
	// ClockOffset is how far the platform's clock is ahead of the phone's.
	ClockOffset time.Duration
	// Exophone is the one of the profile, or "".
	Exophone string
	// SIPServer is the URL of the server that the profile names for calls, with the
	// scheme ws or wss, or "".
	SIPServer string
}

// Health is one of the things that a Status tells of.
type Health struct {
	OK bool
	// Since is when OK last changed.
	Since time.Time
	// Err says why not; nil while it is well or not yet known.
	Err *fault.Error
}

func (h *Health) set(now time.Time, ok bool, err error) (changed bool) {
	problem := fault.From(err)
	if ok {
		problem = nil
	}
	changed = h.OK != ok || h.Since.IsZero() || (h.Err == nil) != (problem == nil) ||
		h.Err != nil && !h.Err.Text().Equal(problem.Text())
	if h.OK != ok || h.Since.IsZero() {
		h.Since = now
	}
	h.OK, h.Err = ok, problem
	return changed
}
