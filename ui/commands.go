package ui

import (
	"fmt"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/ui/widget"
)

// command is something that keys do in the window. The table of all of them is what
// binds the keys, what the page of shortcuts lists, and what can be given other keys
// in the settings, by its id.
type command struct {
	id, title string
	keys      chord
	do        func()
}

// commands are the table of what keys do, with the keys that hold now.
func (s *shell) commands() []command {
	e := s.env
	in := func(do func(), phases ...screen.Phase) func() {
		return func() {
			for _, p := range phases {
				if s.phase == p {
					do()
					return
				}
			}
		}
	}
	talking := func(do func()) func() { return in(do, screen.PhaseTalking, screen.PhaseReconnecting) }
	available := func(a app.Availability) func() { return func() { e.SetAvailability(a) } }
	list := []command{
		{id: "answer", title: e.T("Answer"), keys: keys("Ctrl+Shift+A"), do: s.ringing(e.Answer)},
		{id: "decline", title: e.T("Decline"), keys: keys("Ctrl+Shift+D"), do: s.ringing(e.Decline)},
		{id: "hangup", title: e.T("Hang up, cancel"), keys: keys("Ctrl+Shift+E"), do: in(e.Hangup, screen.PhaseOutgoing, screen.PhaseTalking, screen.PhaseReconnecting)},
		{id: "mute", title: e.T("Mute"), keys: keys("Ctrl+M"), do: func() { e.ToggleMute(s.snap) }},
		{id: "hold", title: e.T("Hold, or swap two calls"), keys: keys("Ctrl+H"), do: func() { e.HoldOrSwap(s.snap) }},
		{id: "swap", title: e.T("Swap two calls"), keys: keys("Ctrl+Shift+S"), do: talking(func() {
			if screen.CanSwap(s.snap) {
				e.HoldOrSwap(s.snap)
			}
		})},
		{id: "merge", title: e.T("Merge two calls"), keys: keys("Ctrl+Shift+G"), do: talking(func() { e.Merge(s.view()) })},
		{id: "transfer", title: e.T("Transfer"), keys: keys("Ctrl+T"), do: talking(func() {
			e.Transfer(s.view())
		})},
		{id: "recording", title: e.T("Pause or resume the recording"), keys: keys("Ctrl+Shift+P"), do: talking(func() { e.ToggleRecording(s.snap) })},
		{id: "devices", title: e.T("Sound devices"), keys: keys("Ctrl+Shift+L"), do: func() { e.DeviceMenu(s.header.Menu, s.callID) }},
		{id: "available", title: e.T("Available"), keys: keys("Ctrl+Shift+1"), do: available(app.Available)},
		{id: "busy", title: e.T("Busy"), keys: keys("Ctrl+Shift+2"), do: available(app.Busy)},
		{id: "break", title: e.T("Break"), keys: keys("Ctrl+Shift+3"), do: available(app.Break)},
		{id: "dnd", title: e.T("Do not disturb"), keys: keys("Ctrl+Shift+4"), do: available(app.DoNotDisturb)},
		{id: "after_call", title: e.T("After-call work"), keys: keys("Ctrl+Shift+5"), do: available(app.AfterCallWork)},
		{id: "availability", title: e.T("Menu of availability"), keys: keys("Ctrl+Shift+0"), do: func() { e.AvailabilityMenu(s.header.Pill) }},
		{id: "number", title: e.T("Number field"), keys: keys("Ctrl+K"), do: s.toNumberField},
		{id: "caller", title: e.T("Caller"), keys: keys("Ctrl+I"), do: s.toCaller},
		{id: "note", title: e.T("Note of the call"), keys: keys("Ctrl+N"), do: s.inWrapUp((*screen.WrapUp).FocusNote)},
		{id: "search", title: e.T("Search"), keys: keys("Ctrl+F"), do: s.toSearch},
		{id: "dial", title: e.T("Dial or the call"), keys: keys("Ctrl+1"), do: func() { s.toTab(screen.TabDial) }},
		{id: "contacts", title: e.T("Contacts"), keys: keys("Ctrl+2"), do: func() { s.toTab(screen.TabContacts) }},
		{id: "recents", title: e.T("Recents"), keys: keys("Ctrl+3"), do: func() { s.toTab(screen.TabRecents) }},
		{id: "outcome_done", title: e.T("Done after a call, transfer now"), keys: keys("Ctrl+Return"), do: s.confirm},
		{id: "back_to_caller", title: e.T("Back to the caller"), keys: keys("Ctrl+BackSpace"), do: func() { e.BackToCaller(s.view()) }},
		{id: "area", title: e.T("To the next part of the window"), keys: keys("F6"), do: s.nextArea},
	}
	for n := range 9 {
		list = append(list, command{id: fmt.Sprintf("outcome_%d", n+1), title: e.T("Outcome {n} after a call", "n", n+1), keys: keys(fmt.Sprintf("Alt+%d", n+1)),
			do: s.inWrapUp(func(w *screen.WrapUp) { w.Choose(n) })})
	}
	return chosenKeys(list, s.settings.Shortcuts)
}

// ringing is what keys do while a call rings, alone or beside another.
func (s *shell) ringing(do func()) func() {
	return func() {
		if s.snap.Ringing() != nil || s.phase == screen.PhaseIncoming {
			do()
		}
	}
}

// keys are the keys that a command has by default, which is code: they must be right.
func keys(text string) chord {
	c, err := parseChord(text)
	if err != nil {
		panic(err)
	}
	if onMac {
		c = c.onMac()
	}
	return c
}

// chosenKeys gives the commands of list the keys that the user chose for them. Keys
// that are none, or that another command has, are left aside.
func chosenKeys(list []command, chosen map[string]string) []command {
	for i := range list {
		if c, err := parseChord(chosen[list[i].id]); err == nil {
			if other := holder(list, c); other < 0 {
				list[i].keys = c
			}
		}
	}
	return list
}

// holder is the command that has some keys, or -1.
func holder(list []command, c chord) int {
	for i := range list {
		if list[i].keys == c {
			return i
		}
	}
	return -1
}

// bindCommands gives the window the keys that hold now.
func (s *shell) bindCommands() {
	if s.canvas == nil {
		return
	}
	for _, sc := range s.bound {
		s.canvas.RemoveShortcut(sc)
	}
	s.bound, s.keys = nil, map[string]func(){}
	for _, c := range s.commands() {
		sc := c.keys.shortcut()
		s.keys[sc.ShortcutName()] = c.do
		if c.keys.mod != 0 {
			s.canvas.AddShortcut(sc, func(fyne.Shortcut) { s.act(c.do) })
			s.bound = append(s.bound, sc)
		}
	}
}

// act does what keys ask for, once there is something to do it to.
func (s *shell) act(do func()) {
	if s.snap != nil && s.env.Early == nil && s.snap.Account.State == app.SignedIn {
		do()
	}
}

// toCaller opens the page about the far side, or closes it again.
func (s *shell) toCaller() {
	switch {
	case s.page == screen.PageCaller:
		s.open(screen.PageNone)
	case s.snap.Call != nil || s.snap.LastCall != nil:
		s.open(screen.PageCaller)
	}
}

// toSearch goes to the search of the list that is shown, else of the contacts.
func (s *shell) toSearch() {
	if s.shown == part(s.recents) || s.side == part(s.recents) {
		s.recents.FocusSearch()
		return
	}
	s.toTab(screen.TabContacts)
	s.focusOn(s.contacts)
}

// nextArea gives the keyboard to the next part of the window: content, header.
func (s *shell) nextArea() {
	if s.root.Objects[0] != fyne.CanvasObject(s.tabs.Container) || s.canvas == nil {
		return // a page has one part
	}
	if o, ok := s.canvas.Focused().(fyne.CanvasObject); ok && shows(s.header.Object(), o) {
		s.focusOn(s.shown)
		return
	}
	if s.side != nil {
		widget.FocusOn(s.canvas, s.sideTabs.Tabs[s.sideTabs.Chosen()])
		return
	}
	widget.FocusOn(s.canvas, s.header.Tabs.Tabs[s.tab])
}

// commandList are what keys do, for the page of shortcuts.
func (s *shell) commandList() (list []screen.Command) {
	for _, c := range s.commands() {
		list = append(list, screen.Command{ID: c.id, Title: c.title, Keys: c.keys.String()})
	}
	return list
}

// setKeys gives a command other keys, or says in a sentence why it can't have them.
func (s *shell) setKeys(id string, sc fyne.Shortcut) string {
	c, err := chordOf(sc)
	if err != nil {
		return s.env.T("Use Ctrl or Alt with a letter or a digit. Keys that text fields use can't be taken.")
	}
	list := s.commands()
	if i := holder(list, c); i >= 0 && list[i].id != id {
		return s.env.T("{keys} already does this: {command}.", "keys", c.String(), "command", list[i].title)
	}
	s.env.Update(func(set *app.Settings) {
		if set.Shortcuts == nil {
			set.Shortcuts = map[string]string{}
		}
		set.Shortcuts[id] = c.String()
	})
	return ""
}
