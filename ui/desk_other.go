//go:build !linux

package ui

import (
	"log/slog"

	"fyne.io/fyne/v2"

	"offhook/app/hotkeys"
)

// otherDesk is a desktop of which only Fyne is known. Its notifications carry no
// text of the caller: on Windows the text would pass through a shell.
type otherDesk struct{ log *slog.Logger }

func openDesk(log *slog.Logger) desk { return otherDesk{log} }

func (otherDesk) CanPlace() bool                        { return true }
func (otherDesk) KeepFocusElsewhere(uintptr)            {}
func (otherDesk) Veil(uintptr) func()                   { return func() {} }
func (otherDesk) Corner(int, int, int) (int, int, bool) { return 0, 0, false }
func (otherDesk) Position(uintptr) (int, int, bool)     { return 0, 0, false }
func (otherDesk) OnScreen(int, int) bool                { return false }
func (otherDesk) Minimise(uintptr) bool                 { return false }
func (otherDesk) Attention(uintptr, bool)               {}
func (otherDesk) WantHotkeys(string, string)            {}
func (otherDesk) HasTray() bool                         { return true }
func (otherDesk) Close()                                {}

func (d otherDesk) Hotkeys(answer, decline func()) (stop func(), ok bool) {
	stop, err := hotkeys.Take(answer, decline)
	if err != nil {
		d.log.Debug("hotkeys", "err", err)
	}
	return stop, err == nil
}

func (otherDesk) Ring(n ringNotice) (done func()) {
	fyne.CurrentApp().SendNotification(fyne.NewNotification("Offhook", n.Title))
	return func() {}
}

func (otherDesk) Missed(title, _ string, _ func()) {
	fyne.CurrentApp().SendNotification(fyne.NewNotification("Offhook", title))
}
