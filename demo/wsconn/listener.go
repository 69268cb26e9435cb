package wsconn

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// ListenerConfig is how a Listener treats the connections it takes over.
type ListenerConfig struct {
	// Conn configures each connection; its Role is Server whatever it says.
	Conn Config
	// Check, if set, may refuse a request before it is upgraded, by its Origin
	// or credentials for instance. A status of 0 lets it through.
	Check func(r *http.Request) (status int)
	// OnConn, if set, is told of every connection before sipgo sees it. The
	// source of the SIP requests that arrive over it (Request.Source) is
	// c.RemoteAddr().String(). It must not block.
	OnConn func(c *Conn, r *http.Request)
}

// Listener takes SIP WebSockets over from a web server. It is the http.Handler
// of their path, and the net.Listener that sipgo's ServeWS accepts from: the
// upgrade request is replayed to sipgo, whose answer goes to the client.
type Listener struct {
	addr  net.Addr
	cfg   ListenerConfig
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}

	mu   sync.Mutex
	open map[*Conn]struct{}
}

// NewListener makes a listener. addr is what Addr returns, the web server's
// address; sipgo needs a host and a port in it.
func NewListener(addr net.Addr, cfg ListenerConfig) *Listener {
	cfg.Conn.Role = Server
	return &Listener{
		addr: addr, cfg: cfg, conns: make(chan net.Conn), done: make(chan struct{}),
		open: make(map[*Conn]struct{}),
	}
}

// ServeHTTP upgrades a request for the subprotocol "sip" (RFC 7118, section 4)
// and refuses every other.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status, text := l.refuse(r); status != 0 {
		if status == http.StatusUpgradeRequired {
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Sec-WebSocket-Version", "13")
		}
		http.Error(w, text, status)
		return
	}
	raw, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection cannot be upgraded", http.StatusInternalServerError)
		return
	}
	_ = raw.SetDeadline(time.Time{})
	c := l.adopt(raw, rw.Reader, r)
	if c == nil {
		_ = raw.Close()
		return
	}
	if l.cfg.OnConn != nil {
		l.cfg.OnConn(c, r)
	}
	select {
	case l.conns <- c:
	case <-l.done:
		_ = c.Close()
	}
}

// refuse returns the status and text with which r is refused, or 0.
func (l *Listener) refuse(r *http.Request) (int, string) {
	select {
	case <-l.done:
		return http.StatusServiceUnavailable, "shutting down"
	default:
	}
	switch {
	case r.Method != http.MethodGet, !hasToken(r.Header, "Connection", "upgrade"),
		!hasToken(r.Header, "Upgrade", "websocket"), r.Header.Get("Sec-WebSocket-Version") != "13":
		return http.StatusUpgradeRequired, "a WebSocket is spoken here"
	case len(r.Header.Get("Sec-WebSocket-Key")) != 24:
		return http.StatusBadRequest, "bad Sec-WebSocket-Key"
	case !hasToken(r.Header, "Sec-WebSocket-Protocol", "sip"):
		return http.StatusBadRequest, "the subprotocol here is sip"
	}
	if l.cfg.Check != nil {
		if status := l.cfg.Check(r); status != 0 {
			return status, http.StatusText(status)
		}
	}
	return 0, ""
}

func hasToken(h http.Header, name, token string) bool {
	for _, v := range h.Values(name) {
		if slices.ContainsFunc(strings.Split(v, ","), func(t string) bool {
			return strings.EqualFold(strings.TrimSpace(t), token)
		}) {
			return true
		}
	}
	return false
}

// adopt makes the Conn that replays the handshake; nil after Close.
func (l *Listener) adopt(raw net.Conn, br *bufio.Reader, r *http.Request) *Conn {
	var head bytes.Buffer
	fmt.Fprintf(&head, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: sip\r\n\r\n",
		r.URL.RequestURI(), r.Host, r.Header.Get("Sec-WebSocket-Key"))
	early, _ := br.Peek(br.Buffered())
	head.Write(early)

	var c *Conn
	cfg := l.cfg.Conn
	onClose := cfg.OnClose
	cfg.OnClose = func(err error) {
		l.mu.Lock()
		delete(l.open, c)
		l.mu.Unlock()
		if onClose != nil {
			onClose(err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		return nil
	}
	c = New(&replayConn{Conn: raw, first: head.Bytes()}, cfg)
	l.open[c] = struct{}{}
	return c
}

// replayConn gives first before what the connection gives.
type replayConn struct {
	net.Conn
	first []byte
}

func (c *replayConn) Read(b []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(b, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// Accept waits for the next connection; its handshake is ready to be read.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Addr is the address that NewListener was given.
func (l *Listener) Addr() net.Addr { return l.addr }

// Conns returns the connections that are open now.
func (l *Listener) Conns() []*Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	conns := make([]*Conn, 0, len(l.open))
	for c := range l.open {
		conns = append(conns, c)
	}
	return conns
}

// Close ends Accept, refuses new connections and closes those that are open.
// The web server is not touched.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	conns := l.Conns()
	l.mu.Lock()
	l.open = nil
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	return nil
}
