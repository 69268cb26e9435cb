package desktop

import (
	"context"
	"errors"
	"runtime"

	"golang.org/x/sys/windows"

	"offhook/internal/crash"
)

var setThreadExecutionState = windows.NewLazySystemDLL("kernel32.dll").NewProc("SetThreadExecutionState")

// The flags of SetThreadExecutionState.
const (
	esContinuous      = 0x80000000
	esSystemRequired  = 0x00000001
	esDisplayRequired = 0x00000002
)

func pauseMedia(context.Context) (func(context.Context) error, error) {
	return nil, errors.New("desktop: Windows lets no program pause another one's music")
}

// keepAwake holds a thread whose state keeps the display on.
func keepAwake(context.Context) (func(context.Context) error, error) {
	began, stop, ended := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer crash.Guard()
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if r, _, err := setThreadExecutionState.Call(esContinuous | esSystemRequired | esDisplayRequired); r == 0 {
			began <- err
			return
		}
		began <- nil
		<-stop
		_, _, _ = setThreadExecutionState.Call(esContinuous)
	}()
	if err := <-began; err != nil {
		return nil, err
	}
	return func(context.Context) error {
		close(stop)
		<-ended
		return nil
	}, nil
}
