package ui

// #include "screengone_linux.h"
import "C"

import "unsafe"

// screenGone is what to do when the X server is gone.
var screenGone func()

// watchScreen calls gone when the X server is gone: killed, or the session ended
// without asking. Xlib would end the program on the spot, and the far side of a call
// would wait for a sound that does not come.
func watchScreen(gone func()) {
	screenGone = gone
	C.offhook_watch_screen()
}

//export offhookScreenGone
func offhookScreenGone(unsafe.Pointer) C.int {
	screenGone()
	return 0
}
