package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"offhook/voice/wire"
	"sync"
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

// maxWaiting bounds the messages that wait in memory for a slow phone: the others are
// read from the stream once it has taken these.
const maxWaiting = 32

// lookAgain is when the inbox is read again after that has failed.
const lookAgain = time.Second

// delivery is how far a message has come that is not done with.
type delivery struct {
	seq      uint64 // in the stream, 0 if that is not known yet
	acked    bool
	deleting bool
}

// waiting is a message in memory; sent is told when the phone has it.
type waiting struct {
	message
	sent func()
}

// socket is one phone's connection. While nothing happens only the goroutine of
// run exists, waiting to read: senders and pings come and go.
type socket struct {
	hub    *Hub
	conn   *websocket.Conn
	owner  Owner
	device string
	turn   uint64 // greater for one that came later

	mu    sync.Mutex
	timer *time.Timer // guarded by mu
	ended bool        // guarded by mu
	// All of the following is guarded by mu. known are the messages that were sent and
	// are not done with, by id; queue those that come next; look says that the inbox is
	// to be read, from its beginning.
	known   map[int64]*delivery
	queue   []waiting
	look    bool
	sending bool
	upTo    int64 // ids up to this one were acknowledged by the phone's since
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
		s.ack(frame.ID)
	}
}

// ack notes that the phone is done with a message. It is deleted as soon as its place
// in the stream is known.
func (s *socket) ack(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.known[id]
	if d == nil || d.acked {
		return
	}
	d.acked = true
	s.forget(id, d)
}

// forget deletes a message that is acknowledged, if its place in the stream is known.
// The mutex is held.
func (s *socket) forget(id int64, d *delivery) {
	if !d.acked || d.seq == 0 || d.deleting {
		return
	}
	d.deleting = true
	s.hub.delete(s.owner, d.seq, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.known, id)
	})
}

// open says hello, takes the inbox over and sends what waits.
func (s *socket) open(inbox string, since int64) error {
	id := s.hub.uuidOf(s.owner, since)
	if inbox == id {
		s.upTo = since
	}
	if err := s.write(wire.HelloFrame{Type: wire.FrameHello, Inbox: id, Now: stamp(s.hub.now())}); err != nil {
		return err
	}
	s.mu.Lock()
	s.timer = time.AfterFunc(s.hub.cfg.PingEvery, s.pings())
	s.look = true // what waits comes before what rings from now on
	s.mu.Unlock()
	s.hub.attach(s)
	s.lookInto()
	return nil
}

// lookInto has the inbox read and what waits there sent.
func (s *socket) lookInto() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look = true
	s.startSending()
}

// take has a message sent; sent is called once the phone has it. A message that the
// phone has already is not sent again, and one that it is done with is deleted.
func (s *socket) take(m message, sent func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settle(m) {
		return
	}
	if len(s.queue) >= maxWaiting {
		s.look = true
		return
	}
	s.queue = append(s.queue, waiting{m, sent})
	s.startSending()
}

// settle reports whether a message needs no sending. The mutex is held.
func (s *socket) settle(m message) bool {
	d := s.known[m.id]
	switch {
	case d == nil && m.id > s.upTo:
		return false
	case d == nil:
		d = &delivery{acked: true}
		s.known[m.id] = d
	}
	if m.seq > 0 {
		d.seq = m.seq
		s.forget(m.id, d)
	}
	return true
}

// startSending has a sender of its own send what waits, the one that is at it already
// if there is one. The mutex is held.
func (s *socket) startSending() {
	if !s.sending {
		s.sending = s.hub.background(s.send)
	}
}

func (s *socket) send() {
	for {
		s.mu.Lock()
		look := s.look
		s.look = false
		s.mu.Unlock()
		var err error
		if look {
			err = s.sendWaiting()
		}
		s.mu.Lock()
		queue := s.queue
		s.queue = nil
		s.sending = len(queue) > 0 || s.look
		going := s.sending
		s.mu.Unlock()
		for _, m := range queue {
			if err == nil {
				err = s.sendOne(m.message)
			}
			if err == nil {
				m.sent()
			}
		}
		if err != nil {
			// The messages stay; the phone gets them on its next socket.
			if s.hub.ctx.Err() == nil { // else Close says goodbye
				_ = s.conn.CloseNow()
			}
			return
		}
		if !going {
			return
		}
	}
}

// sendWaiting sends what waits in the stream. If that can't be read now it is tried
// again in a while: what rings meanwhile does not wait for it.
func (s *socket) sendWaiting() error {
	for seq := uint64(1); ; {
		m, err := s.hub.next(s.hub.ctx, s.owner, seq)
		switch {
		case errors.Is(err, errNone):
			return nil
		case errors.Is(err, errStored):
			s.hub.log.Error("a message was lost", "subscriber", s.owner.Subscriber, "seq", m.seq, "error", err)
			seq = m.seq + 1
			continue
		case err != nil:
			if s.hub.ctx.Err() == nil {
				s.hub.log.Warn("an inbox can't be read now", "subscriber", s.owner.Subscriber, "error", err)
				s.lookLater()
			}
			return nil
		}
		seq = m.seq + 1
		if m.expires.Add(s.hub.cfg.Keep).After(s.hub.now()) {
			if err := s.sendOne(m); err != nil {
				return err
			}
		}
	}
}

// lookLater has the inbox read in a while, if the socket is still open then.
func (s *socket) lookLater() {
	s.hub.background(func() {
		select {
		case <-s.hub.ctx.Done():
		case <-time.After(lookAgain):
			s.mu.Lock()
			defer s.mu.Unlock()
			if !s.ended {
				s.look = true
				s.startSending()
			}
		}
	})
}

// sendOne sends a message, unless the phone has it already.
func (s *socket) sendOne(m message) error {
	s.mu.Lock()
	done := s.settle(m)
	if !done {
		s.known[m.id] = &delivery{seq: m.seq}
	}
	s.mu.Unlock()
	if done {
		return nil
	}
	return s.writeText(m.text)
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
		if count++; count%every == 0 {
			if !s.allowed() {
				return
			}
			s.lookInto() // neither way may have reached the phone
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

// replacedBy ends the socket since the inbox has gone to another one.
func (s *socket) replacedBy(device string) {
	if device == s.device {
		s.end(websocket.StatusNormalClosure, "replaced by a newer socket of this device")
		return
	}
	s.end(wire.CloseOtherDevice, "another device has the inbox")
}

// end closes the socket with a code and does not wait for the phone's answer.
func (s *socket) end(code websocket.StatusCode, reason string) {
	s.hub.background(func() { _ = s.conn.Close(code, reason) })
}
