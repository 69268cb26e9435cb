package sip

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
	"github.com/pion/stun/v4"

	"offhook/voice/fault"
	"offhook/voice/sip/transport"
)

// datagramServer makes a server of UDP, and of TCP at the same port if asked.
func datagramServer(t *testing.T, tcp bool, onInvite func(*leg), options ...serverOption) (*server, func(*Config)) {
	t.Helper()
	s := newServer(t, onInvite, options...)
	for {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var l net.Listener
		if tcp {
			if l, err = net.Listen("tcp", pc.LocalAddr().String()); err != nil {
				_ = pc.Close() // the port is another's; the next one
				continue
			}
		}
		stop := s.serveUDP(pc)
		var serving sync.WaitGroup
		if tcp {
			serving.Go(func() { _ = s.transport.ServeTCP(l) })
		}
		t.Cleanup(func() {
			stop()
			if tcp {
				_ = l.Close()
			}
			serving.Wait()
		})
		return s, func(c *Config) { c.URL = "udp://" + pc.LocalAddr().String() }
	}
}

// serveUDP has the server hear what comes to pc, until stop is called.
func (s *server) serveUDP(pc net.PacketConn) (stop func()) {
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.transport.ServeUDP(&servedConn{PacketConn: pc, pool: s.transport.Pool("udp"), peers: map[string]bool{}})
	}()
	return func() {
		_ = pc.Close()
		<-served
	}
}

// servedConn is a socket that sipgo still finds when it is closed: it would open
// another for what is under way, and nobody would close that.
type servedConn struct {
	net.PacketConn
	pool  *sipmsg.ConnectionPool
	peers map[string]bool // of the reader
}

func (c *servedConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(b)
	if err == nil {
		c.peers[from.String()] = true
		return n, from, nil
	}
	for peer := range c.peers {
		c.pool.Add(peer, &sipmsg.UDPConnection{PacketConn: c.PacketConn, PacketAddr: c.LocalAddr().String(), Listener: true})
	}
	return n, from, err
}

func TestCallsOverUDP(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s, to := datagramServer(t, false, onInvite, withDigest("MD5"))
	f := s.connect(to)
	d, l := place(t, s, f, legs)
	via := l.req.Via()
	if via.Transport != "UDP" || via.Host != "127.0.0.1" || via.Port == 0 || !via.Params.Has("rport") {
		t.Errorf("Via is %s", via.Value())
	}
	if c := l.req.Contact().Address; c.Port != via.Port || c.Host != "127.0.0.1" {
		t.Errorf("Contact is %s", c.String())
	}
	// What comes in may be of any length: the network cuts it into pieces.
	for _, size := range []int{10, 20_000} {
		if res, err := l.request(sipmsg.INFO, strings.Repeat("x", size), ""); err != nil || res.StatusCode != 200 {
			t.Fatalf("%v %v", res, err)
		}
		if in := event[Informed](t, d); len(in.Body) != size {
			t.Errorf("%d bytes arrived", len(in.Body))
		}
	}
	answer, err := d.Reinvite(limited(t), offer)
	if err != nil || answer != "" {
		t.Errorf("%q, %v", answer, err)
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	event[Ended](t, d)
}

// lossy loses the first datagram of each kind, in both directions.
type lossy struct {
	net.Conn
	mu   sync.Mutex
	seen map[string]bool
}

func (c *lossy) lost(direction string, b []byte) bool {
	line, _, _ := strings.Cut(string(b), "\r\n")
	words := strings.Fields(line)
	if len(words) < 2 {
		return false
	}
	kind := direction + words[0]
	if strings.HasPrefix(words[0], "SIP/") {
		kind = direction + words[1]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.seen[kind]
	c.seen[kind] = true
	return first
}

func (c *lossy) Write(b []byte) (int, error) {
	if c.lost("out ", b) {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *lossy) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if err != nil || !c.lost("in ", b[:n]) {
			return n, err
		}
	}
}

func TestLostDatagramsAreSentAgain(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s, to := datagramServer(t, false, onInvite)
	f := s.connect(to, func(c *Config) {
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return &lossy{Conn: raw, seen: map[string]bool{"out ACK": true, "in 200": true}}, err
		}
	})
	d, l := place(t, s, f, legs)
	// The request, our answer to it, and their answer to ours.
	if res, err := l.request(sipmsg.INFO, "hello", ""); err != nil || res.StatusCode != 200 {
		t.Fatalf("%v %v", res, err)
	}
	if in := event[Informed](t, d); in.Body != "hello" {
		t.Errorf("%+v", in)
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	event[Ended](t, d)
	finished(t, d) // and nothing arrived twice
}

func TestLongRequestsGoOverTCP(t *testing.T) {
	t.Parallel()
	long := offer + strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n", 40)
	for _, tcp := range []bool{true, false} {
		legs, onInvite := answering()
		s, to := datagramServer(t, tcp, onInvite, withDigest("MD5"))
		f := s.connect(to)
		d, err := f.Invite(limited(t), Invitation{Target: "bob", Offer: long})
		if err != nil {
			t.Fatal(err)
		}
		l := <-legs
		want := map[bool]string{true: "TCP", false: "UDP"}[tcp]
		if via := l.req.Via(); l.req.Transport() != want || via.Transport != want {
			t.Errorf("came over %s with %s, want %s", l.req.Transport(), via.Value(), want)
		}
		// Contact still says UDP: there the server finds us.
		if way, _ := l.req.Contact().Address.UriParams.Get("transport"); way != "udp" {
			t.Errorf("Contact is %s", l.req.Contact().Value())
		}
		l.respond(180, "")
		event[Provisional](t, d)
		l.respond(200, long)
		event[Answered](t, d)
		l.expect(sipmsg.ACK)
		if _, err := d.Reinvite(limited(t), long); err != nil {
			t.Error(err)
		}
		if err := d.Hangup(limited(t)); err != nil {
			t.Error(err)
		}
		event[Ended](t, d)
		if req := l.expect(sipmsg.BYE); req.Transport() != "UDP" {
			t.Errorf("the BYE came over %s", req.Transport())
		}
		// A CANCEL goes the way of its INVITE (RFC 3261, section 9.1).
		d, err = f.Invite(limited(t), Invitation{Target: "bob", Offer: long})
		if err != nil {
			t.Fatal(err)
		}
		l = <-legs
		cancelled := make(chan string, 1)
		l.tx.OnCancel(func(req *sipmsg.Request) { cancelled <- req.Transport() })
		l.respond(180, "")
		event[Provisional](t, d)
		if err := d.Hangup(limited(t)); err != nil {
			t.Error(err)
		}
		select {
		case got := <-cancelled:
			if got != want {
				t.Errorf("the CANCEL came over %s, want %s", got, want)
			}
		case <-time.After(timeout):
			t.Error("no CANCEL came")
		}
		if e := event[Failed](t, d); e.Status != 487 || !e.Cancelled {
			t.Errorf("%+v", e)
		}
	}
}

// rawUDP is a server by hand, and a flow to it.
func rawUDP(t *testing.T, change func(*Config)) (*Flow, net.PacketConn) {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	_ = pc.SetDeadline(time.Now().Add(timeout))
	cfg := Config{URL: "udp://" + pc.LocalAddr().String(), Domain: "sip.example", User: "alice", PingInterval: 5 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	f, err := Connect(limited(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, pc
}

func TestKeepalivesOfUDP(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		// answer says what the nth binding request gets: an address to be seen at,
		// "" for none.
		answer func(n int) string
		want   error
	}{
		{"answered", func(int) string { return "192.0.2.7" }, nil},
		{"silent", func(n int) string { return map[bool]string{true: "192.0.2.7"}[n < 2] }, transport.ErrSilent},
		{"moved", func(n int) string { return map[bool]string{true: "192.0.2.7", false: "192.0.2.8"}[n < 2] }, transport.ErrMoved},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, pc := rawUDP(t, func(c *Config) { c.PongTimeout = 200 * time.Millisecond })
			buf := make([]byte, 2000)
			n, from, err := pc.ReadFrom(buf)
			if err != nil || string(buf[:n]) != "\r\n\r\n" {
				t.Fatalf("%q, %v", buf[:n], err)
			}
			// The server agrees to outbound.
			res := sipmsg.NewResponse(200, "OK")
			res.AppendHeader(sipmsg.NewHeader("Require", "outbound"))
			f.registered(res)
			for asked := 0; asked < 5; asked++ {
				m := &stun.Message{}
				for m.Type != stun.BindingRequest {
					n, from, err = pc.ReadFrom(buf)
					if err != nil {
						t.Fatal(err)
					}
					if m = (&stun.Message{Raw: append([]byte(nil), buf[:n]...)}); stun.IsMessage(m.Raw) {
						_ = m.Decode()
					}
				}
				seen := tc.answer(asked)
				if seen == "" {
					break
				}
				reply := stun.MustBuild(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
					&stun.XORMappedAddress{IP: net.ParseIP(seen), Port: 5}, stun.Fingerprint)
				if _, err := pc.WriteTo(reply.Raw, from); err != nil {
					t.Fatal(err)
				}
				if seen == "192.0.2.8" {
					break
				}
			}
			if tc.want == nil {
				if f.RTT() <= 0 || f.Err() != nil {
					t.Errorf("round trip %v, %v", f.RTT(), f.Err())
				}
				return
			}
			select {
			case <-f.Done():
				if !errors.Is(f.Err(), tc.want) {
					t.Errorf("ended with %v, want %v", f.Err(), tc.want)
				}
			case <-time.After(timeout):
				t.Error("the flow goes on")
			}
		})
	}
}

// Only the server is heard, and what is no SIP harms nobody.
func TestRubbishOverUDP(t *testing.T) {
	t.Parallel()
	f, pc := rawUDP(t, func(c *Config) { c.PingInterval = -1 })
	there, err := net.ResolveUDPAddr("udp", net.JoinHostPort(f.host, itoa(f.port)))
	if err != nil {
		t.Fatal(err)
	}
	options := strings.NewReplacer("%", "1", "TCP", "UDP").Replace(rawOptions)
	for _, m := range []string{"", "\r\n\r\n", "\x00\x00", "INVITE", strings.Repeat("x", 60_000), "SIP/2.0 200 OK\r\n\r\n", options + strings.Repeat("y", 30_000)} {
		if _, err := pc.WriteTo([]byte(m), there); err != nil {
			t.Fatal(err)
		}
	}
	stranger, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := stranger.WriteTo([]byte(strings.ReplaceAll(options, "z9hG4bK1", "z9hG4bKstranger")), there); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<16)
	n, _, err := pc.ReadFrom(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), "SIP/2.0 200") || strings.Contains(string(buf[:n]), "stranger") {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if f.Err() != nil {
		t.Error(f.Err())
	}
}

func TestAccountOverUDP(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t, withDigest("SHA-256"))
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := r.s.serveUDP(pc)
	a := r.account(t, func(c *AccountConfig) { c.URL, c.PingInterval = "udp://"+pc.LocalAddr().String(), 5*time.Millisecond })
	a.phase(Registered)
	if c := r.next().Contact().Address; c.Host != "127.0.0.1" || c.Port == 0 {
		t.Errorf("Contact is %s", c.String())
	}
	// Nobody is there any more, and the system says so.
	stop()
	if s := a.until("lost", func(s Registration) bool { return s.Err != nil }); s.Phase != Unregistered || fault.TypeOf(s.Err) != fault.NetworkError {
		t.Errorf("%+v", s)
	}
}
