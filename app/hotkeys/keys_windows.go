package hotkeys

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"

	"offhook/internal/crash"
)

var (
	user32            = windows.NewLazySystemDLL("user32.dll")
	registerHotKey    = user32.NewProc("RegisterHotKey")
	unregisterHotKey  = user32.NewProc("UnregisterHotKey")
	getMessage        = user32.NewProc("GetMessageW")
	peekMessage       = user32.NewProc("PeekMessageW")
	postThreadMessage = user32.NewProc("PostThreadMessageW")
)

// The modifiers of RegisterHotKey, the messages and the keys that are used.
const (
	modControl  = 0x0002
	modShift    = 0x0004
	modNoRepeat = 0x4000

	wmQuit   = 0x0012
	wmHotKey = 0x0312

	keyAnswer, keyDecline = 'A', 'D'
)

// message is MSG of the Windows API.
type message struct {
	window  uintptr
	message uint32
	wParam  uintptr
	lParam  uintptr
	time    uint32
	x, y    int32
	private uint32
}

// Take takes both keys until stop is called; the functions are called from
// another goroutine. The error says that another program has one of them.
func Take(answer, decline func()) (stop func(), err error) {
	ready, done := make(chan error, 1), make(chan struct{})
	var thread uint32
	go func() {
		defer crash.Guard()
		defer close(done)
		// The keys belong to the thread that asks, and come to its queue.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread = windows.GetCurrentThreadId()
		var m message
		_, _, _ = peekMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0, 0) // makes the queue
		for i, key := range []uintptr{keyAnswer, keyDecline} {
			if r, _, err := registerHotKey.Call(0, uintptr(i), modControl|modShift|modNoRepeat, key); r == 0 {
				ready <- err
				return
			}
			defer unregisterHotKey.Call(0, uintptr(i))
		}
		ready <- nil
		for {
			r, _, _ := getMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0)
			switch {
			case int32(r) <= 0: // WM_QUIT, or an error
				return
			case m.message == wmHotKey && m.wParam == 0:
				answer()
			case m.message == wmHotKey && m.wParam == 1:
				decline()
			}
		}
	}()
	if err := <-ready; err != nil {
		<-done
		return nil, err
	}
	return func() {
		if r, _, _ := postThreadMessage.Call(uintptr(thread), wmQuit, 0, 0); r != 0 {
			<-done
		}
	}, nil
}
