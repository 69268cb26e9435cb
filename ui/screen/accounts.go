package screen

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/line/sipaccount"
)

// The pages of the SIP accounts: the list, and one account.
const (
	PageAccounts   Page = "accounts"
	PageSIPAccount Page = "sip-account"
)

// Accounts is the page that lists the SIP accounts and how they stand.
type Accounts struct {
	*frame
	list   *fyne.Container
	Rows   []*widget.TapRow
	states []*widget.StatusRow
	Add    *widget.PillButton
	hint   *widget.Text
	way    *fyne.Container
	ways   *widget.Selector
	choice []string
	shown  string
	form   *SIPAccount
	set    app.Settings
}

// NewAccounts returns the list and the page of one account, which belong
// together.
func NewAccounts(env *Env) (*Accounts, *SIPAccount) {
	a := &Accounts{list: widget.Column(), form: newSIPAccount(env)}
	a.hint = widget.NewText(env.T("Use Offhook with your own phone system, such as Asterisk or FreeSWITCH."),
		widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true, Leading: 1.4})
	a.Add = widget.NewPill(env.T("Add a SIP account"), theme.Plus, widget.Plain, widget.HeightButton, func() { a.open("") })
	a.ways = widget.NewSelector(env.T("Call with"), theme.Phone, a.choose)
	a.way = widget.Column(widget.Gap(16), heading(env.T("Call with")), widget.Gap(6), a.ways)
	body := widget.Column(a.list, a.hint, widget.Gap(12), a.Add, a.way)
	a.frame = newFrame(env, env.T("SIP accounts"), PageSettings, nil, body, nil)
	return a, a.form
}

func (a *Accounts) open(id string) {
	a.form.begin(a.set, id)
	a.env.Open(PageSIPAccount)
}

// Render draws the page.
func (a *Accounts) Render(v View) {
	a.render(v)
	a.set = v.Settings
	a.up = PageSettings
	if v.Account.State != app.SignedIn {
		a.up = PageSignIn
	}
	ids := ""
	for _, l := range v.Lines {
		ids += l.ID + "\n"
	}
	if ids != a.shown || len(a.states) != len(v.Lines) {
		a.shown = ids
		a.build(v.Lines)
	}
	for i, l := range v.Lines {
		text, word, g, tone := a.env.lineLook(l, v.Now)
		a.states[i].Set(g, text, word, tone)
		a.Rows[i].SetLabel(a.states[i].AccessibilityLabel())
	}
	setVisible(a.hint, len(v.Lines) == 0)
	a.showWays(v)
	widget.Relayout(a.object)
}

func (a *Accounts) build(lines []app.Line) {
	a.Rows, a.states, a.list.Objects = nil, nil, nil
	var rows []fyne.CanvasObject
	for _, l := range lines {
		state := widget.NewStatusRow(theme.Phone, strings.TrimPrefix(l.Address, "sip:"))
		row := widget.NewTapRow(l.ID, widget.Row56, state, func() { a.open(l.ID) })
		a.states, a.Rows = append(a.states, state), append(a.Rows, row)
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		a.list.Objects = []fyne.CanvasObject{widget.CardOf(rows...), widget.Gap(12)}
	}
}

// showWays shows over which line calls go out, where there is a choice.
func (a *Accounts) showWays(v View) {
	a.choice = []string{""}
	word := a.env.T("Automatic")
	for _, l := range v.Lines {
		if l.State == app.LineOff {
			continue
		}
		a.choice = append(a.choice, l.ID)
		if v.Settings.Calls.DefaultLine == l.ID {
			word = l.ID
		}
	}
	a.ways.Set(word)
	// With one account and no subscriber there is nothing to choose.
	setVisible(a.way, len(a.choice) > 2 || len(a.choice) == 2 && v.Account.AccountSID != "")
}

func (a *Accounts) choose() {
	names, chosen := []string{a.env.T("Automatic")}, 0
	for i, id := range a.choice[1:] {
		names = append(names, id)
		if a.set.Calls.DefaultLine == id {
			chosen = i + 1
		}
	}
	ids := a.choice
	a.env.choose(a.ways, names, chosen, func(i int) {
		a.env.Update(func(s *app.Settings) { s.Calls.DefaultLine = ids[i] })
	})
}

// lineLook is how a line is shown: a sentence, a word, and its tone.
func (e *Env) lineLook(l app.Line, now time.Time) (text, word string, g theme.Glyph, tone widget.Tone) {
	switch {
	case l.State == app.LineOff:
		return e.T("Switched off"), e.T("line::Off"), theme.Phone, widget.ToneInfo
	case l.State == string(sipaccount.Registered):
		text = e.T("Since {time}", "time", hhmm(l.Since))
		if l.Messages {
			text = e.T("Voice messages are waiting")
			if l.NewMessages > 0 {
				text = e.T("New voice messages: {n}", "n", l.NewMessages)
			}
		}
		return text, e.T("Registered"), theme.Phone, widget.ToneGood
	case l.Err == nil:
		return e.T("Registering…"), "", theme.Sync, widget.ToneInfo
	case l.State == string(sipaccount.Terminated):
		return e.Words.Say(l.Err.Message), e.T("Refused"), theme.Lock, widget.ToneDanger
	default:
		text = e.Words.Say(l.Err.Message)
		if l.RetryAt != nil && l.RetryAt.After(now) {
			text += " " + e.T("Retrying in {n} s.", "n", int(l.RetryAt.Sub(now).Round(time.Second)/time.Second))
		}
		return text, e.T("Not registered"), theme.WifiOff, widget.ToneWarning
	}
}

// accountsWord sums up the SIP accounts for the row that leads to them.
func (e *Env) accountsWord(v View) string {
	on, well := 0, 0
	for _, l := range v.Lines {
		if l.State == app.LineOff {
			continue
		}
		on++
		if l.State == string(sipaccount.Registered) {
			well++
		}
	}
	switch {
	case len(v.Lines) == 0:
		return e.T("None")
	case on == 0:
		return e.T("line::Off")
	case on == well:
		return e.T("Registered")
	default:
		return e.T("Not registered")
	}
}

// otherWay reports whether calls can still be placed although the SIP account of
// a condition is not registered.
func otherWay(v View, c *app.Condition) bool {
	if c == nil || !strings.HasPrefix(c.Name, "sip:") {
		return false
	}
	return ReachOf(v).Out
}
