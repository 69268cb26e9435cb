package screen

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/readiness"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/line/sipaccount"
)

// LineRows shows how each line stands: a word, the reason, and when the phone
// tries again. There are none while the subscriber's line is the only one and well.
type LineRows struct {
	env  *Env
	box  *fyne.Container
	rows []*widget.StatusRow
}

// NewLineRows returns the rows for a view, nil when there is nothing to tell.
func (e *Env) NewLineRows(v View) *LineRows {
	l := &LineRows{env: e}
	looks := e.lineLooks(v)
	if len(looks) == 0 {
		return nil
	}
	var parts []fyne.CanvasObject
	for _, look := range looks {
		row := widget.NewStatusRow(look.glyph, look.title)
		l.rows = append(l.rows, row)
		parts = append(parts, row)
	}
	l.box = widget.Column(parts...)
	l.Render(v)
	return l
}

// Object is what a menu shows.
func (l *LineRows) Object() fyne.CanvasObject { return l.box }

// Render draws the rows; a line that came since waits for the next opening.
func (l *LineRows) Render(v View) {
	for i, look := range l.env.lineLooks(v) {
		if i < len(l.rows) {
			l.rows[i].Set(look.glyph, look.text, look.word, look.tone)
		}
	}
}

// lineState is how one line is shown.
type lineState struct {
	title, text, word string
	glyph             theme.Glyph
	tone              widget.Tone
}

// lineLooks are the lines of a view, the subscriber's first.
func (e *Env) lineLooks(v View) []lineState {
	if v.Snapshot == nil {
		return nil
	}
	var list []lineState
	worst := Worst(v)
	if worst != nil && strings.HasPrefix(worst.Name, "sip:") {
		worst = nil // it has a row of its own
	}
	if v.Account.AccountSID != "" && (worst != nil || len(v.Lines) > 0) {
		own := lineState{e.T("Your line"), e.T("Since {time}", "time", hhmm(v.AvailableSince)), e.T("Works"), theme.Phone, widget.ToneGood}
		if worst != nil {
			own = lineState{e.T("Your line"), e.retrying(e.Words.Say(worst.Text), worst, v.Now), e.T("Not ready"), theme.WifiOff, widget.ToneDanger}
		} else if since := upSince(v); !since.IsZero() {
			own.text = e.T("Since {time}", "time", hhmm(since))
		}
		list = append(list, own)
	}
	for _, line := range v.Lines {
		text, word, g, tone := e.lineLook(line, v.Now)
		list = append(list, lineState{strings.TrimPrefix(line.Address, "sip:"), text, word, g, tone})
	}
	return list
}

// upSince is since when the subscriber's line has been well.
func upSince(v View) (since time.Time) {
	for _, c := range v.Conditions {
		switch c.Name {
		case readiness.Token, readiness.Profile, readiness.Push, readiness.Platform:
			if c.Since.After(since) {
				since = c.Since
			}
		}
	}
	return since
}

// linesUp counts the lines that are switched on, and those of them that can be
// called.
func linesUp(v View) (up, all int) {
	if v.Account.AccountSID != "" {
		up, all = 1, 1
	}
	for _, l := range v.Lines {
		if l.State == app.LineOff {
			continue
		}
		all++
		if l.State == string(sipaccount.Registered) {
			up++
		}
	}
	return up, all
}

// mailbox sums up the voice messages of all lines: how many are new, 0 when the
// server doesn't count, and what to call to hear them.
func mailbox(v View) (waiting bool, fresh int, call string) {
	if v.Snapshot == nil {
		return false, 0, ""
	}
	for _, l := range v.Lines {
		if !l.Messages || l.State != string(sipaccount.Registered) {
			continue
		}
		waiting = true
		fresh += l.NewMessages
		if call == "" {
			call = l.MessagesAt
		}
	}
	return waiting, fresh, call
}

// shortAddress is the part of a SIP address that a person would dial.
func shortAddress(address string) string {
	user, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(address, "sips:"), "sip:"), "@")
	return user
}
