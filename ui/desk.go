package ui

// desk is what the window asks of the desktop beside Fyne: places, focus,
// attention, keys and notifications. Its methods may be called on the window's
// thread; they wait for the desktop a few milliseconds at most.
type desk interface {
	// CanPlace reports whether windows can be placed and kept from taking the
	// focus: only then is there a panel for incoming calls.
	CanPlace() bool
	// KeepFocusElsewhere is called before a window is shown that must not take
	// the keyboard.
	KeepFocusElsewhere(handle uintptr)
	// Veil makes a window that exists invisible until unveil is called, so that it
	// can be shown for a moment without being seen.
	Veil(handle uintptr) (unveil func())
	// Corner is where a window of w × h pixels goes, 16 units from the lower
	// right corner of the active screen.
	Corner(w, h, margin int) (x, y int, ok bool)
	// Position is where a window is; OnScreen whether a place can be seen.
	Position(handle uintptr) (x, y int, ok bool)
	OnScreen(x, y int) bool
	Minimise(handle uintptr) bool
	Attention(handle uintptr, on bool)
	// WantHotkeys asks the desktop for the keys of Hotkeys where the user has to
	// allow that first; the words say there what they do. Only the first call
	// counts. It returns at once.
	WantHotkeys(answer, decline string)
	// Hotkeys takes answer and decline from all windows while it rings.
	Hotkeys(answer, decline func()) (stop func(), ok bool)
	// HasTray reports whether there is a place for a tray icon.
	HasTray() bool
	// Ring shows a system notification about an incoming call; done ends it.
	Ring(n ringNotice) (done func())
	// Missed shows that a call was missed.
	Missed(title, text string, open func())
	Close()
}

// ringNotice is what a notification about an incoming call says and does. The
// functions are called from another goroutine.
type ringNotice struct {
	Title, Text         string
	AnswerWord, Decline string
	Answer, Refuse      func()
	Open                func()
}
