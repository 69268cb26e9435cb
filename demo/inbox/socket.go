package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"offhook/voice/wire"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"
)

// Bounds of what a phone may send: the largest frame, and how many in how long.
const (
	maxClientFrame   = 4 << 10
	clientFrameRate  = 200
	clientFrameBurst = 2000
)

// batch is how many messages are read from the database at once.
const batch = 32

// socket is one phone's connection. While nothing happens only the goroutine of
// run exists, waiting to read: senders and pings come and go.
type socket struct {
	hub    *Hub
	conn   *websocket.Conn
	owner  Owner
	device string
	turn   uint64 // greater for one that came later

	// pokes counts the wishes to send since the sender last looked; the sender
	// exists while it is not zero. Only the sender uses sent.
	pokes atomic.Int64
	sent  int64

	mu    sync.Mutex
	timer *time.Timer // guarded by mu
	ended bool        // guarded by mu
	// news are frames that are kept for nobody, telling that they are being sent;
	// guarded by mu.
	news    [][]byte
	telling bool
}

// maxNews bounds the frames that wait for a slow phone; the oldest go first.
const maxNews = 256

// tell has a frame sent as soon as the phone takes it.
func (s *socket) tell(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.news) >= maxNews {
		s.news = s.news[1:]
	}
	s.news = append(s.news, frame)
	if !s.telling {
		s.telling = s.hub.background(s.sendNews)
	}
}

// sendNews sends the frames that are kept for nobody.
func (s *socket) sendNews() {
	for {
		s.mu.Lock()
		news := s.news
		s.news = nil
		s.telling = len(news) > 0
		s.mu.Unlock()
		if len(news) == 0 {
			return
		}
		for _, frame := range news {
			if s.writeText(frame) != nil {
				break // the reader ends the socket
			}
		}
	}
}

// run speaks for the socket until it ends.
func (s *socket) run(inbox string, since int64) {
	defer func() { _ = s.conn.CloseNow() }()
	if err := s.open(inbox, since); err != nil {
		s.hub.log.Warn("push socket could not be opened", "subscriber", s.owner.Subscriber, "error", err)
		return
	}
	defer s.stopPings()
	limit := rate.NewLimiter(clientFrameRate, clientFrameBurst)
	for {
		kind, text, err := s.conn.Read(context.Background())
		if err != nil {
			return
		}
		frame, err := parseClientFrame(text)
		switch {
		case kind != websocket.MessageText:
			_ = s.conn.Close(websocket.StatusUnsupportedData, "frames are text")
			return
		case err != nil:
			_ = s.conn.Close(websocket.StatusInvalidFramePayloadData, errFrame.Error())
			return
		case !limit.Allow():
			_ = s.conn.Close(websocket.StatusPolicyViolation, "too many frames")
			return
		}
		if frame.Type != wire.FrameAck {
			continue
		}
		n, err := s.hub.ack(context.Background(), s.owner, frame.ID)
		if err != nil {
			s.hub.log.Error("an acknowledgement was lost; the message will come again", "subscriber", s.owner.Subscriber, "id", frame.ID, "error", err)
			continue
		}
		s.hub.acked.Add(uint64(n))
	}
}

// open says hello, takes the inbox over and sends what waits.
func (s *socket) open(inbox string, since int64) error {
	ctx, cancel := context.WithTimeout(s.hub.ctx, s.hub.cfg.WriteWait)
	defer cancel()
	id, err := s.hub.openInbox(ctx, s.owner)
	if err != nil {
		return err
	}
	if inbox == id && since > 0 {
		if err := s.hub.ackUpTo(ctx, s.owner, since); err != nil {
			return err
		}
	}
	if err := s.write(wire.HelloFrame{Type: wire.FrameHello, Inbox: id, Now: stamp(s.hub.now())}); err != nil {
		return err
	}
	s.mu.Lock()
	s.timer = time.AfterFunc(s.hub.cfg.PingEvery, s.pings())
	s.mu.Unlock()
	s.hub.attach(s)
	s.poke()
	return nil
}

// poke has the waiting messages sent by a sender of its own, the one that is at
// it already if there is one.
func (s *socket) poke() {
	if s.pokes.Add(1) == 1 {
		s.hub.background(s.send)
	}
}

func (s *socket) send() {
	for {
		seen := s.pokes.Load()
		if err := s.sendWaiting(); err != nil {
			// The messages stay; the phone gets them on its next socket.
			if s.hub.ctx.Err() == nil { // else Close says goodbye
				_ = s.conn.CloseNow()
			}
			return
		}
		if s.pokes.CompareAndSwap(seen, 0) {
			return
		}
	}
}

func (s *socket) sendWaiting() error {
	for {
		list, err := s.hub.waiting(s.hub.ctx, s.owner, s.sent, batch)
		if err != nil {
			return err
		}
		for _, m := range list {
			if err := s.write(m.frame()); err != nil {
				return err
			}
			s.sent = m.id
		}
		if len(list) < batch {
			return nil
		}
	}
}

func (s *socket) write(frame any) error {
	text, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	return s.writeText(text)
}

func (s *socket) writeText(text []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.hub.cfg.WriteWait)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// pings returns what the timer runs: it proves the phone alive, from time to
// time checks that it may still be here, and sets the timer again.
func (s *socket) pings() func() {
	every := max(1, int(s.hub.cfg.RecheckEvery/s.hub.cfg.PingEvery))
	count := 0
	return func() {
		if !s.hub.enter() {
			return
		}
		defer s.hub.running.Done()
		ctx, cancel := context.WithTimeout(context.Background(), s.hub.cfg.PongWait)
		defer cancel()
		if err := s.conn.Ping(ctx); err != nil {
			_ = s.conn.CloseNow()
			return
		}
		if count++; count%every == 0 && !s.allowed() {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.ended {
			s.timer.Reset(s.hub.cfg.PingEvery)
		}
	}
}

// allowed asks the gate again. A gate that can't tell changes nothing.
func (s *socket) allowed() bool {
	err := s.hub.cfg.Gate.Recheck(s.hub.ctx, s.owner)
	if !errors.Is(err, ErrRefused) && !errors.Is(err, ErrGone) {
		return true
	}
	if err := s.hub.Revoke(s.hub.ctx, s.owner, errors.Is(err, ErrGone)); err != nil {
		s.hub.log.Error("an inbox could not be forgotten", "subscriber", s.owner.Subscriber, "error", err)
	}
	return false
}

func (s *socket) stopPings() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.timer.Stop()
}

// end closes the socket with a code and does not wait for the phone's answer.
func (s *socket) end(code websocket.StatusCode, reason string) {
	s.hub.background(func() { _ = s.conn.Close(code, reason) })
}
