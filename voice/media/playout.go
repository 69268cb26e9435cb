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
}

func newPlayout(info codec.Info, now func() time.Duration) (*playout, error) {
	dec, err := codec.NewDecoder(info.Name)
	if err != nil {
		return nil, err
	}
	return &playout{info: info, Buffer: jitter.New(dec, jitter.Config{ClockRate: info.ClockRate, Now: now})}, nil
}
