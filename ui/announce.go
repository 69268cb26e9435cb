package ui

import (
	"fyne.io/fyne/v2"

	"offhook/ui/screen"
	"offhook/voice/wire"
)

// heard is what a screen reader was told last, so that each change is told once.
type heard struct {
	known     bool
	phase     screen.Phase
	call      string
	second    string
	last      string
	wrap      string
	state     string
	recording string
	held      bool
	muted     bool
	several   bool
	// focus is the name of what had the keyboard.
	focus string
}

// announce has a screen reader say something, where the toolkit has no way to tell it what
// the window shows; urgent cuts short what is being said.
func (s *shell) announce(text string, urgent bool) {
	if s.speak != nil && text != "" {
		s.speak(text, urgent)
	}
}

// tell tells a screen reader what has changed since it was told last.
func (s *shell) tell(v screen.View) {
	if s.speak == nil || s.env.Early != nil {
		return
	}
	was, now := s.heard, s.hearable(v)
	s.heard = now
	if !was.known {
		return
	}
	e := s.env
	name := ""
	if v.Call != nil {
		name = screen.Party(v.Call.RemoteName, v.Call.RemoteID)
	}
	status := e.StatusOf(v).Word
	switch {
	case now.phase == screen.PhaseEnding: // how it ended follows
	case now.call != "" && (now.call != was.call || now.phase != was.phase):
		if now.call != was.call && was.call != "" && now.phase == was.phase {
			status = e.T("Now talking")
		}
		s.announce(status+", "+name, now.phase == screen.PhaseIncoming)
	case now.last != was.last && v.LastCall != nil:
		s.announce(e.EndedWords(v.LastCall), false)
	case now.phase != was.phase, now.state != was.state:
		s.announce(e.AgentWord(v)+", "+status, false)
	}
	if now.second != was.second && now.second != "" {
		c := screen.SecondRings(v)
		s.announce(e.T("Second call")+", "+screen.Party(c.RemoteName, c.RemoteID), true)
	}
	same := now.call != "" && now.call == was.call
	for _, change := range []struct {
		happened bool
		word     string
	}{
		{now.several && !was.several, e.T("Conference")},
		{same && now.held && !was.held, e.T("On hold")},
		{same && !now.held && was.held, e.T("Off hold")},
		{same && now.muted && !was.muted, e.T("Muted")},
		{same && !now.muted && was.muted, e.T("Not muted")},
		{now.recording != was.recording, s.recordingWord(now.recording, was.recording)},
	} {
		if change.happened {
			s.announce(change.word, false)
		}
	}
	if now.wrap != was.wrap && now.wrap != "" {
		s.announce(e.BackWord(v), false)
	}
}

// hearable is what of a view a screen reader is told.
func (s *shell) hearable(v screen.View) heard {
	now := heard{known: true, phase: s.phase, state: string(v.Availability) + v.AgentState.Reason, focus: s.heard.focus}
	if c := v.Call; c != nil {
		now.call, now.held, now.muted, now.several = c.ID, c.Held, c.Muted, c.InConference || len(c.Parties) > 0
		if c.Recording != nil {
			now.recording = string(c.Recording.State)
		}
	}
	if c := screen.SecondRings(v); c != nil {
		now.second = c.ID
	}
	if v.LastCall != nil {
		now.last = v.LastCall.ID
	}
	if v.WrapUp != nil && v.Call == nil {
		now.wrap = v.WrapUp.Call.ID
	}
	return now
}

// recordingWord says how the recording of the call stands now, "" for nothing new.
func (s *shell) recordingWord(now, was string) string {
	e := s.env
	switch {
	case now == string(wire.RecordingOn) && was == string(wire.RecordingPaused):
		return e.T("The recording goes on")
	case now == string(wire.RecordingOn):
		return e.T("The call is recorded")
	case now == string(wire.RecordingPaused):
		return e.T("The recording is paused")
	case now == string(wire.RecordingFailed):
		return e.T("Not recorded")
	}
	return ""
}

// tellFocus tells a screen reader which control has the keyboard, when that or its name has
// changed: a toggle's name says how it stands.
func (s *shell) tellFocus() {
	if s.speak == nil || s.canvas == nil || s.env.Early != nil {
		return
	}
	name := ""
	f, ok := s.canvas.Focused().(fyne.Accessible)
	if ok {
		name = f.AccessibilityLabel()
	}
	if name == s.heard.focus {
		return
	}
	s.heard.focus = name
	if !ok {
		return
	}
	if f.AccessibilityRole() == fyne.AccessibleRoleText {
		name += ", " + s.env.T("text field")
	}
	s.announce(name, false)
}
