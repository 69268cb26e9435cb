//go:build !linux

package ui

import (
	"log/slog"

	"fyne.io/fyne/v2"

	"offhook/app/hotkeys"
)

// otherDesktop is a desktop of which only Fyne is known. Its notifications carry no
// text of the caller: on Windows the text would pass through a shell.
type otherDesktop struct{ log *slog.Logger }

func openDesktop(log *slog.Logger) desktopEnv { return otherDesktop{log} }

func (otherDesktop) CanPlace() bool             { return true }
func (otherDesktop) Float(uintptr)              {}
func (otherDesktop) Veil(uintptr) func()        { return func() {} }
func (otherDesktop) Minimise(uintptr) bool      { return false }
func (otherDesktop) Attention(uintptr, bool)    {}
func (otherDesktop) WantHotkeys(string, string) {}
func (otherDesktop) HasTray() bool              { return true }
func (otherDesktop) Close()                     {}

// Say does nothing: the toolkit shows these systems the window's controls.
func (otherDesktop) Say(string, bool) {}

func (d otherDesktop) Hotkeys(answer, decline func()) (stop func(), ok bool) {
	stop, err := hotkeys.Take(answer, decline)
	if err != nil {
		d.log.Debug("hotkeys", "err", err)
	}
	return stop, err == nil
}

func (otherDesktop) Notify(n notice) (done func()) {
	if !n.Resident {
		fyne.CurrentApp().SendNotification(fyne.NewNotification("Offhook", n.Title))
	}
	return func() {}
}
