package sip

import (
	"bufio"
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// forgetfulServer is a registrar of TCP that loses the first requests of each
// connection, as one that hung does; it counts connections and requests.
func forgetfulServer(t *testing.T, lost int32) (url string, connections, requests *atomic.Int32) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connections, requests = &atomic.Int32{}, &atomic.Int32{}
	serve := func(c net.Conn) {
		defer c.Close()
		in, text, forgotten := bufio.NewReader(c), "", int32(0)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if text += line; !strings.HasSuffix(text, "\r\n\r\n") {
				continue
			}
			m, err := parse([]byte(text))
			text = ""
			req, ok := m.(*sipmsg.Request)
			if err != nil || !ok {
				continue
			}
			requests.Add(1)
			if forgotten++; forgotten > lost {
				_, _ = c.Write([]byte(sipmsg.NewResponseFromRequest(req, 200, "OK", nil).String()))
			}
		}
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go serve(c)
		}
	}()
	t.Cleanup(func() { _ = ln.Close() })
	return "tcp://" + ln.Addr().String(), connections, requests
}

// A server that has forgotten what it was asked is asked again over the connection
// that stands, long before an answer is given up.
func TestForgottenRegisterIsSentAgain(t *testing.T) {
	t.Parallel()
	url, connections, requests := forgetfulServer(t, 2)
	a := newRegistrar(t).account(t, func(c *AccountConfig) {
		c.URL, c.askAgain, c.PingInterval = url, 20*time.Millisecond, -1
	})
	a.phase(Registered)
	if connections.Load() != 1 || requests.Load() < 3 {
		t.Errorf("%d connections, %d requests", connections.Load(), requests.Load())
	}
}

// An attempt to connect that hangs does not keep the next one waiting, and is over
// once that has come about.
func TestHangingConnectIsTriedAgain(t *testing.T) {
	t.Parallel()
	url, _, _ := forgetfulServer(t, 0)
	var dials atomic.Int32
	over := make(chan struct{})
	a := newRegistrar(t).account(t, func(c *AccountConfig) {
		c.URL, c.askAgain, c.PingInterval = url, 10*time.Millisecond, -1
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1) == 1 {
				<-ctx.Done()
				close(over)
				return nil, ctx.Err()
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	})
	a.phase(Registered)
	<-over
}
