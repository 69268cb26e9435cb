package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// unfinishedTimeout is how long a message may take from its first byte to its
// last.
const unfinishedTimeout = 10 * time.Second

// maxHead limits the header lines of a message on a stream, in bytes.
const maxHead = 32 * 1024

var (
	crlf     = []byte("\r\n")
	crlfcrlf = []byte("\r\n\r\n")
)

// stream is SIP over TCP or TLS: Content-Length says where a message ends (RFC
// 3261, section 18.3), and a double CRLF between two messages asks for a CRLF
// (RFC 5626, section 4.4.1).
type stream struct {
	life
	cfg    Config
	raw    net.Conn
	reader *bufio.Reader
	write  sync.Mutex
	asked  time.Time // when the last keepalive went out; zero if none waits
	// broken is why nothing more can be read; the message before it may still be
	// answered.
	broken error
}

// NewStream makes a connection of a stream. It owns raw from here on.
func NewStream(raw net.Conn, cfg Config) Conn {
	s := &stream{cfg: cfg.withDefaults(), raw: raw}
	s.reader = bufio.NewReaderSize(countingReader{raw, &s.life}, maxHead)
	s.init(func(err error) {
		_ = raw.Close()
		s.cfg.Logger.Debug("stream ended", "reason", err)
	})
	if s.cfg.PingInterval > 0 {
		s.after(0, s.ping) // whether it is answered is best known early
	}
	return s
}

// countingReader notes that bytes came.
type countingReader struct {
	io.Reader
	life *life
}

func (r countingReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if n > 0 {
		r.life.heard()
	}
	return n, err
}

func (s *stream) LocalAddr() net.Addr  { return s.raw.LocalAddr() }
func (s *stream) RemoteAddr() net.Addr { return s.raw.RemoteAddr() }

// Write sends a message.
func (s *stream) Write(message []byte) error {
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.Err(); err != nil {
		return err
	}
	if err := s.put(message); err != nil {
		return s.ended(err)
	}
	return nil
}

// put writes under the lock.
func (s *stream) put(b []byte) error {
	_ = s.raw.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := s.raw.Write(b)
	return err
}

// ping asks for a sign of life. Many servers give none, since RFC 5626 is an
// extension: one that never did is not held to it.
func (s *stream) ping() {
	s.mu.Lock()
	s.asked = time.Now()
	strict := s.answers
	if strict {
		s.afterLocked(s.cfg.PongTimeout, s.check)
	} else {
		s.afterLocked(s.cfg.PingInterval, s.ping)
	}
	s.mu.Unlock()
	_ = s.Write(crlfcrlf)
}

// check looks whether anything was heard since the last keepalive.
func (s *stream) check() {
	s.mu.Lock()
	dead := s.last.Before(s.asked)
	if !dead {
		s.afterLocked(max(0, s.cfg.PingInterval-time.Since(s.asked)), s.ping)
	}
	s.mu.Unlock()
	if dead {
		s.End(ErrSilent)
	}
}

// pong is a lone CRLF between two messages.
func (s *stream) pong() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked.IsZero() {
		s.rtt = time.Since(s.asked)
		s.answers = true
	}
}

// Read returns the next message. One whose end can't be found is given as far as
// it goes, so that it can be answered, and is the last.
func (s *stream) Read() ([]byte, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	for {
		if err := s.between(); err != nil {
			return nil, s.ended(err)
		}
		_ = s.raw.SetReadDeadline(time.Now().Add(unfinishedTimeout))
		message, err := s.message()
		_ = s.raw.SetReadDeadline(time.Time{})
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			err = ErrUnfinished
		}
		switch {
		case err != nil && len(message) > 0:
			s.broken = err
			return message, nil
		case err != nil:
			return nil, s.ended(err)
		case message != nil:
			return message, nil
		}
	}
}

// between reads what stands between two messages: keepalives, and the NULs that
// some put behind a message.
func (s *stream) between() error {
	for {
		first, err := s.reader.Peek(1)
		switch {
		case err != nil:
			return err
		case first[0] == 0 || first[0] == '\n':
			_, _ = s.reader.Discard(1)
			continue
		case first[0] != '\r':
			return nil
		}
		if _, err := s.reader.Peek(2); err != nil {
			return err
		}
		_, _ = s.reader.Discard(2)
		if more, _ := s.reader.Peek(min(2, s.reader.Buffered())); bytes.Equal(more, crlf) {
			_, _ = s.reader.Discard(2)
			s.write.Lock()
			_ = s.put(crlf) // what is still to be read counts more
			s.write.Unlock()
			continue
		}
		s.pong()
	}
}

// startLine is how a request or a response begins, of whatever version.
var startLine = regexp.MustCompile(`^(SIP/\S+ +\d|\S+ .*SIP/\d+\.\d+[ \t]*\r?\n$)`)

// message reads one message; nil if it was skipped.
func (s *stream) message() ([]byte, error) {
	var head []byte
	skipped := 0
	for {
		line, err := s.reader.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) || len(head)+len(line) > maxHead || skipped > maxHead {
			return nil, ErrNotSIP
		}
		if err != nil {
			return nil, err
		}
		if len(head) == 0 && !startLine.Match(line) {
			// Text behind the end of the message before.
			skipped += len(line)
			continue
		}
		head = append(head, line...)
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
	}
	length, ok := contentLength(head)
	switch {
	case !ok:
		return head, ErrNotSIP
	case length > maxMessage-len(head):
		s.cfg.Logger.Warn("skipped an oversized message", "bytes", length)
		_, err := io.CopyN(io.Discard, s.reader, int64(length))
		return nil, err
	}
	message := append(head, make([]byte, length)...)
	n, err := io.ReadFull(s.reader, message[len(head):])
	return message[:len(head)+n], err
}

var lengthLine = regexp.MustCompile(`(?i)\n(?:Content-Length|l)[ \t]*:[ \t]*(?:\r?\n[ \t]+)?([^\r\n]*)`)

// contentLength finds Content-Length in a head; without one there is no body.
// ok is false if it is no number.
func contentLength(head []byte) (length int, ok bool) {
	found := lengthLine.FindSubmatch(head)
	if found == nil {
		return 0, true
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(found[1])), 10, 31)
	return int(n), err == nil
}
