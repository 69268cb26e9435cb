package audio

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// A device whose server died never comes back from closing: it is
		// abandoned, as the phone does it.
		goleak.IgnoreAnyFunction("github.com/gen2brain/malgo._Cfunc_ma_device_uninit"))
}
