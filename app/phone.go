package app

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"offhook/app/calllog"
	"offhook/app/directory"
	"offhook/app/proxy"
	"offhook/app/readiness"
	"offhook/app/retry"
	"offhook/app/secrets"
	"offhook/app/settings"
	"offhook/app/signin"
	"offhook/app/systemwatch"
	"offhook/assets/lang"
	"offhook/internal/actor"
	"offhook/internal/crash"
	"offhook/internal/dscp"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/nodes"
)

// Phone is the phone without a screen. All methods may be called from any
// goroutine; those that take no context return at once (within microseconds,
// never waiting for the network or a device; those that change a setting write
// it to the disk first), and what they changed is in the next snapshot. Errors
// are *fault.Error, fit to be shown.
type Phone struct {
	cfg    Config
	log    *slog.Logger
	http   *http.Client
	nodes  *nodes.Set
	engine Engine

	loop   *loop
	stream actor.Stream[*Snapshot]
	// m belongs to the loop.
	m model

	store   *settings.Store
	calls   *calllog.Log
	secrets *secrets.Safe
	stored  signin.Secrets
	writer  *calllog.Writer

	// What the getters give out without asking the loop.
	contacts   atomic.Pointer[directory.Directory]
	recents    atomic.Pointer[[]CallRecord]
	colleagues directory.Colleagues

	prefillLock    sync.Mutex // guards closing prefills
	prefillsClosed bool
	prefills       chan string
	// check is the audio check that goes on, or nil.
	check atomic.Pointer[audioCheck]
	// playing is the recording that plays or has played last, or nil.
	playing atomic.Pointer[playback]
	// wanted is the choice of sound that the engine is being given, nil when it has it.
	wanted atomic.Pointer[voice.Sound]
	// signing holds one token: signing in and out happen one at a time.
	signing chan struct{}
	// restoring gives up the restoring of the last session.
	restoring atomic.Pointer[context.CancelFunc]
	// retry wakes everything that waits to try again.
	retry *retry.Signal

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	closed atomic.Bool
}

// New opens the profile's files and starts the phone. It restores the last
// session in the background when there is one; it never waits for the network.
func New(cfg Config) (*Phone, error) {
	cfg.fill()
	// What can't be kept on the disk is said, and lives as long as the phone.
	store, remark, err := settings.Open(cfg.Dir)
	if err != nil {
		cfg.Log.Error("settings", "err", err)
	}
	if err := applyPolicy(store, cfg.Policy); err != nil {
		cfg.Log.Error("settings", "err", err)
	}
	calls, logRemark, err := calllog.Open(cfg.Dir, cfg.Now)
	if calls == nil {
		return nil, fault.Wrap(err, fault.InternalError, "call-log.unopened")
	}
	if err != nil {
		cfg.Log.Error("call log", "err", err)
	}
	dscp.Set(store.Get().Network.VoiceDSCP, store.Get().Network.SignallingDSCP)
	var p *Phone // there long before the first token is renewed
	engine, err := cfg.Engine(store.Get().DeviceID, func(token string) { p.stored.KeepRenewed(token) })
	if err != nil {
		calls.Close()
		return nil, err
	}
	p = &Phone{
		cfg: cfg, log: cfg.Log, http: cfg.HTTP, nodes: cfg.Nodes, engine: engine, loop: newLoop(), store: store, calls: calls,
		secrets: secrets.NewSafe(cfg.Secrets), prefills: make(chan string, 8), signing: make(chan struct{}, 1),
		retry: retry.NewSignal(),
	}
	p.nodes.OnChange(func() { p.loop.post(p.nodesChanged) })
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.stored = signin.Secrets{Safe: p.secrets, Protect: cfg.Protect, Used: p.noteKeyring}
	if cfg.Proxy != nil {
		cfg.Proxy.UseCredentials(p.proxyPassword)
	}
	p.contacts.Store(p.directoryOf(nil, store.Get()))
	p.recents.Store(&[]CallRecord{})

	set := store.Get()
	p.m = model{settings: set, ready: readiness.New(p.log, cfg.Now)}
	p.openAgent()
	p.m.account = Account{
		State: SignedOut, UserName: or(set.Account.UserName, cfg.Defaults.UserName),
		DisplayName: or(set.Account.DisplayName, cfg.Defaults.DisplayName), AccountSID: or(set.Account.AccountSID, cfg.Defaults.AccountSID),
		Server: or(set.Account.Server, cfg.Defaults.Server), DeviceID: set.DeviceID,
	}
	p.m.audio = p.initialAudio(set)
	if remarks := lang.Join(remark, logRemark, cfg.Remark); !remarks.Empty() {
		p.say("warning", remarks)
	}
	p.linesChanged()
	p.stream.Publish(p.draw())
	p.useAudio(set)
	p.engine.SetOnAnotherPhone(set.OnAnotherPhone)
	p.engine.SetDeclining(declines(p.m.agent.state))
	p.limitCalls(set)
	p.ruleRecordings(set)

	crash.Go(func() { p.loop.run(p.publish) })
	p.writer = calllog.NewWriter(calls, p.log, p.recentsChanged)
	events := p.engine.Events(context.Background()) // from before anything can happen
	p.wg.Go(crash.Guarded(func() { p.followEngine(events) }))
	p.start(p.watchDevices)
	p.start(p.tick)
	watch := systemwatch.Watch{Sleep: cfg.Sleep, Addresses: cfg.Addresses, Now: cfg.Now, Log: p.log, Changed: p.reconnect}
	p.start(watch.Run)
	p.start(p.watchUpdates)
	p.start(p.keepStartAtLogin)
	p.start(p.watchPortal)
	p.start(p.pruneRecordings)
	if set.SignedIn {
		p.start(p.restore)
	}
	p.start(p.startLines)
	p.log.Info("started", "version", cfg.Version, "profile", cfg.Profile, "device_id", set.DeviceID)
	return p, nil
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// start runs f until the phone is closed.
func (p *Phone) start(f func(ctx context.Context)) {
	p.wg.Go(crash.Guarded(func() { f(p.ctx) }))
}

// closingTime is how long the end of the phone waits for servers, hangupTime for
// the end of a call of that. What must be said is sent at once; a server that
// does not answer finds out by itself.
const (
	closingTime = 800 * time.Millisecond
	hangupTime  = 400 * time.Millisecond
)

// Close hangs up, disconnects and closes all files. It returns when everything
// that was recorded is on disk, which takes no second, no matter who does not answer; or
// with ctx.
func (p *Phone) Close(ctx context.Context) error {
	if p.closed.Swap(true) {
		<-p.loop.done
		return nil
	}
	p.log.Info("closing")
	closingCtx, cancel := context.WithTimeout(ctx, closingTime)
	defer cancel()
	p.awaitHangup(closingCtx, hangupTime)
	p.leaveQueues(closingCtx, "")
	p.cancel()
	// A sign-in or sign-out that is under way gives up, and no session begins later.
	select {
	case p.signing <- struct{}{}:
	case <-ctx.Done():
	}
	var ses *session
	_ = p.loop.ask(context.WithoutCancel(ctx), func() error {
		ses = p.m.session
		p.closeAgent()
		return nil
	})
	if ses != nil {
		ses.goOffline(closingCtx)
	}
	p.retry.Close()
	var err error
	var closing sync.WaitGroup
	closing.Go(crash.Guarded(p.cfg.Ringer.Close))
	closing.Go(crash.Guarded(p.cfg.Desktop.Close))
	closing.Go(crash.Guarded(func() { err = p.engine.Close(closingCtx) }))
	if ses != nil {
		ses.end()
	}
	closing.Wait()
	p.wg.Wait()
	p.loop.close()
	p.writer.Close()
	p.stream.Close()
	p.closePrefills()
	if cerr := p.calls.Close(); err == nil {
		err = cerr
	}
	p.log.Info("closed")
	return err
}

// MayQuit asks whether the phone can be closed without taking anything from the
// user: nil, or SYSTEM_BUSY with the question to ask during a call. Close does not
// ask.
func (p *Phone) MayQuit() error {
	c := p.Snapshot().Call
	if c == nil {
		return nil
	}
	return fault.New(fault.SystemBusy, "call.quitting", or(c.RemoteName, c.RemoteID))
}

// awaitHangup ends the call and waits until it is logged, no longer than d.
func (p *Phone) awaitHangup(ctx context.Context, d time.Duration) {
	if p.Snapshot().Call == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	w := p.WatchLatest(ctx)
	if err := p.Hangup(ctx, ""); err != nil {
		p.log.Warn("hang up", "err", err)
	}
	for s := range w {
		if s.Call == nil {
			return
		}
	}
}

// Snapshot returns the present state. It never returns nil.
func (p *Phone) Snapshot() *Snapshot { return p.stream.Last() }

// Watch gives out the present snapshot and then each later one, in order and
// without loss, until ctx ends or the phone is closed; then the channel is
// closed. A slow reader delays nobody, but it makes the queue grow.
func (p *Phone) Watch(ctx context.Context) <-chan *Snapshot {
	return p.stream.Read(ctx, actor.FromLast)
}

// WatchLatest is Watch for a window: a reader that is late gets only the
// newest snapshot. The last one is never lost.
func (p *Phone) WatchLatest(ctx context.Context) <-chan *Snapshot {
	return p.stream.Read(ctx, actor.FromLast|actor.NewestOnly)
}

// Settle returns when everything that was asked of the phone before is in its
// Snapshot.
func (p *Phone) Settle(ctx context.Context) error {
	return p.loop.ask(ctx, func() error { return nil })
}

// reconnect connects everything again on another network.
func (p *Phone) reconnect() {
	proxy.Refresh()
	p.http.CloseIdleConnections() // the next request would hang on one
	p.Retry()
}

// DismissNotice clears Snapshot.Notice.
func (p *Phone) DismissNotice() {
	p.loop.post(func() {
		if p.m.notice != nil {
			p.m.notice = nil
			p.touch()
		}
	})
}

// Retry tries at once whatever the phone would try by itself later: push,
// platform, sign-in, devices.
func (p *Phone) Retry() {
	p.log.Info("retry")
	p.retry.Fire()
	p.engine.Retry()
	p.loop.post(func() {
		if s := p.m.session; s != nil {
			s.retry()
		}
	})
}
