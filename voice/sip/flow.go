package sip

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/sip/transport"
)

// Flow is one connection to a SIP server, kept alive, with the dialogs that
// run over it (RFC 5626, section 2). Everything goes through that server, in
// dialogs too. It does not reconnect: a lost flow is over, and its dialogs may
// be rebound to a new one.
type Flow struct {
	cfg     Config
	at      address
	server  string // the address that was dialled
	others  int    // addresses that might be tried instead
	host    string // ours, a name under .invalid (RFC 7118, section 5)
	port    int    // ours, 0 for a WebSocket
	creds   *credentials
	created time.Time

	conn         transport.Conn
	transactions *transactions
	// inbox has what came, in its order, for the one goroutine that handles it.
	inbox chan arrived

	done chan struct{}
	work sync.WaitGroup // loops that use the flow

	mu            sync.Mutex
	err           error
	closing       bool
	ended         bool
	dialogs       map[dialogKey]*Dialog
	subscriptions map[dialogKey]*subscription
	routes        []sipmsg.Uri   // of what begins a dialog
	side          transport.Conn // for requests that are too long for a datagram
	noSide        time.Time      // until when they stay datagrams
	dialling      bool           // side is being opened
}

// dialogKey finds a dialog by what both sides agree on from its first request.
type dialogKey struct{ callID, localTag string }

func newFlow(cfg Config, at address) *Flow {
	user := cfg.AuthUser
	if user == "" {
		user = cfg.User
	}
	return &Flow{
		cfg: cfg, at: at, routes: proxyRoute(&cfg),
		host:    strings.ToLower(rand.Text()[:12]) + ".invalid",
		creds:   &credentials{user: user, password: cfg.Password},
		created: time.Now(),
		done:    make(chan struct{}),
		inbox:   make(chan arrived, inboxSize),
		dialogs: make(map[dialogKey]*Dialog),

		subscriptions: make(map[dialogKey]*subscription),

		transactions: newTransactions(),
	}
}

// reachable notes our own address of a stream: the server knows the connection
// by it, and sends what it has for us there.
func (f *Flow) reachable(local net.Addr) {
	if a, err := netip.ParseAddrPort(local.String()); err == nil {
		f.host, f.port = a.Addr().Unmap().WithZone("").String(), int(a.Port())
	}
}

// datagrams says whether the flow is one of UDP.
func (f *Flow) datagrams() bool { return f.at.scheme == "udp" }

// Server is the address of the server that the flow is connected to, with its
// port: of several that a name stands for, the one that answered.
func (f *Flow) Server() string { return f.server }

// Done is closed when the flow is over; Err then says why.
func (f *Flow) Done() <-chan struct{} { return f.done }

// Err is why the flow is over: ErrFlowClosed after Close, an error of
// transport or of the network otherwise. It is nil while the flow lives.
func (f *Flow) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// RTT is the round trip of the last ping, 0 before the first answer.
func (f *Flow) RTT() time.Duration { return f.conn.RTT() }

// LastHeard is when bytes last arrived from the server.
func (f *Flow) LastHeard() time.Time { return f.conn.LastHeard() }

// Close ends the flow and returns when everything that it started is gone.
// It says nothing to the far sides of its dialogs: they see FlowLost, or
// Failed if they are not answered yet. Hang up first.
func (f *Flow) Close() error {
	f.mu.Lock()
	f.closing = true
	f.mu.Unlock()
	_ = f.conn.Close()
	<-f.done
	f.work.Wait()
	return nil
}

// end tells everybody that the connection is over.
func (f *Flow) end() {
	f.mu.Lock()
	f.ended = true
	f.err = f.conn.Err()
	if f.closing || f.err == nil || errors.Is(f.err, net.ErrClosed) {
		f.err = ErrFlowClosed
	}
	err, side := f.err, f.side
	dialogs := make([]*Dialog, 0, len(f.dialogs))
	for _, d := range f.dialogs {
		dialogs = append(dialogs, d)
	}
	f.mu.Unlock()
	if side != nil {
		_ = side.Close()
	}
	f.cfg.Logger.Debug("flow ended", "reason", err)
	f.transactions.close(ErrFlowLost)
	close(f.done)
	for _, d := range dialogs {
		d.flowLost(f, err)
	}
}

// lost says whether the flow is over.
func (f *Flow) lost() bool {
	select {
	case <-f.done:
		return true
	default:
		return f.conn.Err() != nil
	}
}

// enter registers a piece of work that Close waits for; false if the flow is
// over. leave is called at its end.
func (f *Flow) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return false
	}
	f.work.Add(1)
	return true
}

func (f *Flow) leave() { f.work.Done() }

// add makes the flow route requests to d; false if the flow is over.
func (f *Flow) add(d *Dialog) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return false
	}
	f.dialogs[d.key()] = d
	return true
}

func (f *Flow) remove(d *Dialog) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dialogs[d.key()] == d {
		delete(f.dialogs, d.key())
	}
}

func (f *Flow) find(callID, localTag string) *Dialog {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dialogs[dialogKey{callID, localTag}]
}

// String names the flow in logs.
func (f *Flow) String() string { return fmt.Sprintf("flow %s@%s", f.cfg.User, f.cfg.Domain) }
