package media

import (
	"slices"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// readSize holds any packet of an Ethernet.
const readSize = 1600

// sendRTP implements link.
func (l *peerLink) sendRTP(h rtpHeader, packet []byte) error {
	t := l.out.Load()
	if t == nil {
		return ErrPathLost
	}
	w := t.writer.Load()
	if w == nil {
		return ErrPathLost
	}
	t.header = rtp.Header{Version: 2, Marker: h.marker, PayloadType: h.pt, SequenceNumber: h.seq, Timestamp: h.ts, SSRC: h.ssrc}
	_, err := (*w).WriteRTP(&t.header, packet[rtpHeaderSize:])
	return err
}

// sendRTCP implements link.
func (l *peerLink) sendRTCP(packet []byte) error {
	raw := rtcp.RawPacket(packet)
	return l.pc.Load().WriteRTCP([]rtcp.Packet{&raw})
}

// readRTP takes the packets of one source until it is gone.
func (l *peerLink) readRTP(t *webrtc.TrackRemote) {
	b := make([]byte, readSize)
	for {
		n, _, err := t.Read(b)
		switch {
		case err == nil:
			l.h.rtp(b[:n], l.cfg.Now())
		case n == 0:
			return
		}
	}
}

// readRTCP takes reports until their stream is gone. A report about our stream
// comes by the sender, and again by the receiver if it also tells of the
// peer's: it is taken from the sender.
func (l *peerLink) readRTCP(read func([]byte) (int, interceptor.Attributes, error), aboutUs bool) {
	b := make([]byte, readSize)
	for {
		n, _, err := read(b)
		if err != nil {
			return
		}
		if !aboutUs && l.concernsUs(b[:n]) {
			continue
		}
		l.h.rtcp(b[:n], l.cfg.Now())
	}
}

func (l *peerLink) concernsUs(b []byte) bool {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return false
	}
	for _, p := range packets {
		if slices.Contains(p.DestinationSSRC(), l.ssrc) {
			return true
		}
	}
	return false
}
