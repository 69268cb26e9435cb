package exophone_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"

	"offhook/demo/exophone"
	"offhook/demo/relay/relaytest"
)

// alive checks that the exchange still answers.
func (p *platform) alive(h *phone) {
	p.t.Helper()
	c := h.prepare(exophon)
	c.send("OPTIONS", "")
	c.expect(200)
}

// message is a whole INVITE to spoil.
func sampleInvite(h *phone) string {
	c := h.prepare(exophon)
	return c.message("INVITE", c.uri(), 1, newBranch(), "v=0\r\n", "Content-Type", "application/sdp")
}

// Messages that are no SIP, or SIP that is wrong, are dropped or answered; the
// connection and the exchange live on.
func TestGarbage(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	h := p.connect("alice")
	h.mangled = true
	good := sampleInvite(h)
	without := func(name string) string {
		var kept []string
		for _, l := range strings.Split(good, "\r\n") {
			if !strings.HasPrefix(l, name+":") {
				kept = append(kept, l)
			}
		}
		return strings.Join(kept, "\r\n")
	}
	swap := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	for name, message := range map[string]string{
		"empty":                  "",
		"zeros":                  strings.Repeat("\x00", 100),
		"text":                   "hello",
		"newlines":               "\r\n\r\n\r\n\r\n\r\n\r\n",
		"half a message":         good[:len(good)/2],
		"no Via":                 without("Via"),
		"no From":                without("From"),
		"no To":                  without("To"),
		"no Call-ID":             without("Call-ID"),
		"no CSeq":                without("CSeq"),
		"no From tag":            swap(";tag=", ";gat="),
		"another method in CSeq": swap(" INVITE\r\nContact", " BYE\r\nContact"),
		"CSeq too large":         swap("CSeq: 1 ", "CSeq: 99999999999 "),
		"negative CSeq":          swap("CSeq: 1 ", "CSeq: -1 "),
		"wrong version":          swap(" SIP/2.0\r\n", " SIP/7.0\r\n"),
		"length too long":        swap("Content-Length: 5", "Content-Length: 50000"),
		"length negative":        swap("Content-Length: 5", "Content-Length: -5"),
		"length no number":       swap("Content-Length: 5", "Content-Length: five"),
		"header flood":           swap("Max-Forwards", strings.Repeat("X-Flood: x\r\n", 1000)+"Max-Forwards"),
		"Via flood":              swap("Max-Forwards", strings.Repeat("Via: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\n", 500)+"Max-Forwards"),
		"endless header":         swap("Max-Forwards: 70", "Max-Forwards: "+strings.Repeat("7", 20000)),
		"too large":              good + strings.Repeat("x", 40000),
		"NUL in a header":        swap("X-Device-ID: ", "X-Device-ID: \x00"),
		"unknown scheme":         swap("INVITE sip:", "INVITE nobodyKnowsThisScheme:"),
		"no host":                swap("@"+domain+" SIP", "@ SIP"),
		"quotes unclosed":        swap("From: <", "From: \"unclosed <"),
		"response to nothing":    swap("INVITE "+"sip:"+exophon+"@"+domain+" SIP/2.0", "SIP/2.0 200 OK"),
		"response 4294967301":    swap("INVITE "+"sip:"+exophon+"@"+domain+" SIP/2.0", "SIP/2.0 4294967301 Better not break the receiver"),
		"Via to an inner host":   strings.Replace(good, "alice.invalid", "127.0.0.1:22", 1),
		"Route elsewhere":        swap("Max-Forwards", "Route: <sip:127.0.0.1:22;lr>\r\nMax-Forwards"),
		"CR only":                strings.ReplaceAll(good, "\r\n", "\r"),
		"LF only":                strings.ReplaceAll(good, "\r\n", "\n"),
		"binary body":            swap("v=0\r\n", "\xff\xfe\x00\x01\x02"),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), waitTime)
			defer cancel()
			if err := h.conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
				t.Fatal(err)
			}
			p.alive(h)
		})
	}
	if n := len(p.x.Live()); n != 0 {
		t.Errorf("%d calls came of garbage", n)
	}
}

// The torture messages of RFC 4475 (its section 4 has them byte for byte) do no
// harm, sent over a connection of their own and over a phone's.
func TestTorture(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	files, err := filepath.Glob(filepath.Join("testdata", "torture", "*.dat"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d torture messages: %v", len(files), err)
	}
	h := p.connect("alice")
	h.mangled = true
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			message, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), waitTime)
			defer cancel()
			if err := h.conn.Write(ctx, websocket.MessageText, message); err != nil {
				t.Fatal(err)
			}
			p.alive(h)
		})
	}
	if n := len(p.x.Live()); n != 0 {
		t.Errorf("%d calls came of them", n)
	}
}

// An INVITE spoilt at random, many times over.
func TestMutations(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	h := p.connect("alice")
	h.mangled = true
	r := rand.New(rand.NewPCG(1, 2))
	good := []byte(sampleInvite(h))
	for i := range 500 {
		m := bytes.Clone(good)
		for range 1 + r.IntN(8) {
			at := r.IntN(len(m))
			switch r.IntN(4) {
			case 0:
				m[at] = byte(r.Uint32())
			case 1:
				m = append(m[:at], m[min(at+r.IntN(20), len(m)):]...)
			case 2:
				m = append(m[:at], append(bytes.Repeat([]byte{m[at]}, r.IntN(50)), m[at:]...)...)
			case 3:
				from := r.IntN(len(m))
				m = append(m[:at], append(bytes.Clone(m[from:min(from+r.IntN(60), len(m))]), m[at:]...)...)
			}
			if len(m) == 0 {
				m = []byte("x")
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), waitTime)
		if err := h.conn.Write(ctx, websocket.MessageText, m); err != nil {
			t.Fatalf("mutation %d: %v", i, err)
		}
		cancel()
	}
	p.alive(h)
}

// WebSocket frames out of order end their own connection only.
func TestFramesOutOfOrder(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	h := p.connect("alice")
	ping := func(size int) ws.Frame { return ws.NewPingFrame(bytes.Repeat([]byte("x"), size)) }
	for name, frames := range map[string][]ws.Frame{
		"continuation of nothing":     {ws.NewFrame(ws.OpContinuation, true, []byte("x"))},
		"a text within a text":        {ws.NewFrame(ws.OpText, false, []byte("a")), ws.NewFrame(ws.OpText, true, []byte("b"))},
		"a ping of 126 bytes":         {ping(126)},
		"a ping in pieces":            {{Header: ws.Header{OpCode: ws.OpPing, Length: 1}, Payload: []byte("x")}},
		"a reserved opcode":           {{Header: ws.Header{OpCode: 5, Fin: true, Length: 1}, Payload: []byte("x")}},
		"reserved bits":               {{Header: ws.Header{OpCode: ws.OpText, Fin: true, Rsv: 7, Length: 1}, Payload: []byte("x")}},
		"a close, then more":          {ws.NewCloseFrame(nil), ws.NewTextFrame([]byte("x"))},
		"a close of one byte":         {ws.NewCloseFrame([]byte("x"))},
		"a frame that never ends":     {ws.NewFrame(ws.OpText, false, []byte("a")), ping(1)},
		"a message in many pieces":    {ws.NewFrame(ws.OpText, false, []byte("INVITE ")), ws.NewFrame(ws.OpContinuation, true, []byte("x"))},
		"a length of 2^62 and no end": {{Header: ws.Header{OpCode: ws.OpText, Fin: true, Length: 1 << 62}}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), waitTime)
			defer cancel()
			d := ws.Dialer{Protocols: []string{"sip"}}
			conn, _, _, err := d.Dial(ctx, p.ws)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, f := range frames {
				f = ws.MaskFrame(f)
				if err := ws.WriteFrame(conn, f); err != nil {
					break // already closed
				}
			}
			p.alive(h)
		})
	}
	t.Run("an unmasked frame", func(t *testing.T) {
		conn, _, _, err := ws.Dialer{Protocols: []string{"sip"}}.Dial(t.Context(), p.ws)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = ws.WriteFrame(conn, ws.NewTextFrame([]byte("x")))
		p.alive(h)
	})
	t.Run("a handshake that never ends", func(t *testing.T) {
		conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(p.ws, "ws://"), "/sip"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /sip HTTP/1.1\r\nHost: x\r\nUpgr")
		p.alive(h)
	})
}

// The wrong password again and again is slowed and never granted.
func TestWrongDigest(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	h := p.connect("alice")
	h.password = "guess"
	slowed := 0
	for range 30 {
		c := h.start(exophon, relaytest.Options{})
		c.invite("X-Custom-Field", "busy")
		switch s := c.response().StatusCode; s {
		case 403:
		case 429:
			slowed++
		default:
			t.Fatalf("status %d", s)
		}
		c.media.Close()
	}
	if slowed < 20 {
		t.Errorf("%d of 30 tries were slowed", slowed)
	}
	if len(p.asked) != 0 {
		t.Error("a stranger reached Dial-Whom")
	}
	// A name that is none is treated alike.
	n := p.connect("nobody")
	n.start(exophon, relaytest.Options{}).invite().expect(403)
	// One's own password in another's name.
	m := p.connect("bob")
	c := m.start(exophon, relaytest.Options{})
	c.invite("From", "<sip:alice@"+domain+">;tag=x")
	if s := c.response().StatusCode; s == 200 || s == 180 {
		t.Errorf("a call in another's name: %d", s)
	}
}

// A flood of calls that nobody ends leaves nothing behind when their
// connection goes.
func TestAbandonedCalls(t *testing.T) {
	t.Parallel()
	const calls = 20
	p := newPlatform(t, func(c *exophone.Config) { c.MaxCalls = calls })
	h := p.connect("alice")
	for range calls {
		c := h.start(exophon, relaytest.Options{})
		c.invite("X-Custom-Field", "bob")
		p.pushed("bob")
		c.media.Close()
	}
	if n := len(p.x.Live()); n != calls {
		t.Errorf("%d calls live", n)
	}
	h.dial("bob").expect(429)
	h.close()
	for range calls {
		if r := p.over(); r.EndReason != "caller-gone" {
			t.Errorf("record: %+v", r)
		}
	}
	relaytest.Eventually(t, "end of all calls and legs", func() bool { return len(p.x.Live())+p.r.Legs() == 0 })
}
