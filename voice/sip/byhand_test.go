package sip

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/sip/transport"
)

// everyTransport are the ways on which order must hold.
var everyTransport = []string{"udp", "tcp", "tls", "ws"}

// byHand is the far side of a flow, whose messages the test writes itself.
type byHand struct {
	t      *testing.T
	f      *Flow
	calls  chan Incoming
	conn   transport.Conn // nil for a WebSocket
	socket *websocket.Conn
	came   chan sipmsg.Message
	kept   []sipmsg.Message
}

// newByHand connects a flow to a far side by hand.
func newByHand(t *testing.T, scheme string, change ...func(*Config)) *byHand {
	t.Helper()
	h := &byHand{t: t, calls: make(chan Incoming, 1000), came: make(chan sipmsg.Message, 10_000)}
	cfg := Config{
		Domain: "lab.test", User: "desk", Password: "secret", PingInterval: -1,
		Incoming: func(in Incoming) { h.calls <- in },
	}
	for _, c := range change {
		c(&cfg)
	}
	switch scheme {
	case "udp":
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		cfg.URL = "udp://" + pc.LocalAddr().String()
		h.connect(cfg)
		_ = pc.Close() // the same port once more, connected to the phone's
		local := h.f.conn.LocalAddr().(*net.UDPAddr)
		c, err := net.DialUDP("udp", pc.LocalAddr().(*net.UDPAddr), local)
		if err != nil {
			t.Fatal(err)
		}
		h.conn = transport.NewDatagrams(c, transport.Config{PingInterval: -1})
	case "tcp", "tls":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if scheme == "tls" {
			web := httptest.NewTLSServer(nil)
			t.Cleanup(web.Close)
			l = tls.NewListener(l, web.TLS)
			cfg.TLS = web.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		}
		accepted := make(chan net.Conn, 1)
		go func() {
			if c, err := l.Accept(); err == nil {
				if secured, ok := c.(*tls.Conn); ok {
					_ = secured.Handshake()
				}
				accepted <- c
			}
		}()
		cfg.URL = scheme + "://" + l.Addr().String()
		h.connect(cfg)
		h.conn = transport.NewStream(<-accepted, transport.Config{PingInterval: -1})
	case "ws":
		sockets := make(chan *websocket.Conn, 1)
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"sip"}}); err == nil {
				sockets <- c
			}
		}))
		t.Cleanup(web.Close)
		cfg.URL = "ws" + strings.TrimPrefix(web.URL, "http") + "/sip"
		h.connect(cfg)
		h.socket = <-sockets
	}
	go h.read()
	t.Cleanup(func() {
		_ = h.f.Close()
		if h.conn != nil {
			_ = h.conn.Close()
		} else {
			_ = h.socket.CloseNow()
		}
		for range h.came {
			// to its end, which is that of the reader
		}
	})
	return h
}

func (h *byHand) connect(cfg Config) {
	h.t.Helper()
	f, err := Connect(limited(h.t), cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	h.f = f
}

func (h *byHand) read() {
	defer close(h.came)
	for {
		var message []byte
		var err error
		if h.conn != nil {
			message, err = h.conn.Read()
		} else {
			_, message, err = h.socket.Read(context.Background())
		}
		if err != nil {
			return
		}
		m, err := parse(message)
		var status int
		if _, scanned := fmt.Sscanf(string(message), "SIP/2.0 %d", &status); err != nil && scanned == nil {
			m, err = sipmsg.NewResponse(status, ""), nil // to a request that was itself broken
		}
		if err == nil {
			h.came <- m
		}
	}
}

// send sends messages, one right behind the other. Line feeds become line ends.
func (h *byHand) send(messages ...string) {
	h.t.Helper()
	for i, m := range messages {
		head, body, _ := strings.Cut(strings.TrimPrefix(strings.ReplaceAll(m, "\r\n", "\n"), "\n"), "\n\n")
		body = strings.ReplaceAll(body, "\n", "\r\n")
		messages[i] = strings.ReplaceAll(head, "\n", "\r\n") + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(body)) + body
	}
	if _, stream := h.f.conn.(*transport.Datagrams); !stream && h.conn != nil {
		messages = []string{strings.Join(messages, "")}
	}
	for _, m := range messages {
		var err error
		if h.conn != nil {
			err = h.conn.Write([]byte(m))
		} else {
			err = h.socket.Write(context.Background(), websocket.MessageText, []byte(m))
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// await waits for a message; what else came is kept for the next time.
func (h *byHand) await(what string, match func(sipmsg.Message) bool) sipmsg.Message {
	h.t.Helper()
	for i, m := range h.kept {
		if match(m) {
			h.kept = append(h.kept[:i:i], h.kept[i+1:]...)
			return m
		}
	}
	limit := time.After(timeout)
	for {
		select {
		case m, open := <-h.came:
			if !open {
				h.t.Fatalf("%s did not come: the flow is over", what)
			}
			if match(m) {
				return m
			}
			h.kept = append(h.kept, m)
		case <-limit:
			h.t.Fatalf("%s did not come", what)
		}
	}
}

// response waits for a response to a request of a call; status 0 is any final one.
func (h *byHand) response(callID string, method sipmsg.RequestMethod, seq uint32, status int) *sipmsg.Response {
	h.t.Helper()
	return h.await(fmt.Sprintf("%d to %s %d of %s", status, method, seq, callID), func(m sipmsg.Message) bool {
		res, ok := m.(*sipmsg.Response)
		return ok && res.CallID().Value() == callID && res.CSeq().MethodName == method && res.CSeq().SeqNo == seq &&
			(res.StatusCode == status || status == 0 && res.StatusCode >= 200)
	}).(*sipmsg.Response)
}

// request waits for a request of a method.
func (h *byHand) request(method sipmsg.RequestMethod) *sipmsg.Request {
	h.t.Helper()
	return h.await(string(method), func(m sipmsg.Message) bool {
		req, ok := m.(*sipmsg.Request)
		return ok && req.Method == method
	}).(*sipmsg.Request)
}

// call is the far side's side of a dialog that it began.
type callByHand struct {
	h          *byHand
	id, branch string
	toTag      string
}

func (h *byHand) call() *callByHand {
	return &callByHand{h: h, id: "call-" + newTag()}
}

// text is a request of the call; extra are header lines, each with its line feed.
func (c *callByHand) text(method string, seq int, extra, body string) string {
	c.branch = "z9hG4bK" + newTag()
	return c.textWith(c.branch, method, seq, extra, body)
}

func (c *callByHand) textWith(branch, method string, seq int, extra, body string) string {
	to := "<sip:desk@lab.test>"
	if c.toTag != "" {
		to += ";tag=" + c.toTag
	}
	contact := "Contact: <sip:peer@192.0.2.9>\n"
	if method == "ACK" || method == "CANCEL" || method == "BYE" {
		contact = ""
	}
	if body != "" && !strings.Contains(extra, "Content-Type") {
		extra += "Content-Type: application/sdp\n"
	}
	return fmt.Sprintf("%s sip:desk@phone.invalid SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=%s\nMax-Forwards: 70\nFrom: \"Peer\" <sip:peer@lab.test>;tag=far\nTo: %s\nCall-ID: %s\nCSeq: %d %s\n%s%s\n%s",
		method, branch, to, c.id, seq, method, contact, extra, body)
}

// ring sends an INVITE and has the phone ring.
func (c *callByHand) ring(extra string) Incoming {
	c.h.t.Helper()
	c.h.send(c.text("INVITE", 1, extra, offer))
	in := c.h.incoming()
	if err := in.Dialog.Ring(180, ""); err != nil {
		c.h.t.Fatal(err)
	}
	c.toTag = tagOf(c.h.response(c.id, "INVITE", 1, 180).To())
	return in
}

// establish makes an answered call.
func (c *callByHand) establish(extra string) Incoming {
	c.h.t.Helper()
	in := c.ring(extra)
	if err := in.Dialog.Accept(answer); err != nil {
		c.h.t.Fatal(err)
	}
	c.h.response(c.id, "INVITE", 1, 200)
	c.h.send(c.text("ACK", 1, "", ""))
	event[Answered](c.h.t, in.Dialog)
	return in
}

func (h *byHand) incoming() Incoming {
	h.t.Helper()
	select {
	case in := <-h.calls:
		return in
	case <-time.After(timeout):
		h.t.Fatal("no call came")
	}
	panic("unreachable")
}
