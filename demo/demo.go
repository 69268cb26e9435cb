package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"offhook/demo/archive"
	"offhook/demo/backend"
	"offhook/demo/cluster"
	"offhook/demo/console"
	"offhook/demo/exophone"
	"offhook/demo/inbox"
	"offhook/demo/platform"
	"offhook/demo/relay"
	"offhook/demo/store"
	"offhook/demo/upload"
	"offhook/voice/wire"
)

// timeouts bounds how long a peer may take: one that is slower is cut off.
type timeouts struct {
	firstByte, header, read, write, idle time.Duration
}

// usualTimeouts holds unless a test has less. Writing may take longer than any
// poll is held.
var usualTimeouts = timeouts{firstByte: 15 * time.Second, header: 10 * time.Second, read: 20 * time.Second, write: 90 * time.Second, idle: 2 * time.Minute}

const maxHeaderBytes = 16 << 10

// Platform is a running platform. Make it with New, run it with Start, end it
// with Close.
type Platform struct {
	cfg   Config
	log   *slog.Logger
	clock exophone.Clock
	now   func() time.Time

	metrics *metrics
	news    *agentNews

	// All of the following is set by Start.
	started     time.Time
	credentials string
	baseURL     string
	split       *splitter
	server      *http.Server
	ended       context.CancelFunc // ends what requests still wait for
	exchange    *exophone.Exchange
	relay       *relay.Relay
	node        *cluster.Node
	platform    *platform.Server
	recordings  *archive.Archive // nil if no call is recorded
	backend     *backend.Server
	outgoing    *http.Transport
	closers     []func(ctx context.Context) error // in the order of starting
	closeOnce   sync.Once
	closeErr    error
}

// New checks the configuration. Nothing runs yet.
func New(cfg Config) (*Platform, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	clock := zonedClock{Clock: cfg.Clock}
	return &Platform{cfg: cfg, log: cfg.Logger, clock: clock, now: clock.Now, metrics: newMetrics(), news: newAgentNews()}, nil
}

// Start opens the ports and serves. When it fails, nothing is left running.
func (p *Platform) Start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close(ctx))
		}
	}()
	p.started = p.now()
	if err := p.lockData(); err != nil {
		return err
	}
	if err := p.keepCredentials(); err != nil {
		return fmt.Errorf("API credentials: %w", err)
	}
	if err := p.listen(); err != nil {
		return err
	}
	if err := p.join(); err != nil {
		return err
	}
	if err := p.openHats(ctx); err != nil {
		return err
	}
	if err := p.openExchange(); err != nil {
		return err
	}
	p.serve()
	p.background(p.prune)
	if err := p.backend.Provision(ctx); err != nil {
		return err
	}
	if err := p.hearRevoked(); err != nil {
		return err
	}
	p.background(p.backend.Watch)
	p.background(func(ctx context.Context) {
		p.news.run(ctx, func(f wire.AgentFrame) int { return p.backend.Inbox().Broadcast(p.cfg.Accounts[0].SID, f) })
	})
	p.log.Info("the platform is ready", "url", p.baseURL, "media", p.relay.Addr(), "account", p.cfg.Accounts[0].SID)
	return nil
}

// background runs f until the platform closes.
func (p *Platform) background(f func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	p.onClose(func(context.Context) error { cancel(); <-done; return nil })
}

func (p *Platform) onClose(f func(ctx context.Context) error) { p.closers = append(p.closers, f) }

func (p *Platform) listen() error {
	l, err := net.Listen("tcp", p.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	p.split = newSplitter(l, p.cfg.timeouts.firstByte)
	p.onClose(func(context.Context) error { return p.split.Close() })
	p.baseURL = p.cfg.PublicURL
	if p.baseURL == "" {
		p.baseURL = p.scheme() + "://" + reachable(l.Addr())
	}
	return nil
}

func (p *Platform) scheme() string {
	if p.cfg.TLSCertFile != "" {
		return "https"
	}
	return "http"
}

// reachable turns an address that was listened on into one to connect to from
// this machine: the unspecified address becomes loopback.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	host := "127.0.0.1"
	if tcp.IP.To4() == nil && len(tcp.IP) == net.IPv6len {
		host = "localhost"
	}
	return net.JoinHostPort(host, fmt.Sprint(tcp.Port))
}

// openHats makes the platform and the backend, each with its own database and
// uploads.
func (p *Platform) openHats(ctx context.Context) error {
	account := &p.cfg.Accounts[0]
	client, err := p.outgoingClient()
	if err != nil {
		return err
	}
	platformDB, platformUploads, err := p.openStores(ctx, "platform", platform.Migrations, "/v2/logs")
	if err != nil {
		return err
	}
	if err := p.openRecordings(); err != nil {
		return err
	}
	p.platform, err = platform.New(ctx, platform.Config{
		Accounts: p.cfg.Accounts, PublicURL: p.baseURL, Nodes: p.cfg.Nodes, SIPDomain: p.cfg.SIPDomain, Node: p.node.ID(), DB: platformDB, Uploads: platformUploads,
		RefreshLife: p.cfg.RefreshLife, AccessLife: p.cfg.AccessLife, Timers: p.cfg.Timers, ICEServers: p.cfg.ICEServers,
		EventBytes: p.cfg.EventBytes,
		Agents:     p.cfg.Agents, AgentChanged: p.news.note,
		Recordings: p.recordings, AgentsPlay: p.cfg.AgentsPlay,
		Revoked: p.revoked, Now: p.now, Logger: p.log.With("hat", "platform"),
	})
	if err != nil {
		return err
	}
	p.onClose(p.platform.Close)
	backendDB, backendUploads, err := p.openStores(ctx, "backend", backend.Migrations, "/v1/logs")
	if err != nil {
		return err
	}
	cfg := backend.Config{
		AccountSID: account.SID, APIKey: account.APIKey, APIToken: account.APIToken, Exophone: account.Exophone,
		PlatformURL: p.scheme() + "://" + reachable(p.split.listener.Addr()) + "/v2", HostName: p.baseURL + "/v2", PlatformClient: client,
		CallbackUser: p.cfg.CallbackKey, CallbackPassword: p.cfg.CallbackToken,
		Ways: func() []string { return p.relay.Ways() }, ICEServers: p.iceAddresses, Nodes: p.cfg.Nodes,
		DB: backendDB, Uploads: backendUploads, Users: p.cfg.Users, Bots: bots, Inbox: p.cfg.Inbox,
		Now: p.now, Logger: p.log.With("hat", "backend"),
	}
	cfg.Inbox.Node = p.node
	if cfg.Inbox.Secret, err = platform.Secret(ctx, backendDB, "inbox"); err != nil {
		return err
	}
	cfg.Inbox.Connected = func(o inbox.Owner, connected bool) { p.platform.Agents().Connected(o.Subscriber, connected) }
	if p.cfg.NoBots {
		cfg.Bots = nil
	}
	if p.cfg.publicPasswords {
		cfg.PasswordCost = bcrypt.MinCost
	}
	if p.backend, err = backend.New(ctx, cfg); err != nil {
		return err
	}
	p.onClose(p.backend.Close)
	for _, callback := range []struct {
		url  *string
		path string
	}{{&p.cfg.DialWhomURL, "dialtonumber"}, {&p.cfg.PushURL, "pushtoclient"}} {
		if *callback.url == "" {
			u := url.URL{Scheme: p.scheme(), User: url.UserPassword(cfg.CallbackUser, cfg.CallbackPassword), Host: reachable(p.split.listener.Addr()),
				Path: "/v1/accounts/" + account.SID + "/" + callback.path}
			*callback.url = u.String()
		}
	}
	return nil
}

// iceAddresses are the STUN and TURN servers that phones are told of, without
// their credentials.
func (p *Platform) iceAddresses() []string {
	var list []string
	for _, s := range p.cfg.ICEServers {
		list = append(list, s.URLs...)
	}
	return list
}

// openStores opens a hat's database and the folder of its uploads.
func (p *Platform) openStores(ctx context.Context, hat string, migrations []string, uploadPath string) (*store.DB, *upload.Store, error) {
	db, err := store.Open(ctx, p.cfg.DataDir, hat, migrations)
	if err != nil {
		return nil, nil, err
	}
	p.onClose(func(context.Context) error { return db.Close() })
	if err := db.Share(ctx, p.node, hat); err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(p.cfg.DataDir, hat+"-uploads")
	if p.cfg.DataDir == "" {
		if dir, err = os.MkdirTemp("", "offhook-uploads-"); err != nil {
			return nil, nil, err
		}
		p.onClose(func(context.Context) error { return os.RemoveAll(dir) })
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	key, err := platform.Secret(ctx, db, "uploads")
	if err != nil {
		return nil, nil, err
	}
	return db, upload.New(upload.Config{Dir: dir, BaseURL: p.baseURL + uploadPath, Key: key, DB: db, PerDay: p.cfg.LogBytes, Reserve: p.cfg.DiskReserve, Now: p.now, Logger: p.log}), nil
}

// outgoingClient makes the client for requests to the backend and from it to
// the platform. It follows no redirect: credentials stay where they were meant
// to go.
func (p *Platform) outgoingClient() (*http.Client, error) {
	if p.outgoing == nil {
		p.outgoing = &http.Transport{
			Proxy: p.proxy, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second, MaxResponseHeaderBytes: maxHeaderBytes,
		}
		if p.cfg.TLSCertFile != "" {
			config, err := trustSelf(p.cfg.TLSCertFile)
			if err != nil {
				return nil, err
			}
			p.outgoing.TLSClientConfig = config
		}
		p.onClose(func(context.Context) error { p.outgoing.CloseIdleConnections(); return nil })
	}
	return &http.Client{Transport: p.outgoing, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// proxy is the environment's, but for what the hats say to each other.
func (p *Platform) proxy(r *http.Request) (*url.URL, error) {
	if r.URL.Host == reachable(p.split.listener.Addr()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(r)
}

func (p *Platform) openExchange() (err error) {
	client, err := p.outgoingClient()
	if err != nil {
		return err
	}
	asked := &platform.DialWhom{Client: client, Now: p.now, Logger: p.log}
	if asked.URL, err = backendURL("Dial-Whom", p.cfg.DialWhomURL); err != nil {
		return err
	}
	if p.cfg.DialWhomFallbackURL != "" {
		if asked.Fallback, err = backendURL("Dial-Whom fallback", p.cfg.DialWhomFallbackURL); err != nil {
			return err
		}
	}
	pusher := &platform.Pusher{Client: client}
	if pusher.URL, err = backendURL("push", p.cfg.PushURL); err != nil {
		return err
	}
	if p.relay, err = relay.New(relay.Config{Listen: p.cfg.MediaListen, PublicIPs: p.cfg.PublicIPs, TCPListener: p.split.ice, HoldMusic: p.cfg.holdMusic, Notice: p.cfg.announcement, Logger: p.log.With("hat", "relay")}); err != nil {
		return fmt.Errorf("media port: %w", err)
	}
	p.onClose(p.relay.Close)
	account := p.cfg.Accounts[0]
	p.exchange, err = exophone.New(exophone.Config{
		Domain: p.cfg.SIPDomain, Exophone: account.Exophone, PublicBaseURL: func() string { return p.baseURL },
		Directory: p.platform.Directory(), DialWhom: asked, Pusher: timedPusher{pusher, p.metrics}, Payloads: p.platform, Relay: p.relay, Recorder: countingRecorder{p.platform, p.metrics, p.now},
		AccessToken: p.platform.Whose, ProveWithin: p.cfg.proveWithin,
		AgentState: func(name string) wire.AgentState { return p.platform.Agents().Get(name).State },
		RingLimit:  p.cfg.RingLimit, ConversationLimit: p.cfg.ConversationLimit, LongPollTimeout: p.cfg.LongPollTimeout,
		MediaTimeout: p.cfg.LegTimeout, CallRate: p.cfg.CallRate, CallBurst: p.cfg.CallBurst, NoBots: p.cfg.NoBots, HoldMusic: !p.cfg.NoHoldMusic, Recording: p.recording(),
		TenantID: numberOf(account.SID, "tenant"), FlowID: numberOf(account.SID, "flow"),
		Clock: p.clock, Logger: p.log.With("hat", "exchange"),
	})
	if err != nil {
		return err
	}
	return nil
}

func (p *Platform) serve() {
	p.metrics.watch(p)
	mux := http.NewServeMux()
	mux.Handle("/v2/", p.metrics.counted("platform", p.platform.Handler(p.exchange)))
	mux.Handle("/v1/", p.metrics.counted("backend", p.backend.Handler()))
	mux.Handle("/sip", p.exchange.Handler())
	pages := p.forOperators(console.New(consoleSource{p}, p.log).Handler())
	mux.Handle("/console", pages)
	mux.Handle("/console/", pages)
	mux.Handle("GET /console/crm/", console.Example())
	mux.Handle("GET /metrics", p.forOperators(p.metrics.handler()))
	mux.HandleFunc("GET /discovery/{code}", p.discover)
	mux.HandleFunc("GET /livez", p.live)
	mux.HandleFunc("GET /readyz", p.ready)
	mux.HandleFunc("GET /healthz", p.health)
	ctx, cancel := context.WithCancel(context.Background())
	p.ended = cancel
	slow := p.cfg.timeouts
	p.server = &http.Server{
		Handler: behindProxy(mux, p.cfg.TrustedProxies), ReadHeaderTimeout: slow.header, ReadTimeout: slow.read, WriteTimeout: slow.write, IdleTimeout: slow.idle, MaxHeaderBytes: maxHeaderBytes,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	var listener net.Listener = p.split.http
	if p.cfg.TLSCertFile != "" {
		// WebSockets need HTTP/1.1.
		listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: (&certificateFiles{cert: p.cfg.TLSCertFile, key: p.cfg.TLSKeyFile}).get})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			p.log.Error("the HTTP server ended", "error", err)
		}
	}()
	p.onClose(func(ctx context.Context) error {
		err := p.server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, p.server.Close())
		}
		<-done
		return err
	})
}

// pruneEvery is how often what is too old is deleted.
const pruneEvery = time.Hour

// prune deletes what is too old, now and from time to time, until ctx ends.
func (p *Platform) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		before := p.now().Add(-p.cfg.Keep)
		err := errors.Join(p.platform.Prune(ctx, before), p.backend.Prune(ctx, before))
		if p.recordings != nil {
			err = errors.Join(err, p.recordings.Prune(ctx))
		}
		if err != nil && ctx.Err() == nil {
			p.log.Error("what is too old could not be deleted", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// URL is the platform's public address, without a path. It is known once Start
// has returned.
func (p *Platform) URL() string { return p.baseURL }

// Account is the account that phones use, with its credentials.
func (p *Platform) Account() platform.Account { return p.cfg.Accounts[0] }

// Backend is the embedded application backend.
func (p *Platform) Backend() *backend.Server { return p.backend }

// Drain refuses new calls and waits until those in progress have ended, or ctx
// ends.
func (p *Platform) Drain(ctx context.Context) error { return p.exchange.Drain(ctx) }

// Calls are the calls in progress.
func (p *Platform) Calls() []exophone.Record { return p.exchange.Live() }

// Close ends everything in the reverse order of starting. Calls in progress are
// hung up; when ctx ends, what still waits is cut off.
func (p *Platform) Close(ctx context.Context) error {
	p.closeOnce.Do(func() {
		// Phones hear the BYE while everything still stands.
		if p.exchange != nil {
			p.closeErr = p.exchange.Close(ctx)
		}
		if p.ended != nil {
			p.ended()
		}
		for i := len(p.closers) - 1; i >= 0; i-- {
			if err := p.closers[i](ctx); err != nil && !errors.Is(err, net.ErrClosed) {
				p.closeErr = errors.Join(p.closeErr, err)
			}
		}
	})
	return p.closeErr
}
