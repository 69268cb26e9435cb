package voice

import (
	"offhook/voice/line"
	"offhook/voice/media"
)

// WithNetwork makes the media of calls use another network than the machine's.
func WithNetwork(n media.Network) Option {
	return func(s *settings) {
		s.newSession = func(spec line.MediaSpec) (media.Session, error) { return line.NewMedia(spec, n, s.log) }
	}
}

// OfferTime is how long the user has to decide about a far side's transfer.
const OfferTime = offerTime

// RenewMedia renews the media of a call at once.
func RenewMedia(c *Call) { c.queue.Post(c.renewNow) }
