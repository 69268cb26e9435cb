package recording

import (
	"testing"
	"time"

	"offhook/voice/codec"
)

// BenchmarkRecorder is what 20 ms of a call cost.
func BenchmarkRecorder(b *testing.B) {
	for name, mono := range map[string]bool{"dual": false, "single": true} {
		b.Run(name, func(b *testing.B) {
			key, _, _ := GenerateKey()
			count := &counter{}
			w, _ := NewWriter(count, key, Meta{})
			r, err := NewRecorder(w, codec.Opus, mono)
			if err != nil {
				b.Fatal(err)
			}
			r.SetActive(true)
			s := newSpeaker(b, codec.Opus, 440)
			_, _, payload := s.packet()
			for i := 0; b.Loop(); i++ {
				at := time.Duration(i) * slotTime
				for side := range 2 {
					r.Sound(at, side, Packet{Source: 1, TS: uint32(i * slotSamples), Payload: payload})
				}
				if err := r.Advance(at); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/slotTime.Seconds()*100, "%core/call")
			b.ReportMetric(float64(count.n)/float64(b.N)/slotTime.Seconds()*3600/1e6, "MB/hour")
		})
	}
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }
