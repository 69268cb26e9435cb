package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const options = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c\r\nl : 2\r\n\r\nhi"

// framed writes a wire in pieces and returns the messages that are read of it, and the
// error behind them.
func framed(t testing.TB, wire string, piece int) (messages []string, err error) {
	t.Helper()
	near, far := net.Pipe()
	s := NewStream(near, Config{PingInterval: -1})
	done := make(chan struct{})
	go func() {
		defer close(done)
		go func() { _, _ = io.Copy(io.Discard, far) }()
		for rest := wire; rest != ""; {
			n := min(piece, len(rest))
			if _, err := io.WriteString(far, rest[:n]); err != nil {
				break
			}
			rest = rest[n:]
		}
		_ = far.Close()
	}()
	for {
		m, err := s.Read()
		if err != nil {
			s.End(err)
			<-done
			return messages, err
		}
		messages = append(messages, string(m))
	}
}

func TestMessagesOfAStream(t *testing.T) {
	t.Parallel()
	head := "OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n"
	for _, tc := range []struct {
		name, wire string
		want       []string
		err        error
	}{
		{"one", options, []string{options}, io.EOF},
		{"three in a row", options + options + head, []string{options, options, head}, io.EOF},
		{"keepalives around", "\r\n\r\n" + options + "\r\n\r\n\r\n" + options + "\r\n", []string{options, options}, io.EOF},
		{"NULs behind the end", options + "\x00\x00" + options, []string{options, options}, io.EOF},
		{"text behind the end", options + "more than was said\r\nhere: too\r\n" + options, []string{options, options}, io.EOF},
		{"a response", "SIP/2.0 200 OK\r\n\r\n", []string{"SIP/2.0 200 OK\r\n\r\n"}, io.EOF},
		{"another version", "OPTIONS sip:a SIP/7.0\r\n\r\n", []string{"OPTIONS sip:a SIP/7.0\r\n\r\n"}, io.EOF},
		{"bare line feeds", "OPTIONS sip:a SIP/2.0\nContent-Length: 2\n\nhi" + head, []string{"OPTIONS sip:a SIP/2.0\nContent-Length: 2\n\nhi", head}, io.EOF},
		{"a folded length", "OPTIONS sip:a SIP/2.0\r\nContent-Length:\r\n 2\r\n\r\nhi", []string{"OPTIONS sip:a SIP/2.0\r\nContent-Length:\r\n 2\r\n\r\nhi"}, io.EOF},
		{"oversized is skipped", "OPTIONS sip:a SIP/2.0\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000) + head, []string{head}, io.EOF},
		{"a length that is none", "OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n" + head, []string{"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n"}, ErrNotSIP},
		{"cut in a body", options[:len(options)-1], []string{options[:len(options)-1]}, io.ErrUnexpectedEOF},
		{"no line ends", strings.Repeat("x", 2*maxHead), nil, ErrNotSIP},
	} {
		for _, piece := range []int{1, 7, 1 << 20} {
			if piece == 1 && len(tc.wire) > 1000 {
				continue
			}
			got, err := framed(t, tc.wire, piece)
			if strings.Join(got, "|") != strings.Join(tc.want, "|") || !errors.Is(err, tc.err) {
				t.Errorf("%s in pieces of %d: %.200q, %v", tc.name, piece, got, err)
			}
		}
	}
}

// A message that does not end is given up, and what there is of it is answered.
func TestUnfinishedMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		s := NewStream(near, Config{PingInterval: -1})
		go func() { _, _ = io.WriteString(far, options[:len(options)-1]) }()
		start := time.Now()
		m, err := s.Read()
		if err != nil || string(m) != options[:len(options)-1] || time.Since(start) != unfinishedTimeout {
			t.Errorf("%q, %v after %v", m, err, time.Since(start))
		}
		if _, err = s.Read(); !errors.Is(err, ErrUnfinished) {
			t.Error(err)
		}
		s.End(err)
		_ = s.Close()
		_ = far.Close()
	})
}

// A server that has answered a keepalive once is held to it; one that never did is not.
func TestKeepalivesOfAStream(t *testing.T) {
	t.Parallel()
	for _, answers := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			s := NewStream(near, Config{})
			asked := make(chan struct{}, 100)
			go func() {
				buf := make([]byte, 4)
				for n := 0; ; n++ {
					if _, err := io.ReadFull(far, buf); err != nil {
						return
					}
					asked <- struct{}{}
					if answers && n == 0 {
						_, _ = io.WriteString(far, "\r\n")
					}
				}
			}()
			start := time.Now()
			ended := make(chan error, 1)
			go func() { _, err := s.Read(); ended <- err }()
			select {
			case err := <-ended:
				if took := time.Since(start); !answers || !errors.Is(err, ErrSilent) || took > 20*time.Second {
					t.Errorf("ended with %v after %v", err, took)
				}
			case <-time.After(time.Minute):
				if answers || len(asked) < 4 || s.Answers() {
					t.Errorf("%d keepalives, answered %v", len(asked), s.Answers())
				}
			}
			_ = s.Close()
			_ = far.Close()
			synctest.Wait()
		})
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte(options+options), 3)
	f.Add([]byte("\r\n\r\nSIP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello\x00"), 1)
	f.Add([]byte("junk\r\n"+options), 100)
	f.Fuzz(func(t *testing.T, wire []byte, piece int) {
		if len(wire) > 4096 {
			return
		}
		messages, err := framed(t, string(wire), max(1, min(piece, 4096)))
		if err == nil {
			t.Fatal("a stream without an end")
		}
		for _, m := range messages {
			if !bytes.Contains(wire, []byte(m)) {
				t.Fatalf("%q is not in %q", m, wire)
			}
		}
	})
}
