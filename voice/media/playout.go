package media

import (
	"time"

	"offhook/voice/codec"
	"offhook/voice/jitter"
)

// playout is what received packets become sound in: one for each source and
// codec. The network goroutine makes it, the thread that calls Pull plays it.
type playout struct {
	info codec.Info
	*jitter.Buffer
	// blocks are those of the packet that is taken.
	blocks redBlocks
}

// take hands a packet to the buffer, and the copies of earlier ones that it brings.
func (p *playout) take(in *packet) {
	payload := in.data[:in.n]
	if !in.red {
		p.Put(in.seq, in.ts, in.arrival, payload)
		return
	}
	if !p.blocks.read(payload) {
		return
	}
	own := p.blocks.own()
	p.Put(in.seq, in.ts, in.arrival, own.payload)
	for _, c := range p.blocks.copies() {
		if c.pt == own.pt {
			p.PutCopy(in.seq, in.ts, c.back, in.arrival, c.payload)
		}
	}
}

func newPlayout(info codec.Info, now func() time.Duration) (*playout, error) {
	dec, err := codec.NewDecoder(info.Name)
	if err != nil {
		return nil, err
	}
	return &playout{info: info, Buffer: jitter.New(dec, jitter.Config{ClockRate: info.ClockRate, Now: now})}, nil
}
