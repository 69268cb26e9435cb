package ui

import (
	"log/slog"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
)

// Where windows can't be placed, a notification that stays stands for the bar: with
// mute and hang up, as long as the call is live and the window is not in front.
func TestANotificationStandsForTheBar(t *testing.T) {
	address, service := newBus(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	t.Setenv("DISPLAY", "")
	s := newHarness(t, madeCall("RINGING", 0))
	w := &window{app: fyne.CurrentApp(), phone: s.phone, shell: s.shell, adapter: newAdapter(), desktop: openDesktop(slog.New(slog.DiscardHandler))}
	w.adapter.post = func(f func()) { f() }
	t.Cleanup(func() { w.adapter.close(); w.desktop.Close() })
	w.floating = newFloating(w)
	if w.floating.panel != nil || w.floating.bar != nil {
		t.Fatal("there are windows where none can be placed")
	}
	follow := func(change func(*app.Snapshot)) {
		snap := madeCall("ESTABLISHED", time.Minute)
		change(snap)
		s.show(snap)
		w.floating.follow()
	}
	shown := func(what, mute string) {
		t.Helper()
		got := await(t, "notification", service.shown)
		if actions := got[2].([]string); got[0] != what || actions[1] != mute || actions[2] != "hangup" {
			t.Errorf("the notification is %v", got)
		}
	}
	w.floating.follow()
	shown("In a call with Priya Nair", "Mute")
	follow(func(*app.Snapshot) {}) // answered: it stands
	follow(func(s *app.Snapshot) { s.Call.Muted = true })
	shown("In a call with Priya Nair", "Unmute")
	w.front = true
	w.floating.follow()
	if n := len(service.shown); n != 0 {
		t.Errorf("%d more notifications", n)
	}
	await(t, "closing", service.closed)
	w.front = false
	w.floating.follow()
	shown("In a call with Priya Nair", "Unmute")
	s.show(madeReady())
	w.floating.follow()
	await(t, "closing", service.closed)
}
