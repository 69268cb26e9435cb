package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/voice"
)

// The phone is back on Dial at once, and its banner tells how each call ended.
func TestHowACallEnded(t *testing.T) {
	type ended = func(*app.EndedCall)
	incoming := func(c *app.EndedCall) { c.Direction = "INCOMING" }
	for _, c := range []struct {
		reason   voice.EndReason
		answered bool
		change   ended
		want     []string
		action   string
	}{
		{reason: "LOCAL_HANGUP", answered: true, want: []string{"You hung up", "12 min 48 s"}, action: "Rate sound"},
		{reason: "REMOTE_HANGUP", answered: true, want: []string{"Priya Nair hung up"}, action: "Rate sound"},
		{reason: "MEDIA_TIMEOUT", answered: true, want: []string{"The sound was lost"}, action: "Rate sound"},
		{reason: "FAILURE", answered: true, want: []string{"The call failed"}, action: "Rate sound"},
		{reason: "REMOTE_HANGUP", answered: true, change: func(c *app.EndedCall) { c.DurationS = 9 }, want: []string{"Priya Nair hung up", "9 s"}, action: "Call Priya Nair"},
		{reason: "LOCAL_HANGUP", answered: true, change: func(c *app.EndedCall) { c.TransferredTo = "9972045510" }, want: []string{"Priya Nair is with Tom Becker now"}, action: "Rate sound"},
		{reason: "BUSY", want: []string{"Priya Nair is busy"}, action: "Call Priya Nair"},
		{reason: "TIMEOUT", want: []string{"No answer"}, action: "Call Priya Nair"},
		{reason: "REMOTE_HANGUP", want: []string{"Priya Nair declined"}, action: "Call Priya Nair"},
		{reason: "UNREACHABLE", want: []string{"Priya Nair couldn’t be reached"}, action: "Call Priya Nair"},
		{reason: "LOCAL_HANGUP", want: []string{"You cancelled"}, action: "Call Priya Nair"},
		{reason: "INVALID_DIAL_INFO", want: []string{"This number can’t be called"}},
		{reason: "THROTTLED", want: []string{"Too many calls on your account", "Try again in a minute."}, action: "Call Priya Nair"},
		{reason: "NONE", want: []string{"The call failed"}, action: "Call Priya Nair"},
		{reason: "TIMEOUT", change: func(c *app.EndedCall) { incoming(c); c.Missed, c.RangS = true, 22 }, want: []string{"Missed: Priya Nair", "Rang 22 s"}, action: "Call Priya Nair"},
		{reason: "REMOTE_HANGUP", change: func(c *app.EndedCall) { incoming(c); c.Missed = true }, want: []string{"Missed: Priya Nair"}, action: "Call Priya Nair"},
		{reason: "LOCAL_HANGUP", change: incoming, want: []string{"You declined Priya Nair"}, action: "Call Priya Nair"},
		{reason: "REMOTE_HANGUP", change: incoming, want: []string{"Priya Nair", "Answered on another phone"}},
	} {
		t.Run(string(c.reason)+" "+c.want[0], func(t *testing.T) {
			snap := madeEnded(c.reason, c.answered)
			if c.change != nil {
				c.change(snap.LastCall)
			}
			s := newHarness(t, snap)
			if s.screenName() != "dial" {
				t.Errorf("the window shows %q", s.screenName())
			}
			for _, want := range c.want {
				if !s.shows(want) {
					t.Errorf("the banner does not say %q", want)
				}
			}
			switch c.action {
			case "":
			case "Rate sound":
				s.tap(c.action)
				s.expect("")
			default:
				s.tap(c.action)
				s.expect("dial:9845012345")
			}
			s.tap("Close")
			s.expect("dismiss-ended")
			if s.shows(c.want[0]) && c.want[0] != "Priya Nair" {
				t.Error("the banner stays")
			}
		})
	}
}

// The banner goes by itself, when a number is typed, and when the next call begins.
func TestTheBannerIsNoTrap(t *testing.T) {
	s := newHarness(t, madeEnded("BUSY", false))
	later := s.view()
	later.Now = later.Now.Add(19 * time.Second)
	s.render(later)
	if !s.shows("is busy") {
		t.Error("the banner goes too soon")
	}
	later.Now = later.Now.Add(2 * time.Second)
	s.render(later)
	if s.shows("is busy") {
		t.Error("the banner stays for more than 20 s")
	}
	s.expect("dismiss-ended")

	s = newHarness(t, madeEnded("BUSY", false))
	s.typed("1800")
	if s.shows("is busy") || s.dial.Field.Input.Text != "1800" {
		t.Errorf("typing leaves the banner, with %q in the field", s.dial.Field.Input.Text)
	}
	s.press(fyne.KeyReturn)
	s.expect("dismiss-ended dial:1800")
	ring := madeEnded("BUSY", false)
	ring.Call = &app.Call{ID: "x", Direction: "INCOMING", State: "INCOMING", RemoteID: "bob", Started: madeNow}
	s.show(ring)
	if s.screenName() != "incoming" {
		t.Errorf("a ring shows %q", s.screenName())
	}
}

// A rating is sent once: when an issue is chosen, by itself after a while, or when
// the banner is closed.
func TestFeedback(t *testing.T) {
	rate := func() *harness {
		s := newHarness(t, madeEnded("REMOTE_HANGUP", true))
		s.tap("Rate sound")
		s.press(fyne.KeyRight) // moves the focus and rates nothing
		s.expect("")
		return s
	}
	s := rate()
	s.tap("Rating 2, Bad")
	s.tap("Choppy sound")
	s.expect("feedback:2:CHOPPY_AUDIO: dismiss-ended")
	for _, due := range s.run.later {
		due()
	}
	s.expect("")

	s = rate()
	s.tap("Rating 4, Good")
	s.tap("Rating 5, Excellent")
	s.run.later[len(s.run.later)-1]()
	s.expect("feedback:5:NO_ISSUE: dismiss-ended")

	s = rate()
	s.tap("Rating 1, Unusable")
	s.tap("Close")
	s.expect("feedback:1:NO_ISSUE: dismiss-ended")

	rated := madeEnded("REMOTE_HANGUP", true)
	rated.FeedbackDue = false
	if s = newHarness(t, rated); s.shows("Rate sound") {
		t.Error("a call that was rated is asked about again")
	}
	s.open(screen.PageFeedback)
	s.tap("Rating 3, Average")
	s.tap("Echo")
	s.pages[screen.PageFeedback].(*screen.Feedback).Rating.Note.Input.SetText("since lunch")
	s.tap("Done")
	s.expect("feedback:3:ECHO:since lunch")
}
