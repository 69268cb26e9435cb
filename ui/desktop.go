package ui

// desktopEnv is what the window asks of the desktop beside Fyne: places, focus,
// attention, keys and notifications. Its methods may be called on the window's
// thread; they wait for the desktop a few milliseconds at most.
type desktopEnv interface {
	// CanPlace reports whether windows can be placed and kept from taking the
	// focus: only then is there a panel for incoming calls.
	CanPlace() bool
	// Float is called before each showing of a window that floats over other work:
	// it must not take the keyboard, stays above all other windows and on every
	// workspace, and has no entry in the taskbar.
	Float(handle uintptr)
	// Veil makes a window that exists invisible until unveil is called, so that it
	// can be shown for a moment without being seen.
	Veil(handle uintptr) (unveil func())
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
	// Notify shows a notification of the system; done takes it back.
	Notify(n notice) (done func())
	// Say has a screen reader say something, where it can't see the window; urgent cuts
	// short what is being said. It returns at once.
	Say(text string, urgent bool)
	Close()
}

// notice is what a notification says and does. Its text may come from strangers.
// The functions are called from another goroutine.
type notice struct {
	Title, Text string
	// Category is one of the Desktop Notifications Specification.
	Category string
	// Urgent keeps the notification until it is answered or taken back; Resident
	// keeps it when one of its actions was taken, too.
	Urgent, Resident bool
	Actions          []noticeAction
	// Open is what a press on the notification itself does.
	Open func()
}

// noticeAction is a button of a notification.
type noticeAction struct {
	key, word string
	do        func()
}
