package screen

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// PageTransfer asks to whom a call is handed.
const PageTransfer Page = "transfer"

// transferShown bounds how many people are drawn; a search finds the others.
const transferShown = 50

// Transfer is the page that hands the call to somebody else: at once, or once
// they have been asked. How each stands is shown live; the order of the list and the
// row that is chosen stay while nothing is typed.
type Transfer struct {
	*frame
	To     *widget.Field
	erase  *widget.IconButton
	Ask    *widget.PillButton
	Go     *widget.PillButton
	banner *widget.Banner

	list   *fyne.Container
	hint   *fyne.Container
	rows   []*colleagueRow
	chosen int

	mark    *widget.Icon
	to      *widget.Text
	stands  *widget.Text
	warning *widget.Text

	busy     bool
	callID   string
	revision int
	view     View
}

// NewTransfer returns the page.
func NewTransfer(env *Env) *Transfer {
	t := &Transfer{chosen: -1, revision: -1}
	in := widget.NewInput(env.T("Transfer to"), env.T("Name, number or queue"))
	t.erase = widget.NewIconButton(env.T("Clear the search"), theme.Close, theme.Text2, env.Tips, func() { in.SetText(""); env.focus(in) })
	t.erase.Hide()
	t.To = widget.NewField(in, 44, t.erase, nil)
	t.To.SetLead(theme.Search)
	in.OnChanged = func(string) { t.fill() }
	in.OnSubmitted = func(string) { t.enter() }
	in.OnKey = t.key
	t.banner = widget.NewBanner(widget.ToneDanger, theme.ErrorIcon, "", "")
	t.banner.Hide()
	t.Ask = widget.NewPill(env.T("Ask first"), theme.Phone, widget.Accent, widget.HeightButton, t.ask)
	t.Go = widget.NewPill(env.T("Transfer now"), theme.Send, widget.Plain, widget.HeightButton, t.Now)
	t.Go.Guard(env.Now)
	t.list = container.NewStack()
	t.hint = widget.Inset(8, 4, 0, 4, widget.Row(widget.NewIcon(theme.Keyboard, theme.Text2, 16), widget.Gap(8),
		widget.Grow(widget.NewText(env.T("Arrow keys choose. Enter asks first, {keys} transfers now.", "keys", env.KeyName(env.T("Enter"))),
			widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true}))))
	t.mark = widget.NewIcon("", theme.Text2, 18)
	t.to = widget.NewText("", widget.Style{Bold: true})
	t.stands = caption("")
	t.warning = widget.NewText(env.T("May not be answered."), widget.Style{Size: theme.SizeCaption, Role: theme.WarningInk})
	foot := widget.Column(widget.Row(t.mark, widget.Gap(8), t.to, widget.Gap(6), t.stands, widget.Flex(0)), t.warning, widget.Gap(10), widget.Equal(8, t.Ask, t.Go))
	t.frame = newFrame(env, env.T("Transfer"), PageNone, nil, widget.Column(t.banner, t.To, widget.Gap(4), t.list, t.hint), foot)
	return t
}

// Focus puts the keyboard into the field.
func (t *Transfer) Focus() { t.env.focus(t.To.Input) }

// Render draws the page. Without a call there is nothing to hand on.
func (t *Transfer) Render(v View) {
	t.view = v
	t.render(v)
	if v.Call == nil {
		t.callID = ""
		return
	}
	if v.Call.ID != t.callID {
		t.callID, t.busy = v.Call.ID, false
		t.banner.Hide()
		t.To.SetText("")
		t.fill()
	}
	t.setTitle(t.env.T("Transfer {name}", "name", callName(v.Call)))
	if v.ColleaguesRevision != t.revision {
		t.stand()
	}
	for _, r := range t.rows {
		r.render(t.env, v.Now)
	}
	t.renderFoot()
}

// fill makes the list for what is typed.
func (t *Transfer) fill() {
	if t.view.Snapshot == nil {
		return
	}
	text := strings.TrimSpace(t.To.Input.Text)
	setVisible(t.erase, text != "")
	t.revision = t.view.ColleaguesRevision
	found := t.env.Phone.Directory(text)
	matches := len(found)
	if text != "" && t.env.Phone.CheckNumber(text) == nil && !holds(found, text) {
		found = append(found, app.Colleague{Number: text})
	}
	if text == "" {
		byGroup(t.env, found)
	}
	t.rows, t.chosen = nil, -1
	var parts, card []fyne.CanvasObject
	group := ""
	flush := func() {
		if len(card) > 0 {
			parts = append(parts, widget.CardOf(card...))
			card = nil
		}
	}
	if text != "" && matches > 0 {
		parts = append(parts, heading(t.env.T("{n} matches", "n", matches)))
	}
	for i, c := range found {
		if i == transferShown {
			break
		}
		if i == matches { // what is typed, as it is
			flush()
			parts = append(parts, widget.Gap(8))
		}
		if g := groupOf(t.env, c); text == "" && g != group {
			flush()
			group = g
			parts = append(parts, widget.Gap(8), heading(g))
		}
		r := newColleagueRow(t.env, c, text, func() { t.choose(i) })
		t.rows = append(t.rows, r)
		card = append(card, r.row)
	}
	flush()
	if n := len(found) - transferShown; n > 0 {
		parts = append(parts, widget.Gap(8), caption(t.env.T("{n} more. Search to find them.", "n", n)))
	}
	var members []widget.Grouped
	for _, r := range t.rows {
		members = append(members, r.row)
		r.render(t.env, t.view.Now)
	}
	widget.NewGroup(1, members...)
	t.list.Objects = []fyne.CanvasObject{widget.Column(parts...)}
	t.list.Refresh()
	if text != "" && len(t.rows) > 0 {
		t.choose(0)
	}
	t.renderFoot()
	widget.Relayout(t.object)
}

// holds reports whether somebody found has a number.
func holds(found []app.Colleague, number string) bool {
	for _, c := range found {
		if strings.EqualFold(c.Number, number) || strings.EqualFold(c.Subscriber, number) {
			return true
		}
	}
	return false
}

// byGroup puts those of a group together, the groups in the order of their first.
func byGroup(e *Env, list []app.Colleague) {
	rank := map[string]int{}
	for _, c := range list {
		if g := groupOf(e, c); rank[g] == 0 {
			rank[g] = len(rank) + 1
		}
	}
	slices.SortStableFunc(list, func(a, b app.Colleague) int { return rank[groupOf(e, a)] - rank[groupOf(e, b)] })
}

// groupOf is the heading under which somebody stands.
func groupOf(e *Env, c app.Colleague) string {
	switch {
	case c.Favourite:
		return e.T("Favourites")
	case c.Group == "":
		return e.T("Colleagues")
	}
	return c.Group
}

// stand shows how everybody in the list stands now; nobody moves.
func (t *Transfer) stand() {
	t.revision = t.view.ColleaguesRevision
	by := map[string]app.Colleague{}
	for _, c := range t.env.Phone.Directory(strings.TrimSpace(t.To.Input.Text)) {
		by[c.Number] = c
	}
	for _, r := range t.rows {
		if c, ok := by[r.who.Number]; ok {
			r.who = c
		}
	}
}

// choose marks the row of somebody.
func (t *Transfer) choose(i int) {
	t.chosen = i
	for n, r := range t.rows {
		r.row.SetMarked(n == i)
		setVisible(r.cap, n == i && strings.TrimSpace(t.To.Input.Text) != "")
	}
	t.renderFoot()
}

// target is who is chosen.
func (t *Transfer) target() (app.Colleague, bool) {
	if t.chosen < 0 || t.chosen >= len(t.rows) {
		return app.Colleague{}, false
	}
	return t.rows[t.chosen].who, true
}

// key moves the choice from within the field.
func (t *Transfer) key(e *fyne.KeyEvent) bool {
	step := 1
	switch e.Name {
	case fyne.KeyUp:
		step = -1
	case fyne.KeyDown:
	default:
		return false
	}
	if n := t.chosen + step; n >= 0 && n < len(t.rows) {
		t.choose(n)
		t.reveal(t.rows[n].row)
	}
	return true
}

// renderFoot says to whom the call would go, and what can be done.
func (t *Transfer) renderFoot() {
	e, v := t.env, t.view
	if v.Snapshot == nil || v.Call == nil {
		return
	}
	c, ok := t.target()
	setVisible(t.mark, ok && c.Presence != "")
	setVisible(t.stands, ok && c.Presence != "")
	away := ok && isAway(c)
	setVisible(t.warning, away)
	may := ok && !t.busy && transferable(v)
	setVisible(t.Ask, can(v.Call, app.AbilityConsult))
	t.Ask.SetEnabled(may && !away)
	t.Go.SetEnabled(may)
	t.Ask.SetLabel(e.T("Ask first"))
	tip := e.T("{caller} waits on hold while you talk to them.", "caller", callName(v.Call))
	t.Go.SetTip(e.Tips, e.T("{caller} goes straight there. Your part ends.", "caller", callName(v.Call)))
	if !ok {
		t.to.SetText(e.T("Choose a person, or type a number."))
		t.Ask.SetTip(e.Tips, tip)
		return
	}
	name := nameOf(c.Name, c.Number)
	t.to.SetText(e.T("To {name}", "name", name))
	g, ink, word := e.presence(c)
	t.mark.Set(g, ink)
	t.stands.SetText("· " + word)
	if away {
		tip = e.T("{name} takes no calls now", "name", firstName(name))
		switch c.Presence {
		case "offline":
			tip = e.T("{name} is offline", "name", firstName(name))
		case "break":
			tip = e.T("{name} is on a break", "name", firstName(name))
		}
		t.Ask.SetLabel(e.T("Ask first") + ". " + tip)
	}
	t.Ask.SetTip(e.Tips, tip)
}

// isAway reports whether a call would not reach somebody.
func isAway(c app.Colleague) bool {
	switch c.Presence {
	case "offline", "break", "dnd", "after_call_work":
		return true
	}
	return false
}

// presence is how somebody stands: an icon and a word, none where nothing is known.
func (e *Env) presence(c app.Colleague) (theme.Glyph, fyne.ThemeColorName, string) {
	switch c.Presence {
	case "":
		return "", theme.Text2, ""
	case "in_call":
		return theme.Phone, theme.AccentInk, e.T("In a call")
	case "ringing":
		return theme.Phone, theme.AccentInk, e.T("Ringing")
	case "offline":
		return theme.CloudOff, theme.Text2, e.T("presence::Offline")
	}
	l := e.availability(app.Availability(c.Presence))
	ink := l.Ink
	if c.Presence == "break" || c.Presence == "after_call_work" {
		ink = theme.Text2
	}
	return l.Glyph, ink, e.stateWord(app.Availability(c.Presence), c.Reason)
}

// enter asks the one who is chosen, or hands the call over where nobody can be asked.
func (t *Transfer) enter() {
	if t.Ask.Visible() && t.Ask.Enabled() {
		t.ask()
	} else if !t.Ask.Visible() {
		t.Now()
	}
}

func (t *Transfer) ask() { t.hand(t.env.Phone.Consult) }

// Now hands the call over at once.
func (t *Transfer) Now() { t.hand(t.env.Phone.Transfer) }

// hand gives the call on by one of the two ways.
func (t *Transfer) hand(way func(ctx context.Context, id, target string) error) {
	c, ok := t.target()
	if t.busy || !ok || !transferable(t.view) {
		return
	}
	t.busy = true
	t.renderFoot()
	id, target := t.callID, c.Number
	t.env.lineWork(func(ctx context.Context) error { return way(ctx, id, target) }, func(problem string) {
		t.busy = false
		t.renderFoot()
		if problem != "" {
			t.banner.Set(problem, "")
			setVisible(t.banner, true)
			widget.Relayout(t.object)
			return
		}
		t.env.Open(PageNone)
	})
}

// transferable reports whether the call can be handed on now.
func transferable(v View) bool {
	c := v.Call
	return can(c, app.AbilityTransfer) && c.Established != nil && (c.Transfer == nil || c.Transfer.Final) && !c.Consultation.Active()
}

// routeWord says how a call came here, or where it goes, if that is not plain.
func (e *Env) routeWord(c *app.Call) string {
	switch {
	case c.Diverted != "":
		return e.T("Diverted by {name}", "name", c.Diverted)
	case c.TransferredBy != "":
		return e.T("Transferred by {name}", "name", c.TransferredBy)
	case c.RedirectedTo != "":
		return e.T("Redirected to {name}", "name", c.RedirectedTo)
	}
	return ""
}

// colleagueRow is the row of somebody to whom a call can be handed.
type colleagueRow struct {
	who  app.Colleague
	row  *widget.TapRow
	face *widget.Presence
	word *widget.Text
	cap  *widget.KeyCap
	// drawn is what the row says of them.
	drawn string
}

func newColleagueRow(env *Env, c app.Colleague, text string, choose func()) *colleagueRow {
	r := &colleagueRow{who: c, word: caption(""), cap: widget.NewKeyCap(env.T("Enter"))}
	name := nameOf(c.Name, c.Number)
	r.face = widget.NewPresence(name, 36)
	r.cap.Hide()
	before, match, after := found(name, text)
	title := widget.Row(widget.NewText(before, widget.Style{}), widget.NewText(match, widget.Style{Bold: true}), widget.NewText(after, widget.Style{}))
	line := []fyne.CanvasObject{r.face, widget.Gap(12), widget.Grow(widget.Column(title, r.word)), widget.Gap(8), r.cap}
	if c.Favourite {
		line = append(line, widget.Gap(8), widget.NewIcon(theme.StarFilled, theme.Warning, 18))
	}
	r.row = widget.NewTapRow("", widget.Row56, widget.Inset(0, 12, 0, 12, widget.Row(line...)), choose)
	return r
}

// render shows how they stand now.
func (r *colleagueRow) render(e *Env, now time.Time) {
	c := r.who
	g, ink, word := e.presence(c)
	r.face.Set(g, ink)
	parts := []string{}
	if word != "" {
		parts = append(parts, word)
	}
	if c.Since != nil && c.Presence == "break" {
		parts = append(parts, e.span(now.Sub(*c.Since)))
	}
	switch {
	case c.Group != "" && !c.Favourite:
		parts = append(parts, c.Group)
	case c.Presence == "" && c.Name != "":
		parts = append(parts, Number(c.Number))
	case c.Name == "":
		parts = append(parts, e.T("direct number"))
	}
	text := strings.Join(parts, " · ")
	if text == r.drawn {
		return
	}
	r.drawn = text
	r.word.SetText(text)
	r.row.SetLabel(nameOf(c.Name, c.Number) + ". " + text)
}
