package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/app"
)

// tray is the phone's icon in the bar of the desktop.
type tray struct {
	app  desktop.App
	last string
}

// newTray puts the icon there, or returns nil where there is no place for one.
func newTray(a fyne.App, d desktopEnv) *tray {
	da, ok := a.(desktop.App)
	if !ok || !d.HasTray() {
		return nil
	}
	da.SetSystemTrayIcon(appIcon())
	return &tray{app: da}
}

// show offers what can be done without the window.
func (t *tray) show(w *window, s *app.Snapshot) {
	e := w.shell.env
	state := e.StatusOf(w.shell.view()).Word
	key := state + string(s.Availability) + e.Words.Language()
	if key == t.last {
		return
	}
	t.last = key
	title := fyne.NewMenuItem(state, w.Raise)
	open := fyne.NewMenuItem(e.T("Open Offhook"), w.Raise)
	items := []*fyne.MenuItem{title, open, fyne.NewMenuItemSeparator()}
	for _, l := range e.Availabilities() {
		item := fyne.NewMenuItem(l.Word, func() { e.SetAvailability(l.Choice) })
		item.Checked = s.Availability == l.Choice
		items = append(items, item)
	}
	quit := fyne.NewMenuItem(e.T("Quit Offhook"), w.shell.quit)
	quit.IsQuit = true
	items = append(items, fyne.NewMenuItemSeparator(), quit)
	t.app.SetSystemTrayMenu(fyne.NewMenu("Offhook", items...))
}
