package media

import (
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// outTrack carries packets that are complete already: the audio and the
// telephone-events share its SSRC (RFC 4733, section 2.1).
type outTrack struct {
	bound  func(*outTrack)
	writer atomic.Pointer[webrtc.TrackLocalWriter]
	header rtp.Header // belongs to the sender's goroutine
}

// Bind implements webrtc.TrackLocal.
func (t *outTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	w := c.WriteStream()
	t.writer.Store(&w)
	t.bound(t)
	if params := c.CodecParameters(); len(params) > 0 {
		return params[0], nil
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}

// Unbind implements webrtc.TrackLocal.
func (t *outTrack) Unbind(webrtc.TrackLocalContext) error {
	t.writer.Store(nil)
	return nil
}

// ID implements webrtc.TrackLocal.
func (t *outTrack) ID() string { return "audio" }

// RID implements webrtc.TrackLocal.
func (t *outTrack) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (t *outTrack) StreamID() string { return "offhook" }

// Kind implements webrtc.TrackLocal.
func (t *outTrack) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }
