package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/settings"
	"offhook/ui/screen"
)

// barDelay is how long the main window must have been away before the bar of a
// live call stands for it: it does not flash up between two windows.
const barDelay = 300 * time.Millisecond

// floating is what stands for the main window while that is not in front: the panel
// of an incoming call, the bar of a live one. Where windows can't be placed, there
// are notifications in their stead.
type floating struct {
	w           *window
	panel, bar  *floater
	panelScreen *screen.Panel
	barScreen   *screen.MiniBar
	// env is what both screens were made with; another language brings another.
	env *screen.Env
	// stopDelay ends what waits to show or to hide the bar.
	stopDelay func()
	// call is the call that the bar is about, ended that it is over.
	call  string
	ended bool
	// endNotice takes the notification back that stands for the bar.
	endNotice func()
	noticeKey string
}

func newFloating(w *window) *floating {
	f := &floating{w: w, panel: newFloater(w.app, w.desktop), bar: newFloater(w.app, w.desktop)}
	if place := w.shell.settings.Appearance.Bar; place != nil && f.bar != nil {
		f.bar.dragged, f.bar.right, f.bar.bottom = true, place.Right, place.Bottom
	}
	f.draw()
	return f
}

// keepBar remembers where the user dragged the bar to.
func (f *floating) keepBar() {
	place := settings.Corner{Right: f.bar.right, Bottom: f.bar.bottom}
	f.w.adapter.Go(func(context.Context) error {
		return f.w.phone.UpdateSettings(func(s *app.Settings) { s.Appearance.Bar = &place })
	}, nil) // a place that can't be kept is no trouble
}

// draw makes the screens, again when the language has changed.
func (f *floating) draw() {
	env := f.w.shell.env
	if f.env == env || f.panel == nil {
		return
	}
	f.env = env
	f.panelScreen = screen.NewPanel(env)
	f.panel.fill(env.T("Incoming call"), f.panelScreen.Object(), f.panelScreen.Size())
	f.panelScreen.Resized = f.sizePanel
	f.barScreen = screen.NewMiniBar(env, f.w.Raise)
	var begun dragStart
	f.barScreen.Ground.OnDrag = func() { f.bar.drag(&begun) }
	f.barScreen.Ground.OnEnd = func() {
		begun = dragStart{}
		f.keepBar()
	}
	f.bar.fill(env.T("Call"), f.barScreen.Object(), fyne.NewSize(screen.BarWidth, screen.BarHeight))
}

// prepare makes both windows before a call needs them.
func (f *floating) prepare() {
	if f.panel != nil {
		f.panel.prepare()
		f.bar.prepare()
	}
}

// seen reports whether one of the windows is shown.
func (f *floating) seen() bool { return f.panel != nil && (f.panel.shown || f.bar.shown) }

// tick draws what changes by time alone.
func (f *floating) tick() {
	if f.panel == nil {
		return
	}
	if f.panel.shown {
		f.panelScreen.Render(f.w.shell.view())
	}
	if f.bar.shown && !f.ended {
		f.barScreen.Render(f.w.shell.view())
	}
}

// follow shows what the state of the phone and of the main window asks for.
func (f *floating) follow() {
	f.draw()
	panelWas := f.panel != nil && f.panel.shown
	if screen.SecondRings(f.w.shell.view()) != nil { // it stands above the bar
		f.followBar(true)
		f.followPanel()
		return
	}
	f.followPanel()
	f.followBar(panelWas)
}

// followPanel shows the panel while it rings and the main window does not show the
// call itself.
func (f *floating) followPanel() {
	w := f.w
	if f.panel == nil {
		return
	}
	second := screen.SecondRings(w.shell.view()) != nil
	if w.ringing == "" || w.front && (w.shell.shown == part(w.shell.incoming) || second && w.shell.shown == part(w.shell.call)) {
		f.panel.hide()
		settle(f.panelScreen.Object(), fyne.Position{}, false)
		return
	}
	f.panelScreen.ShowHints(w.hasHotkeys && !second)
	f.panel.above = nil
	if second && f.bar.shown {
		f.panel.above = f.bar
	}
	f.panelScreen.Render(w.shell.view())
	f.sizePanel()
	f.panel.show()
	settle(f.panelScreen.Object(), fyne.Position{}, true)
}

// sizePanel gives the panel's window the height of what it shows; it grows upwards.
func (f *floating) sizePanel() {
	f.panel.fill(f.panel.title, f.panelScreen.Object(), f.panelScreen.Size())
}

// followBar shows the bar while there is a call, answered or dialled, and the main
// window is not in front; at the end of the call it says for a while how it ended.
func (f *floating) followBar(atOnce bool) {
	w := f.w
	call := w.shell.snap.Call
	if call == nil && f.call != "" && f.bar != nil && f.bar.shown && !w.front && w.ringing == "" {
		if !f.ended {
			f.ended = true
			f.barScreen.Render(w.shell.view())
			f.after(screen.EndShown, f.goAway)
		}
		return
	}
	rang := call != nil && call.Established == nil && call.Direction == "INCOMING" && w.shell.phase == screen.PhaseEnding
	alone := w.ringing != "" && screen.SecondRings(w.shell.view()) == nil
	if call == nil || w.front || alone || rang {
		f.goAway()
		return
	}
	if f.call != call.ID || f.ended {
		f.stop()
		f.call, f.ended = call.ID, false
	}
	if f.bar == nil {
		f.tell()
		return
	}
	f.barScreen.Render(w.shell.view())
	switch {
	case f.bar.shown:
	case atOnce:
		f.stop()
		f.showBar()
	case f.stopDelay == nil:
		f.after(barDelay, f.showBar)
	}
}

func (f *floating) showBar() {
	f.bar.show()
	settle(f.barScreen.Object(), fyne.Position{}, true)
	f.w.followClock()
}

func (f *floating) after(d time.Duration, do func()) {
	f.stop()
	f.stopDelay = f.w.adapter.After(d, func() {
		f.stopDelay = nil
		do()
	})
}

func (f *floating) stop() {
	if f.stopDelay != nil {
		f.stopDelay()
		f.stopDelay = nil
	}
}

// goAway takes the bar away.
func (f *floating) goAway() {
	f.stop()
	f.call, f.ended = "", false
	if f.bar != nil {
		f.bar.hide()
		settle(f.barScreen.Object(), fyne.Position{}, false)
	}
	if f.endNotice != nil {
		f.endNotice()
		f.endNotice, f.noticeKey = nil, ""
	}
}

// tell shows a notification that stays, in place of the bar.
func (f *floating) tell() {
	w := f.w
	e, call := w.shell.env, w.shell.snap.Call
	mute := e.T("Mute")
	if call.Muted {
		mute = e.T("Unmute")
	}
	if key := call.ID + mute; key == f.noticeKey {
		return
	} else if f.endNotice != nil {
		f.endNotice()
		f.noticeKey = key
	} else {
		f.noticeKey = key
	}
	id := call.ID
	while := func(do func()) func() { return w.while(func() bool { return f.call == id }, do) }
	f.endNotice = w.desktop.Notify(notice{
		Title:    e.T("In a call with {name}", "name", screen.Party(call.RemoteName, call.RemoteID)),
		Category: "call", Resident: true, Open: while(w.Raise),
		Actions: []noticeAction{{"mute", mute, while(func() { e.ToggleMute(w.shell.snap) })}, {"hangup", e.T("Hang up"), while(e.Hangup)}},
	})
}
