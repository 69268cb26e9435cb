package jitter

import (
	"encoding/binary"
	"testing"
	"time"
)

// lengthDecoder is a toneDecoder whose packets are as long as their first byte
// says: 2.5 ms to 120 ms.
type lengthDecoder struct{ toneDecoder }

func (d *lengthDecoder) Duration(p []byte) int { return (1 + int(p[0])%48) * SampleRate / 400 }

func (d *lengthDecoder) Decode(p []byte, pcm []int16) (int, error) {
	n := d.Duration(p)
	d.tone(pcm[:n])
	return n, nil
}

// FuzzBuffer feeds any numbers and lengths in any order: the buffer must go on
// playing.
func FuzzBuffer(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 0, 0, 1, 0, 2, 0, 0, 3, 192, 1})
	f.Add([]byte{0, 9, 0, 0, 30, 0, 0x23, 0, 12, 0, 0, 40, 0, 0x26, 0, 13, 0, 0, 60, 0, 0x22})
	f.Add([]byte{255, 255, 255, 255, 255, 255, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 128, 0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		var now time.Duration
		b := New(&lengthDecoder{}, Config{Now: func() time.Duration { return now }})
		pcm := make([]int16, FrameSamples)
		for ; len(data) >= 7; data = data[7:] {
			seq, ts := binary.BigEndian.Uint16(data), binary.BigEndian.Uint32(data[2:])
			op := data[6]
			payload := []byte{data[5] ^ op, 'F', 'x'}
			b.Put(seq, ts, now, payload[:1+int(op)%3])
			if op&0x40 != 0 {
				b.Put(seq+1, ts+960, now-time.Duration(op)*time.Millisecond, payload)
			}
			if op&0x20 != 0 {
				b.PutCopy(seq, ts, uint32(op&0x1f)*480, now, payload)
			}
			for range op % 5 {
				now += 10 * time.Millisecond
				b.Get(pcm)
			}
			if op == 77 {
				now += time.Hour
			}
		}
	})
}
