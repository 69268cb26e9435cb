package diagnosis

import (
	"testing"

	"offhook/voice/audio"
)

func TestTheMeterAllocatesNothing(t *testing.T) {
	var l Level
	frame := make([]int16, audio.FrameSamples)
	if n := testing.AllocsPerRun(100, func() { l.Add(frame) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
