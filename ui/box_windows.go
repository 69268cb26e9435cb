package ui

import "golang.org/x/sys/windows"

// Box shows a failure in a box of the system's, which needs no OpenGL, and blocks
// until the user closes it.
func Box(f Failure) {
	title, err := windows.UTF16PtrFromString("Offhook")
	if err != nil {
		return
	}
	text, err := windows.UTF16PtrFromString(f.Text())
	if err != nil {
		return
	}
	_, _ = windows.MessageBox(0, text, title, windows.MB_ICONERROR|windows.MB_SETFOREGROUND) // nobody is left to be told
}
