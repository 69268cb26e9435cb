package media

import (
	"time"

	"offhook/voice/codec"
)

// playout is what received packets become sound in: one for each source and
// codec. It belongs to the thread that calls Pull.
type playout struct {
	info codec.Info
	dec  codec.Decoder
	pcm  []int16
	out  []int16
}

func newPlayout(info codec.Info, _ func() time.Duration) (*playout, error) {
	dec, err := codec.NewDecoder(info.Name)
	if err != nil {
		return nil, err
	}
	return &playout{info: info, dec: dec, pcm: make([]int16, 5760), out: make([]int16, 0, 11520)}, nil
}

func (p *playout) put(_ uint16, _ uint32, _ time.Duration, payload []byte) {
	n, err := p.dec.Decode(payload, p.pcm)
	if err != nil || len(p.out)+n > cap(p.out) {
		return
	}
	p.out = append(p.out, p.pcm[:n]...)
}

func (p *playout) get(frame []int16) {
	n := copy(frame, p.out)
	clear(frame[n:])
	p.out = append(p.out[:0], p.out[n:]...)
}

// playoutStats is what a playout says of itself: times in ms.
type playoutStats struct {
	delay, target, concealed float64
	late                     int64
}

func (p *playout) stats() playoutStats { return playoutStats{} }
