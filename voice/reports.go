package voice

import (
	"time"

	"offhook/voice/line/subscriber"
)

// qualityEvery is how often the quality of a call is reported.
const qualityEvery = 10 * time.Second

func (c *Client) head(kind string) subscriber.ReportHead {
	return subscriber.ReportHead{Type: kind, At: c.clock.Now().UTC(), Version: Version}
}

func (c *Call) head(kind string) subscriber.ReportHead {
	h := c.client.head(kind)
	h.SessionID, h.CallID = c.details.SessionID, c.id
	return h
}

// reportQuality reports the quality now and from now on.
func (c *Call) reportQuality() {
	if !c.details.State.Answered() {
		return
	}
	c.timers.set(timerQuality, qualityEvery, c.reportQuality)
	if c.media == nil || c.held() {
		return
	}
	c.line.Report(subscriber.QualityReport{ReportHead: c.head("quality"), Quality: subscriber.QualityOf(c.measure(c.details.Direction).Statistics)})
}

// reportEnd reports the call's end. was is the state that it ended in.
func (c *Call) reportEnd(was State, by string) {
	r := subscriber.CallReport{
		ReportHead: c.head("call"),
		Direction:  string(c.details.Direction),
		EndedIn:    string(was), EndedBy: by,
		EndReason: string(c.details.EndReason), Status: c.details.Status,
		DurationS: c.details.Duration(c.details.Ended).Seconds(),
		Renewals:  c.supervision.renewals,
		SetupMs:   c.setup.Times(c.details.Direction == Outgoing),
	}
	if s := c.final.Load(); s != nil {
		q := subscriber.QualityOf(s.Statistics)
		r.Quality = &q
	}
	c.line.Report(r)
}
