package sip

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"
)

// SIP over TCP and TLS (RFC 3261, section 18). A bridge makes such a stream look
// like a WebSocket, message for frame, so that a flow has the same guard, the
// same liveness and the same transactions over each. A PING becomes the double
// CRLF of RFC 5626 (4.4.1), its answer a PONG.

var errStream = errors.New("sip: the stream holds what is not SIP")

// maxHead limits the headers of a message on a stream.
const maxHead = 32 * 1024

// bridge joins a stream to the near end of a pipe that speaks WebSocket.
type bridge struct {
	stream net.Conn
	far    net.Conn // our end of the pipe
	write  sync.Mutex

	mu sync.Mutex
	// pending is the payload of a PING that waits for a CRLF; strict says that
	// the server has answered one before. Many never do (RFC 5626 is an
	// extension), so until then a PING that could be written counts as answered.
	pending []byte
	strict  bool
}

// bridged returns the WebSocket side of a stream.
func bridged(stream net.Conn) net.Conn {
	near, far := net.Pipe()
	b := &bridge{stream: stream, far: far}
	go b.run()
	return near
}

func (b *bridge) run() {
	defer func() { _ = b.far.Close(); _ = b.stream.Close() }()
	if _, err := (ws.Upgrader{Protocol: func([]byte) bool { return true }}).Upgrade(b.far); err != nil {
		return
	}
	incoming := make(chan struct{})
	go func() {
		defer close(incoming)
		_ = b.fromStream()
		_ = b.far.Close()
	}()
	_ = b.toStream()
	_ = b.stream.Close()
	<-incoming
}

// frame hands a frame to the flow.
func (b *bridge) frame(op ws.OpCode, payload []byte) error {
	b.write.Lock()
	defer b.write.Unlock()
	_, err := b.far.Write(ws.MustCompileFrame(ws.NewFrame(op, true, payload)))
	return err
}

// toStream carries what the flow sends.
func (b *bridge) toStream() error {
	r := bufio.NewReader(b.far)
	for {
		f, err := ws.ReadFrame(r)
		if err != nil {
			return err
		}
		f = ws.UnmaskFrameInPlace(f)
		_ = b.stream.SetWriteDeadline(time.Now().Add(10 * time.Second))
		switch f.Header.OpCode {
		case ws.OpText:
			_, err = b.stream.Write(f.Payload)
		case ws.OpPing:
			err = b.ping(f.Payload)
		case ws.OpClose:
			return io.EOF
		}
		if err != nil {
			return err
		}
	}
}

func (b *bridge) ping(payload []byte) error {
	b.mu.Lock()
	strict := b.strict
	b.pending = payload
	b.mu.Unlock()
	if _, err := b.stream.Write(crlfcrlf); err != nil || strict {
		return err
	}
	go func() { _ = b.frame(ws.OpPong, payload) }() // the reader may be waiting for us
	return nil
}

// pong is a lone CRLF from the server.
func (b *bridge) pong() error {
	b.mu.Lock()
	payload := b.pending
	b.pending, b.strict = nil, true
	b.mu.Unlock()
	if payload == nil {
		return nil
	}
	return b.frame(ws.OpPong, payload)
}

// fromStream carries what the server sends, a message at a time (RFC 3261,
// 18.3: Content-Length says where it ends).
func (b *bridge) fromStream() error {
	r := bufio.NewReaderSize(b.stream, maxHead)
	for {
		head, err := b.readHead(r)
		if err != nil {
			return err
		}
		length, err := bodyLength(head)
		if err != nil {
			return err
		}
		message := append(head, make([]byte, length)...)
		if _, err := io.ReadFull(r, message[len(head):]); err != nil {
			return err
		}
		if err := b.frame(ws.OpText, message); err != nil {
			return err
		}
	}
}

// readHead reads up to the empty line. Line ends before it are keepalives: two
// ask for one, one is an answer.
func (b *bridge) readHead(r *bufio.Reader) ([]byte, error) {
	for {
		first, err := r.Peek(2)
		if err != nil {
			return nil, err
		}
		if string(first) != "\r\n" {
			break
		}
		_, _ = r.Discard(2)
		if more, _ := r.Peek(min(2, r.Buffered())); string(more) == "\r\n" {
			_, _ = r.Discard(2)
			if _, err := b.stream.Write(crlfcrlf[:2]); err != nil {
				return nil, err
			}
			continue
		}
		if err := b.pong(); err != nil {
			return nil, err
		}
	}
	var head []byte
	for {
		line, err := r.ReadSlice('\n')
		head = append(head, line...)
		switch {
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(head) > maxHead:
			return nil, errStream
		case bytes.HasSuffix(head, crlfcrlf):
			return head, nil
		}
	}
}

// bodyLength finds Content-Length in a head; without one there is no body.
func bodyLength(head []byte) (int, error) {
	_, lines, _, err := split(head)
	if err != nil {
		return 0, errStream
	}
	for _, l := range lines {
		if strings.EqualFold(l.name, "Content-Length") {
			n, err := strconv.ParseUint(l.value, 10, 24)
			if err != nil {
				return 0, errStream
			}
			return int(n), nil
		}
	}
	return 0, nil
}
