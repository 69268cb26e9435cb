package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	xproxy "golang.org/x/net/proxy"

	"offhook/voice/fault"
)

// ErrCredentials is the cause of a fault when a proxy wants a user name and a
// password, or refuses those that it was given.
var ErrCredentials = errors.New("proxy: credentials wanted")

// Credentials are what a proxy knows the user by. The password is secret.
type Credentials struct{ User, Password string }

// Config is what a Dialer is made of. The zero value is the usual one.
type Config struct {
	// Find says which proxy to take; nil is Usual.
	Find Finder
	// Direct connects without a proxy, and to the proxy; nil is a net.Dialer.
	Direct func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS is used towards a proxy that is reached by https; nil is the system's.
	TLS *tls.Config
	Log *slog.Logger
}

// Dialer connects through the network's proxy where there is one. Its methods
// may be called from any goroutine.
type Dialer struct {
	cfg Config

	mu sync.Mutex // guards what follows
	// ask looks for the credentials of a proxy, by its host and port.
	ask func(proxy string) (Credentials, bool)
	// eager are the proxies that took a Basic authentication: the next tunnel
	// offers it at once.
	eager map[string]bool
	// plain are the targets that are spoken to by http rather than by https.
	plain map[string]bool
}

// handshakeLimit bounds the talk with a proxy.
const handshakeLimit = 10 * time.Second

// New makes a Dialer.
func New(cfg Config) *Dialer {
	if cfg.Find == nil {
		cfg.Find = Usual()
	}
	if cfg.Direct == nil {
		cfg.Direct = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Dialer{cfg: cfg, eager: map[string]bool{}, plain: map[string]bool{}}
}

// UseCredentials says where to look for a proxy's user name and password. f is
// called when a proxy asks for them, with its host and port.
func (d *Dialer) UseCredentials(f func(proxy string) (Credentials, bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ask = f
}

// Note is for http.Transport.Proxy: it keeps whether a target is spoken to by
// http or https, which the choice of a proxy can depend on, and leaves the
// connecting to DialContext.
func (d *Dialer) Note(req *http.Request) (*url.URL, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	host := withPort(req.URL)
	if req.URL.Scheme == "http" && len(d.plain) < 64 {
		d.plain[host] = true
	} else {
		delete(d.plain, host)
	}
	return nil, nil
}

// For returns the proxy through which a target is reached first, without its
// user name and password; nil for none.
func (d *Dialer) For(ctx context.Context, target *url.URL) (*url.URL, error) {
	list, err := d.cfg.Find(ctx, &url.URL{Scheme: target.Scheme, Host: target.Host})
	if err != nil || len(list) == 0 || list[0] == nil {
		return nil, err
	}
	u := *list[0]
	u.User = nil
	return &u, nil
}

// DialContext connects to an address, through a proxy if there is one. The
// errors that concern the proxy are *fault.Error.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	list, err := d.cfg.Find(ctx, d.target(address))
	if err != nil {
		return nil, fault.Wrap(errors.New("the proxy's address can't be understood"), fault.NetworkError, "proxy.bad-address")
	}
	if len(list) == 0 {
		list = direct
	}
	var first error
	for _, via := range list {
		conn, err := d.through(ctx, via, network, address)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

// target is an address as a proxy is chosen for it.
func (d *Dialer) target(address string) *url.URL {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.plain[address] || strings.HasSuffix(address, ":80") {
		return &url.URL{Scheme: "http", Host: strings.TrimSuffix(address, ":80")}
	}
	return &url.URL{Scheme: "https", Host: strings.TrimSuffix(address, ":443")}
}

func (d *Dialer) through(ctx context.Context, via *url.URL, network, address string) (net.Conn, error) {
	if via == nil {
		return d.cfg.Direct(ctx, network, address)
	}
	d.cfg.Log.Debug("through a proxy", "proxy", via.Host, "to", address)
	switch strings.ToLower(via.Scheme) {
	case "socks", "socks5", "socks5h":
		return d.socks(ctx, via, network, address)
	default:
		return d.tunnel(ctx, via, address)
	}
}

// credentials are those in the proxy's own address, else those of the keyring.
func (d *Dialer) credentials(via *url.URL) (Credentials, bool) {
	if via.User != nil && via.User.Username() != "" {
		password, _ := via.User.Password()
		return Credentials{via.User.Username(), password}, true
	}
	d.mu.Lock()
	ask := d.ask
	d.mu.Unlock()
	if ask == nil {
		return Credentials{}, false
	}
	return ask(withPort(via))
}

// reach connects to the proxy itself.
func (d *Dialer) reach(ctx context.Context, via *url.URL) (net.Conn, error) {
	conn, err := d.cfg.Direct(ctx, "tcp", withPort(via))
	if err != nil {
		return nil, fault.Wrap(err, fault.NetworkError, "proxy.no-answer", via.Host)
	}
	if via.Scheme != "https" {
		return conn, nil
	}
	cfg := &tls.Config{}
	if d.cfg.TLS != nil {
		cfg = d.cfg.TLS.Clone()
	}
	cfg.ServerName, cfg.NextProtos = via.Hostname(), nil
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fault.Wrap(err, fault.NetworkError, "proxy.untrusted", via.Host)
	}
	return secured, nil
}

func (d *Dialer) socks(ctx context.Context, via *url.URL, network, address string) (net.Conn, error) {
	var auth *xproxy.Auth
	if c, ok := d.credentials(via); ok {
		auth = &xproxy.Auth{User: c.User, Password: c.Password}
	}
	dialer, err := xproxy.SOCKS5("tcp", withPort(via), auth, directly(d.cfg.Direct))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	conn, err := dialer.(xproxy.ContextDialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, fault.Wrap(err, fault.NetworkError, "proxy.no-way", via.Host, address)
	}
	return conn, nil
}

// directly is the function of Config.Direct as the SOCKS library wants it.
type directly func(ctx context.Context, network, address string) (net.Conn, error)

func (f directly) Dial(network, address string) (net.Conn, error) {
	return f(context.Background(), network, address)
}

func (f directly) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

// withPort is the host and port of a URL.
func withPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		switch strings.ToLower(u.Scheme) {
		case "https":
			port = "443"
		case "socks", "socks5", "socks5h":
			port = "1080"
		default:
			port = "80"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}
