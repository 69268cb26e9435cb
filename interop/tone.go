package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
)

// toneWAV is a sine at half of full scale as a WAV file of 16 bit.
func toneWAV(hz float64, rate, channels int, length time.Duration) []byte {
	frames := int(length.Seconds() * float64(rate))
	n := frames * channels
	var b bytes.Buffer
	b.WriteString("RIFF")
	word := func(v uint32) { _ = binary.Write(&b, binary.LittleEndian, v) }
	half := func(v uint16) { _ = binary.Write(&b, binary.LittleEndian, v) }
	word(uint32(36 + 2*n))
	b.WriteString("WAVEfmt ")
	word(16)
	half(1)
	half(uint16(channels))
	word(uint32(rate))
	word(uint32(2 * channels * rate))
	half(uint16(2 * channels))
	half(16)
	b.WriteString("data")
	word(uint32(2 * n))
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = int16(16384 * math.Sin(2*math.Pi*hz*float64(i/channels)/float64(rate)))
	}
	_ = binary.Write(&b, binary.LittleEndian, samples)
	return b.Bytes()
}
