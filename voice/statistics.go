package voice

import (
	"offhook/voice/media"
	"offhook/voice/setup"
)

// The MOS from which the quality of a call is good, and from which it is fair.
const (
	GoodMOS = 4.0
	FairMOS = 3.6
)

// Statistics are those of a call (reference, section 1.8) and how long its
// setting-up took.
type Statistics struct {
	media.Statistics
	// CallID is the call that they are of.
	CallID  string      `json:"call_id"`
	SetupMs setup.Times `json:"setup_ms"`
}

// Statistics is a snapshot while the call is there and the last one after its
// end. It fails with NO_CALL before the call was established.
func (c *Call) Statistics() (Statistics, error) {
	if s := c.final.Load(); s != nil {
		return *s, nil
	}
	d := c.Details()
	if d.Established.IsZero() {
		return Statistics{}, notEstablished()
	}
	return c.measure(d.Direction), nil
}

func (c *Call) measure(d Direction) Statistics {
	s := Statistics{CallID: c.id, SetupMs: c.setup.Times(d == Outgoing)}
	if m := c.live.Load(); m != nil {
		s.Statistics = (*m).Statistics()
	}
	return s
}

// keepStatistics takes the last snapshot, before the media is closed.
func (c *Call) keepStatistics() {
	if c.details.Established.IsZero() {
		return
	}
	s := c.measure(c.details.Direction)
	c.final.Store(&s)
}
