package exophone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/gobwas/ws"

	"offhook/demo/throttle"
	"offhook/demo/wsconn"
	"offhook/voice/wire"
)

// Exchange is the telephone exchange. All methods may be called from any
// goroutine.
type Exchange struct {
	cfg Config
	log *slog.Logger
	// run begins the tags of all dialogs of this run, so that those of a run
	// before are known.
	run       string
	began     time.Time // in whole seconds, as payloads have it
	states    registry
	auth      *authenticator
	limits    *throttle.Rate
	conns     connections
	registrar registrar

	listener *wsconn.Listener
	ua       *sipgo.UserAgent
	client   *sipgo.Client

	mu       sync.Mutex
	sessions map[string]*session
	aliases  map[string]*session // of calls that were handed over
	dialogs  map[dialogID]*dialog
	draining bool
	empty    chan struct{} // closed when draining and no session is left

	conferring sync.Mutex // held while two sessions become one

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	byes   sync.WaitGroup // goodbyes still being said
}

// New makes an exchange that serves the connections which its Handler takes.
func New(cfg Config) (*Exchange, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	x := &Exchange{
		cfg: cfg, log: cfg.Logger, run: sip.GenerateTagN(8) + "-", began: cfg.Clock.Now().Truncate(time.Second),
		limits:   throttle.NewRate(cfg.CallRate, cfg.CallBurst, cfg.Clock.Now),
		sessions: make(map[string]*session), aliases: make(map[string]*session), dialogs: make(map[dialogID]*dialog),
		registrar: registrar{m: make(map[string][]binding)},
		empty:     make(chan struct{}),
	}
	x.ctx, x.cancel = context.WithCancel(context.Background())
	x.conns = connections{
		m: make(map[string]*connection), lost: x.connectionLost,
		token: cfg.AccessToken, ctx: x.ctx, clock: cfg.Clock, within: cfg.ProveWithin, strangers: cfg.MaxStrangers,
	}
	x.auth = newAuthenticator(cfg.Domain, cfg.Clock, x.lookup)
	x.auth.report = func(remote, name string, count int) {
		x.log.Warn("wrong SIP password", "remote", remote, "subscriber", name, "in_a_row", count)
	}
	if err := x.startSIP(); err != nil {
		x.cancel()
		return nil, err
	}
	return x, nil
}

// startSIP sets the stack up. It serves WebSocket connections handed to it and
// opens none itself, wherever a hostile Via may point.
func (x *Exchange) startSIP() error {
	// The stack logs whole messages, tokens included.
	silent := slog.New(slog.DiscardHandler)
	noDial := errors.New("the exchange opens no connections")
	var err error
	x.ua, err = sipgo.NewUA(
		sipgo.WithUserAgent("Offhook exchange"),
		sipgo.WithUserAgentHostname(x.cfg.Domain),
		sipgo.WithUserAgentTransportLayerOptions(
			sip.WithTransportLayerLogger(silent),
			sip.WithTransportLayerTransports(sip.TransportsConfig{WS: &sip.TransportWS{
				DialerCreate: func(net.Addr) ws.Dialer {
					return ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return nil, noDial }}
				},
			}}),
		),
		sipgo.WithUserAgentTransactionLayerOptions(
			sip.WithTransactionLayerLogger(silent),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {}),
			sip.WithTransactionLayerTerminateOnConnClose(),
		),
	)
	if err != nil {
		return fmt.Errorf("SIP stack: %w", err)
	}
	server, err := sipgo.NewServer(x.ua, sipgo.WithServerLogger(silent))
	if err != nil {
		return fmt.Errorf("SIP stack: %w", err)
	}
	x.client, err = sipgo.NewClient(x.ua, sipgo.WithClientLogger(silent), sipgo.WithClientHostname(x.cfg.Domain))
	if err != nil {
		return fmt.Errorf("SIP stack: %w", err)
	}
	server.OnInvite(x.guarded(x.onInvite))
	server.OnAck(x.onAck)
	server.OnCancel(x.guarded(x.onStrayCancel))
	server.OnBye(x.guarded(x.onInDialog))
	server.OnInfo(x.guarded(x.onInDialog))
	server.OnUpdate(x.guarded(x.onInDialog))
	server.OnRegister(x.guarded(x.onRegister))
	server.OnOptions(x.guarded(x.onOptions))
	server.OnNoRoute(x.guarded(x.onOther))

	x.listener = wsconn.NewListener(&net.TCPAddr{IP: net.IPv4zero, Port: 5060}, wsconn.ListenerConfig{
		Conn: wsconn.Config{
			MaxMessage: maxMessage, Logger: x.log,
			Accept: func(message []byte) bool {
				if err := acceptable(message); err != nil {
					x.log.Debug("SIP message dropped", "reason", err)
					return false
				}
				return true
			},
		},
		Check: x.conns.check, OnConn: x.conns.opened,
	})
	x.work.Go(func() {
		if err := server.ServeWS(x.listener); !errors.Is(err, net.ErrClosed) {
			x.log.Error("SIP is no longer served", "error", err)
		}
	})
	return nil
}

// Handler takes the WebSocket upgrade of /sip, subprotocol sip.
func (x *Exchange) Handler() http.Handler { return x.listener }

// Connections is the number of open SIP connections.
func (x *Exchange) Connections() int { return x.conns.count() }

// Live returns the calls in progress, oldest first.
func (x *Exchange) Live() []Record {
	x.mu.Lock()
	sessions := make([]*session, 0, len(x.sessions))
	for _, s := range x.sessions {
		if !s.unrecorded {
			sessions = append(sessions, s)
		}
	}
	x.mu.Unlock()
	records := make([]Record, 0, len(sessions))
	for _, s := range sessions {
		records = append(records, s.snapshot())
	}
	slices.SortFunc(records, func(a, b Record) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.SessionID, b.SessionID))
	})
	return records
}

// Draining reports whether new calls are refused.
func (x *Exchange) Draining() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.draining
}

// Drain refuses new calls with 503 and waits until those in progress have
// ended, or ctx ends.
func (x *Exchange) Drain(ctx context.Context) error {
	x.mu.Lock()
	if !x.draining {
		x.draining = true
		if len(x.sessions) == 0 {
			close(x.empty)
		}
	}
	x.mu.Unlock()
	select {
	case <-x.empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends all calls with BYE, waits for that as long as ctx allows, and
// closes the connections. Drain first lets calls end by themselves.
func (x *Exchange) Close(ctx context.Context) error {
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_ = x.Drain(gone)
	x.mu.Lock()
	for _, s := range x.sessions {
		s.post(func() { s.end(ending{reason: wire.ReasonShutdown, by: byPlatform, status: 503}) })
	}
	x.mu.Unlock()
	err := x.Drain(ctx)
	// What is still said goodbye to has no more time than ctx leaves.
	said := make(chan struct{})
	stop := context.AfterFunc(ctx, x.cancel)
	go func() {
		defer close(said)
		x.byes.Wait()
	}()
	select {
	case <-said:
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
	stop()
	x.cancel()
	<-said
	err = errors.Join(err, x.listener.Close(), x.ua.Close())
	x.work.Wait()
	x.conns.wait.Wait()
	return err
}

// lookup asks the directory within its time.
func (x *Exchange) lookup(ctx context.Context, name string) (Subscriber, error) {
	if name == "" {
		return Subscriber{}, ErrUnknownSubscriber
	}
	return x.cfg.Directory.Subscriber(ctx, name)
}

func isUnknown(err error) bool { return errors.Is(err, ErrUnknownSubscriber) }

// add takes a session in, or returns the status with which its caller is
// refused.
func (x *Exchange) add(s *session) (status int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.draining {
		return 503
	}
	placed := 0
	for _, other := range x.sessions {
		if other.placedBy == s.placedBy {
			placed++
		}
	}
	if s.placedBy != "" && placed >= x.cfg.MaxCalls {
		return 429
	}
	x.sessions[s.id] = s
	return 0
}

func (x *Exchange) remove(s *session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.sessions, s.id)
	for _, id := range s.aliases {
		delete(x.aliases, id)
	}
	if x.draining && len(x.sessions) == 0 {
		close(x.empty)
	}
}

func (x *Exchange) session(id string) *session {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s := x.sessions[id]; s != nil {
		return s
	}
	return x.aliases[id]
}

// alias gives a session another name for the next callee: a phone passes over a call
// that it has had before.
func (x *Exchange) alias(s *session) string {
	id := newSessionID()
	x.also(s, id)
	return id
}

func (x *Exchange) addDialog(d *dialog) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.dialogs[d.id] = d
}

func (x *Exchange) removeDialog(d *dialog) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.dialogs[d.id] == d {
		delete(x.dialogs, d.id)
	}
}

func (x *Exchange) dialog(id dialogID) *dialog {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.dialogs[id]
}

// connectionLost tells the sessions whose phone was reached over it.
func (x *Exchange) connectionLost(source string) {
	x.registrar.lost(source)
	x.mu.Lock()
	var lost []*dialog
	for _, d := range x.dialogs {
		if d.sourceNow() == source {
			lost = append(lost, d)
		}
	}
	x.mu.Unlock()
	for _, d := range lost {
		d.post(func(s *session) { s.connectionLost(d) })
	}
}
