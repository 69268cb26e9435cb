package wsconn

import (
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/gobwas/ws"
)

// liveness is what is known of the far side's being there.
type liveness struct {
	mu      sync.Mutex
	last    time.Time
	rtt     time.Duration
	serial  uint64 // of the last PING sent
	sentAt  time.Time
	started bool
	stopped bool
	shakes  int // directions whose handshake is over
	ping    *time.Timer
	pongDue *time.Timer // a PONG of ours that is held back
	pending []byte      // its payload
}

func (l *liveness) init() { l.last = time.Now() }

func (l *liveness) heard() {
	l.mu.Lock()
	l.last = time.Now()
	l.mu.Unlock()
}

func (l *liveness) lastHeard() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

func (l *liveness) roundTrip() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rtt
}

// pong notes the round trip if payload is that of the last PING; a PONG nobody
// asked for is a sign of life and no more (RFC 6455, 5.5.3).
func (l *liveness) pong(payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(payload) == 8 && binary.BigEndian.Uint64(payload) == l.serial && !l.sentAt.IsZero() {
		l.rtt = time.Since(l.sentAt)
		l.sentAt = time.Time{}
	}
}

func (l *liveness) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	for _, t := range []*time.Timer{l.ping, l.pongDue} {
		if t != nil {
			t.Stop()
		}
	}
}

// startKeepalive is called at the end of the handshake in each direction; the
// PINGs begin with the second.
func (c *Conn) startKeepalive() {
	c.live.mu.Lock()
	defer c.live.mu.Unlock()
	c.live.shakes++
	if c.live.shakes < 2 || c.live.started || c.live.stopped || c.cfg.PingInterval < 0 {
		return
	}
	c.live.started = true
	c.live.ping = time.AfterFunc(c.cfg.PingInterval, c.sendPing)
}

// sendPing sends a PING and looks, one PongTimeout later, whether anything
// was heard since. Any byte is a sign of life.
func (c *Conn) sendPing() {
	c.live.mu.Lock()
	if c.live.stopped {
		c.live.mu.Unlock()
		return
	}
	c.live.serial++
	sent := time.Now()
	c.live.sentAt = sent
	payload := binary.BigEndian.AppendUint64(nil, c.live.serial)
	c.live.ping = time.AfterFunc(c.cfg.PongTimeout, func() { c.checkPong(sent) })
	c.live.mu.Unlock()
	if err := c.send(ws.OpPing, payload); err != nil {
		c.end(err)
	}
}

func (c *Conn) checkPong(sent time.Time) {
	c.live.mu.Lock()
	dead := c.live.last.Before(sent)
	if !dead && !c.live.stopped {
		c.live.ping = time.AfterFunc(max(0, c.cfg.PingInterval-time.Since(sent)), c.sendPing)
	}
	c.live.mu.Unlock()
	if dead {
		c.end(ErrPongTimeout)
	}
}

// answerPing sends the PONG, at once or after the delay. Of several PINGs that
// wait only the last is answered (RFC 6455, 5.5.3).
func (c *Conn) answerPing(payload []byte) {
	if c.cfg.PongDelay <= 0 {
		c.sendPong(payload)
		return
	}
	c.live.mu.Lock()
	defer c.live.mu.Unlock()
	c.live.pending = append(c.live.pending[:0], payload...)
	if c.live.pongDue == nil && !c.live.stopped {
		c.live.pongDue = time.AfterFunc(c.cfg.PongDelay, c.sendPending)
	}
}

func (c *Conn) sendPending() {
	c.live.mu.Lock()
	payload := append([]byte(nil), c.live.pending...)
	c.live.pongDue = nil
	c.live.mu.Unlock()
	c.sendPong(payload)
}

// sendPong ends the connection only if the far side takes nothing any more. Of
// any other failure the reader learns by itself, after what had still arrived.
func (c *Conn) sendPong(payload []byte) {
	var timeout net.Error
	if err := c.send(ws.OpPong, payload); errors.As(err, &timeout) && timeout.Timeout() {
		c.end(err)
	}
}
