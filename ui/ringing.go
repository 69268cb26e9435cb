package ui

import (
	"offhook/app"
	"offhook/ui/screen"
)

// followRinging starts and ends what goes with a ringing phone: panel,
// notification, attention, keys.
func (w *window) followRinging() {
	id := ""
	if c := w.shell.snap.Ringing(); c != nil && !c.Ignored {
		id = c.ID
	} else if c := w.shell.snap.Call; c != nil && w.shell.phase == screen.PhaseIncoming {
		id = c.ID
	}
	if id != w.ringing {
		w.endRinging()
		w.ringing = id
		if id != "" {
			w.beginRinging()
		}
	}
	w.followFloating()
}

func (w *window) beginRinging() {
	e, set, id := w.shell.env, w.shell.settings, w.ringing
	while := func(do func()) func() { return w.while(func() bool { return w.ringing == id }, do) }
	if set.Calls.GlobalHotkeys {
		w.stopKeys, w.hasHotkeys = w.desktop.Hotkeys(while(e.Answer), while(e.Decline))
	}
	if w.front {
		return
	}
	w.desktop.Attention(handleOf(w.win), true)
	if !set.Appearance.Notifications {
		return
	}
	c := w.shell.snap.CallWith(id)
	if c == nil {
		c = w.shell.snap.Call
	}
	text := screen.Party(c.RemoteName, c.RemoteID)
	if c.Message != "" {
		text += "\n" + firstRunes(c.Message, noticeRunes)
	}
	w.endNotice = w.desktop.Notify(notice{Title: e.T("Incoming call"), Text: text, Category: "call.incoming", Urgent: true, Open: while(w.Raise),
		Actions: []noticeAction{{"answer", e.T("Answer"), while(e.Answer)}, {"decline", e.T("Decline"), while(e.Decline)}}})
}

// noticeRunes is how much of a caller's message a notification shows.
const noticeRunes = 120

// firstRunes is the beginning of a text.
func firstRunes(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}

func (w *window) endRinging() {
	if w.stopKeys != nil {
		w.stopKeys()
	}
	if w.endNotice != nil {
		w.endNotice()
	}
	w.stopKeys, w.endNotice, w.hasHotkeys = nil, nil, false
	if w.ringing != "" {
		w.desktop.Attention(handleOf(w.win), false)
	}
}

// tellOfSound tells what has become of the sound of a call while the window is not in
// front: nobody is to be heard in the room, or silent, without knowing it.
func (w *window) tellOfSound(s *app.Snapshot) {
	n := s.Notice
	if n == nil || n.At.Equal(w.told) {
		return
	}
	w.told = n.At
	if s.Call == nil || n.Level == "info" || w.front || !w.shell.settings.Appearance.Notifications {
		return
	}
	w.desktop.Notify(notice{Title: w.shell.env.T("In a call with {name}", "name", screen.Party(s.Call.RemoteName, s.Call.RemoteID)),
		Text: w.shell.words.Say(n.Text), Category: "device", Open: func() { w.adapter.Post(w.Raise) }})
}
