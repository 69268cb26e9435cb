package media

import (
	"time"

	"offhook/voice/codec"
	"offhook/voice/codec/red"
	"offhook/voice/jitter"
)

// playout is what received packets become sound in: one for each source and
// codec. The network goroutine makes it, the thread that calls Pull plays it.
type playout struct {
	info codec.Info
	*jitter.Buffer
	// blocks are those of the packet that is taken.
	blocks red.Blocks
}

// take hands a packet to the buffer, and the copies of earlier ones that it brings.
func (p *playout) take(in *packet) {
	payload := in.data[:in.n]
	if !in.red {
		p.Put(in.seq, in.ts, in.arrival, payload)
		return
	}
	if !p.blocks.Read(payload) {
		return
	}
	own := p.blocks.Own()
	p.Put(in.seq, in.ts, in.arrival, own.Payload)
	for _, c := range p.blocks.Copies() {
		if c.PayloadType == own.PayloadType {
			p.PutCopy(in.seq, in.ts, c.Back, in.arrival, c.Payload)
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
