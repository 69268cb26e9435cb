package audio

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// washer stands for the processing: it halves, and counts.
type washer struct {
	played, processed atomic.Int64
	headset, closed   atomic.Bool
}

func (w *washer) Played([]int16)     { w.played.Add(1) }
func (w *washer) SetHeadset(on bool) { w.headset.Store(on) }
func (w *washer) Close()             { w.closed.Store(true) }
func (w *washer) Process(frame []int16) {
	w.processed.Add(1)
	for i := range frame {
		frame[i] /= 2
	}
}

func TestProcessingSeesBothDirectionsAndKnowsHeadsets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic, jabra, jabMic)
		w, far := &washer{}, &echo{}
		p := NewPath(m, PathConfig{In: deskMic.Spec(), Out: desk.Spec(), Processor: w})
		_ = p.OpenPlayout(far)
		_ = p.OpenCapture(far)
		time.Sleep(2 * time.Second)
		if w.played.Load() < 190 || w.processed.Load() < 190 || w.headset.Load() {
			t.Errorf("played %d, processed %d, headset %v", w.played.Load(), w.processed.Load(), w.headset.Load())
		}
		for _, v := range far.take() {
			if v > m.noise/2 {
				t.Fatal("unprocessed sound went out")
			}
		}
		_ = p.SetOutput(jabra.Spec())
		time.Sleep(2 * time.Second)
		if !w.headset.Load() {
			t.Error("a headset was not told")
		}
		_ = p.Close()
		if !w.closed.Load() {
			t.Error("not closed")
		}
	})
}
