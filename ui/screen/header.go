package screen

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// Header is the top of the tabs: who is signed in, how the phone is, the
// availability, the menu, and the tabs.
type Header struct {
	env  *Env
	name *widget.Text
	icon *widget.Icon
	word *widget.Text
	// open says that something goes over the network without encryption.
	open *widget.Sign
	Pill *widget.MenuPill
	Menu *widget.IconButton
	// Lamp says that voice messages wait; pressing it calls them.
	Lamp  *widget.IconButton
	fresh *widget.Count
	lamp  *fyne.Container
	call  string
	// Left says that the user has left the work after a call for the number field.
	Left   bool
	Tabs   *widget.TabBar
	status *fyne.Container
	// mark and today are there in a window with two panes.
	mark   *Mark
	today  *widget.Text
	tabs   *fyne.Container
	top    *fyne.Container
	order  *headerOrder
	box    *fyne.Container
	object fyne.CanvasObject
}

// The tabs.
const (
	TabDial = iota
	TabContacts
	TabRecents
)

// NewHeader returns the header; onTab is called when a tab was taken.
func NewHeader(env *Env, onTab func(int)) *Header {
	h := &Header{env: env}
	h.name = widget.NewText("", widget.Style{Size: theme.SizeSub, Bold: true, Least: 12})
	h.icon = widget.NewIcon(theme.Sync, theme.Text2, 16)
	h.word = widget.NewText("", widget.Style{Size: theme.SizeCaption, Bold: true, Least: 9})
	h.Pill = widget.NewMenuPill(func() { env.AvailabilityMenu(h.Pill) })
	h.Menu = widget.NewIconButton(env.T("Menu"), theme.More, theme.Text2, env.Tips, func() { env.Menu(h.Menu) })
	h.Menu.SetIconSize(24)
	h.Tabs = widget.NewTabBar(onTab,
		widget.NewTab(env.T("Dial"), theme.Dialpad),
		widget.NewTab(env.T("Contacts"), theme.Contacts),
		widget.NewTab(env.T("Recents"), theme.History))
	h.Lamp = widget.NewIconButton("", theme.Voicemail, theme.AccentInk, env.Tips, h.hear)
	h.fresh = widget.NewCount(0)
	h.lamp = container.New(&lampLayout{}, h.Lamp, h.fresh)
	h.lamp.Hide()
	h.mark = NewMark(32)
	h.today = widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Align: fyne.TextAlignTrailing})
	h.mark.Hide()
	h.today.Hide()
	h.open = widget.NewSign(env.Tips)
	h.open.Hide()
	h.status = widget.Row(h.icon, widget.Gap(4), widget.Grow(h.word))
	h.top = container.New(&headerLayout{h}, h.name, h.status, h.lamp, h.Pill, h.Menu, h.mark, h.today, h.open)
	h.tabs = container.New(&underline{}, widget.NewLine(), h.Tabs.Container)
	h.order = &headerOrder{}
	h.box = container.New(h.order, h.tabs, h.top)
	h.object = widget.NewPanel(theme.Surface, 0, h.box)
	return h
}

// Object is what the window shows.
func (h *Header) Object() fyne.CanvasObject { return h.object }

// Render draws the header.
func (h *Header) Render(v View) {
	e := h.env
	name := v.Account.DisplayName
	if name == "" {
		name = v.Account.UserName
	}
	h.name.SetText(name)
	s := e.StatusOf(v)
	h.icon.Set(s.Glyph, s.Ink)
	h.word.SetText(s.Word)
	h.word.SetRole(s.Ink)
	h.renderOpen(v)

	phase := PhaseOf(v)
	h.renderPill(v, phase)
	h.today.SetText(e.Today(v))
	if h.order.low != v.Low || h.order.columns != v.Columns || h.order.wide != v.Wide {
		h.order.low, h.order.columns, h.order.wide = v.Low, v.Columns, v.Wide
		setVisible(h.tabs, !v.Wide)
		setVisible(h.mark, v.Wide)
		setVisible(h.today, v.Wide)
		setVisible(h.name, !v.Low)
		setVisible(h.status, !v.Low || v.Columns)
		h.top.Refresh()
		h.box.Refresh()
	}
	h.renderLamp(v)

	dial := h.Tabs.Tabs[TabDial]
	switch phase {
	case PhaseIncoming:
		dial.Set(h.callWord(v, phase), theme.ArrowIn, theme.SuccessInk, theme.Success)
	case PhaseOutgoing, PhaseTalking, PhaseEnding:
		dial.Set(h.callWord(v, phase), theme.Phone, theme.SuccessInk, theme.Success)
	case PhaseReconnecting:
		dial.Set(h.callWord(v, phase), theme.Sync, theme.WarningInk, theme.Warning)
	default:
		dial.Set(e.T("Dial"), theme.Dialpad, theme.AccentInk, theme.Accent)
		if v.WrapUp != nil && !h.Left {
			dial.Set(e.T("Wrap-up"), theme.EditNote, theme.AccentInk, theme.Accent)
		}
	}
	waits, word := 0, dial.Word()
	if ignored(v) != nil {
		waits, word = 1, e.T("{call}, another call waits", "call", word)
	}
	dial.SetCount(waits, word)
	recents := e.T("Recents")
	if v.MissedUnseen > 0 {
		recents = e.T("Recents, {n} missed", "n", v.MissedUnseen)
	}
	h.Tabs.Tabs[TabRecents].SetCount(v.MissedUnseen, recents)
	for _, t := range h.Tabs.Tabs {
		t.SetCompact(v.Compact)
	}
	widget.Relayout(h.Tabs.Container) // a longer word takes more of the row
}

// renderOpen shows, for as long as it is so, that something goes over the network
// without encryption; in words where there is room for them.
func (h *Header) renderOpen(v View) {
	word, label := "", h.env.T("Not encrypted: others on the network can read what you send")
	if v.Wide {
		word = h.env.T("Not encrypted")
	}
	h.open.Set(theme.LockOpen, theme.WarningInk, word, label)
	if setVisible(h.open, NotEncrypted(v)) {
		h.top.Refresh()
		h.box.Refresh()
	}
}

// renderLamp shows the lamp while voice messages wait.
func (h *Header) renderLamp(v View) {
	waiting, fresh, call := mailbox(v)
	h.call = call
	if waiting {
		label := h.env.T("Voice messages are waiting. Call {number}", "number", shortAddress(call))
		if fresh > 0 {
			label = h.env.T("New voice messages: {n}. Call {number}", "n", fresh, "number", shortAddress(call))
		}
		h.Lamp.Set(label, theme.Voicemail)
		h.fresh.Set(fresh)
	}
	if setVisible(h.lamp, waiting) {
		h.top.Refresh()
	}
}

// hear calls the mailbox, or shows the lines when none of them says where it is.
func (h *Header) hear() {
	if h.call == "" {
		h.env.Open(PageAccounts)
		return
	}
	h.env.Dial(h.call, nil)
}

func (h *Header) callWord(v View, p Phase) string {
	if h.Tabs.Chosen() != TabDial && v.Call != nil && v.Call.Established != nil {
		return h.env.T("Call {time}", "time", Clock(v.Now.Sub(*v.Call.Established).Truncate(time.Second)))
	}
	switch mode := modeOf(v); {
	case v.Low && !v.Columns: // there is room for one word
	case mode == modeRings:
		if v.Compact && v.Call.Established != nil {
			return h.env.T("Call {time}", "time", Clock(v.Now.Sub(*v.Call.Established).Truncate(time.Second)))
		}
	case mode == modeTwo:
		return h.env.T("2 calls")
	case mode == modeConference:
		return h.env.T("Conference")
	}
	return h.env.T("tab::Call")
}

// headerLayout places name, state, availability and menu in 64 units, or in the 48
// of a low window, which have the tabs in their midst.
type headerLayout struct{ h *Header }

func (l headerLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(300, l.height()) }

func (l headerLayout) height() float32 {
	if l.h.order.low {
		return 48
	}
	return 64
}

// lampRoom is the room of the lamp, if it is there.
func (l headerLayout) lampRoom() float32 {
	if l.h.lamp.Visible() {
		return lampWidth
	}
	return 0
}

func (l headerLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	name, status, lamp, pill, menu := o[0], o[1], o[2], o[3], o[4]
	put := func(o fyne.CanvasObject, x, y, w, h float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(w, h))
	}
	top := (l.height() - 40) / 2
	put(menu, s.Width-48, top, 40, 40)
	room := s.Width - 56 - 16 - 80 - 8 - l.lampRoom()
	w := min(pill.MinSize().Width, room)
	px := s.Width - 56 - w
	put(pill, px, top, w, 40)
	left := px - 16 - 8 - l.lampRoom()
	if lamp.Visible() {
		put(lamp, px-4-lampWidth, top, lampWidth, 40)
	}
	x := float32(16)
	if l.h.order.wide {
		put(o[5], x, 16, 32, 32)
		x += 44
		left -= 44
		if s.Width >= todayWidth {
			left /= 2
			put(o[6], x+left, 23, left-8, 18)
		} else {
			put(o[6], 0, 0, 0, 0)
		}
	}
	put(name, x, 11, left, name.MinSize().Height)
	y := float32(35)
	if l.h.order.low {
		x, y, left = 12, 15, lowStatusWidth
	}
	if l.h.open.Visible() {
		w := l.h.open.MinSize().Width
		if l.h.order.low && !l.h.order.columns { // there is no state to stand before
			put(l.h.open, px-4-w-l.lampRoom(), y, w, 18)
		} else {
			put(l.h.open, x, y, w, 18)
		}
		x += w + 6
		left -= w + 6
	}
	put(status, x, y, left, 18)
}

// todayWidth is the width of a window from which the header tells of the day.
const todayWidth float32 = 1000

// lowStatusWidth is the room of the state in the header of a low window.
const lowStatusWidth float32 = 112

// headerOrder puts the tabs below the rest, although the Tab key comes to them
// first: the order is content, tabs, availability, menu. In a low window all stand
// in one row.
type headerOrder struct{ low, columns, wide bool }

func (l *headerOrder) MinSize(o []fyne.CanvasObject) fyne.Size {
	tabs, top := o[0].MinSize(), o[1].MinSize()
	if l.low || l.wide {
		return fyne.NewSize(top.Width, top.Height)
	}
	return fyne.NewSize(max(tabs.Width, top.Width), tabs.Height+top.Height)
}

func (l *headerOrder) Layout(o []fyne.CanvasObject, s fyne.Size) {
	tabs, top := o[0], o[1]
	h := top.MinSize().Height
	top.Move(fyne.NewPos(0, 0))
	top.Resize(fyne.NewSize(s.Width, h))
	if l.low {
		x := float32(0)
		if l.columns {
			x = 12 + lowStatusWidth
		}
		end := s.Width - 56
		parts := top.(*fyne.Container).Objects
		for _, o := range []fyne.CanvasObject{parts[2], parts[3], parts[7]} { // lamp, availability, not encrypted
			if o.Visible() && (o != parts[7] || !l.columns) {
				end = min(end, o.Position().X-4)
			}
		}
		tabs.Move(fyne.NewPos(x, 0))
		tabs.Resize(fyne.NewSize(max(0, end-x), h))
		return
	}
	tabs.Move(fyne.NewPos(0, h))
	tabs.Resize(fyne.NewSize(s.Width, s.Height-h))
}

// lampWidth is the room of the lamp with its number.
const lampWidth float32 = 44

// lampLayout puts the number on the lamp's upper right corner.
type lampLayout struct{}

func (lampLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(lampWidth, 40) }

func (lampLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	lamp, count := o[0], o[1]
	lamp.Move(fyne.NewPos(0, 0))
	lamp.Resize(fyne.NewSize(40, s.Height))
	w := count.MinSize().Width
	count.Move(fyne.NewPos(s.Width-w, -2))
	count.Resize(fyne.NewSize(w, 20))
}

// underline puts a thin line at the bottom, under the tabs.
type underline struct{}

func (underline) MinSize(o []fyne.CanvasObject) fyne.Size { return o[1].MinSize() }

func (underline) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Move(fyne.NewPos(0, s.Height-1))
	o[0].Resize(fyne.NewSize(s.Width, 1))
	o[1].Move(fyne.NewPos(0, 0))
	o[1].Resize(s)
}
