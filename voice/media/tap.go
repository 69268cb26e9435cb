package media

import "sync/atomic"

// Tap is given the sound of a session as it is sent and received, such as to record
// it. What the gates and hold stop is not among it, and neither are digits. It is
// called by two goroutines, one for each direction, in the middle of sending and
// receiving, so that it must not block, and must not keep the payload.
type Tap func(Tapped)

// Tapped is one packet of sound.
type Tapped struct {
	// Sent says that this phone sends it.
	Sent bool
	// Codec is the name of its codec.
	Codec string
	// Source tells one stream from the next, TS is the RTP timestamp.
	Source, TS uint32
	// Red says that the payload brings earlier packets again (RFC 2198).
	Red     bool
	Payload []byte
}

// tap is the Tap of one direction, nil for none.
type tap struct{ to atomic.Pointer[Tap] }

func (t *tap) set(to Tap) {
	if to == nil {
		t.to.Store(nil)
		return
	}
	t.to.Store(&to)
}

func (t *tap) give(p Tapped) {
	if to := t.to.Load(); to != nil {
		(*to)(p)
	}
}

// overlay is a sound that is mixed over what is sent, once. at belongs to the sender's
// goroutine.
type overlay struct {
	pcm []int16
	at  int
}

// mix adds the next part of it to pcm, and reports whether there is more.
func (o *overlay) mix(pcm []int16) bool {
	for i, v := range o.pcm[o.at:min(len(o.pcm), o.at+len(pcm))] {
		pcm[i] = int16(min(max(int32(pcm[i])+int32(v), -32768), 32767))
	}
	o.at = min(len(o.pcm), o.at+len(pcm))
	return o.at < len(o.pcm)
}
