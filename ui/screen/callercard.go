package screen

import (
	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// PageCaller is the page about the far side of the call.
const PageCaller Page = "caller"

// cardCalls is how many of the calls with a person the card shows.
const cardCalls = 4

// CallerCard is the page about the far side of the call in progress, else of the last
// one: who it is, the whole message, and what there was before.
type CallerCard struct {
	*frame
	face         *widget.Avatar
	name, number *widget.Text
	Copy         *widget.IconButton
	// Customer opens the customer's page in the browser.
	Customer   *widget.IconButton
	way        *widget.Text
	wayRow     fyne.CanvasObject
	Message    *widget.MessageCard
	messageBox *fyne.Container
	noteBox    *fyne.Container
	note       *widget.Text
	calls      *fyne.Container
	none       *widget.Text
	// id is the far side's, revision the call log's when the calls were drawn.
	id       string
	call     *app.Call
	view     View
	revision int
	detail   func(app.CallRecord)
}

// NewCallerCard returns the page; detail opens that of a call of the log.
func NewCallerCard(env *Env, detail func(app.CallRecord)) *CallerCard {
	c := &CallerCard{face: widget.NewAvatar("", 48), name: widget.NewText("", widget.Style{Size: theme.SizeTitle, Bold: true}), number: caption(""),
		way: caption(""), note: widget.NewText("", widget.Style{Wrap: true}), calls: widget.Column(), revision: -1, detail: detail}
	c.Copy = widget.NewRoundButton(env.T("Copy the number"), theme.Copy, theme.Text, theme.Sunken, 44, env.Tips, func() { env.Host.Copy(c.id) })
	c.Customer = widget.NewRoundButton(env.T("Open record"), theme.OpenNew, theme.Text, theme.Sunken, 44, env.Tips, func() { env.openCustomer(c.view, c.call) })
	c.Message = widget.NewMessageCard(12, env.T("more"), env.Host.Copy, func() { widget.Relayout(c.object) })
	c.messageBox = widget.Column(widget.Gap(16), label(env.T("Message")), widget.Gap(6), c.Message)
	c.noteBox = widget.Column(widget.Gap(16), label(env.T("Last note")), widget.Gap(6), widget.NewCard(widget.Inset(12, 14, 12, 14, c.note)))
	c.none = caption(env.T("No calls yet."))
	c.wayRow = widget.Inset(6, 0, 0, 0, c.way)
	head := widget.Row(c.face, widget.Gap(12), widget.Grow(raised(widget.Column(c.name, c.number))), widget.Gap(8), c.Customer, widget.Gap(8), c.Copy)
	body := widget.Column(head, c.wayRow, c.messageBox, widget.Gap(16), label(env.T("Earlier calls")), widget.Gap(6), c.calls, c.none, c.noteBox)
	c.frame = newFrame(env, env.T("Caller"), PageNone, nil, body, nil)
	return c
}

// Render draws the page.
func (c *CallerCard) Render(v View) {
	c.render(v)
	c.view = v
	e := c.env
	id, name, message, way := "", "", "", ""
	switch call := v.Call; {
	case call != nil:
		id, name, message, c.call = call.RemoteID, call.RemoteName, call.Message, call
		if call.Direction == voice.Incoming {
			way = e.routeWord(call)
		}
	case v.LastCall != nil:
		id, name, c.call = v.LastCall.RemoteID, v.LastCall.RemoteName, endedCall(v.LastCall)
	default:
		return // the window shows another page
	}
	title := nameOf(name, id)
	c.face.SetName(title)
	c.name.SetText(title)
	c.number.SetText(e.idUnder(name, id))
	setVisible(c.Customer, e.customerURL(v, c.call) != "")
	c.way.SetText(way)
	setVisible(c.wayRow, way != "")
	c.Message.SetText(message)
	setVisible(c.messageBox, message != "")
	if id != c.id || v.RecentsRevision != c.revision {
		c.id, c.revision = id, v.RecentsRevision
		c.fill(v)
	}
	widget.Relayout(c.object)
}

// fill lists the calls that there were with the far side.
func (c *CallerCard) fill(v View) {
	e := c.env
	var rows []fyne.CanvasObject
	note := ""
	for _, r := range e.Phone.Recents() {
		if r.RemoteID != c.id {
			continue
		}
		if n := noteOf(r); note == "" {
			note = n
		}
		if len(rows) == cardCalls {
			continue
		}
		texts := widget.Column(widget.NewText(e.RecordLine(r), widget.Style{}))
		title := e.RecordLine(r)
		if text := outcomeText(r); text != "" {
			title = text
			texts = widget.Column(widget.NewText(title, widget.Style{}), caption(e.RecordLine(r)))
		}
		when := e.Day(r.Started, v.Now) + " " + hhmm(r.Started.Local())
		rows = append(rows, widget.NewTapRow(title+", "+when, widget.Row56, widget.Inset(0, 12, 0, 12, widget.Row(
			widget.Grow(texts), widget.Gap(8), caption(when))), func() { c.detail(r) }))
	}
	c.calls.Objects = nil
	if len(rows) > 0 {
		widget.GroupRows(rows...)
		c.calls.Objects = []fyne.CanvasObject{widget.CardOf(rows...)}
	}
	setVisible(c.none, len(rows) == 0)
	c.note.SetText(note)
	setVisible(c.noteBox, note != "")
	c.calls.Refresh()
}
