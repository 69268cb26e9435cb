package voice

import "offhook/voice/media"

// WithNetwork makes the media of calls use another network than the machine's.
func WithNetwork(n media.Network) Option {
	return func(s *settings) { s.media = realMedia{log: s.log, network: n} }
}

// OfferTime is how long the user has to decide about a far side's transfer.
const OfferTime = offerTime
