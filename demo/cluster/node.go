package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// aloneName begins the streams and subjects of a platform alone.
	aloneName = "offhook"
	// replicas is how many nodes keep a stream.
	replicas = 3
	// askWithin bounds one request to JetStream, retryAfter is the time to the next,
	// and tellEvery is how often the log says that the others are waited for.
	askWithin, retryAfter, tellEvery = 5 * time.Second, 100 * time.Millisecond, 10 * time.Second
	clientUser                       = "offhook"
)

// Node is this platform's part in the cluster, or the engine of a platform alone. Its
// methods are safe for concurrent use.
type Node struct {
	cfg     Config
	name    string // begins streams and subjects
	log     *slog.Logger
	server  *server.Server // nil with a server that is the operator's
	conn    *nats.Conn
	stream  jetstream.JetStream
	refused chan error // why this node can't be one
	scratch string     // the folder of an embedded server whose streams are in memory
}

// Start joins the cluster, or starts the engine of a platform alone. The caller
// closes the node. In a cluster it returns before the others are there: Stream waits
// for them.
func Start(cfg Config) (*Node, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, name: cfg.Name, log: cfg.Logger, refused: make(chan error, 1)}
	if n.name == "" {
		n.name = aloneName
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	err := n.connect()
	if err == nil {
		n.stream, err = jetstream.New(n.conn)
	}
	if err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (n *Node) connect() (err error) {
	options := []nats.Option{
		nats.Name("offhook-demo " + n.cfg.ID), nats.MaxReconnects(-1), nats.ReconnectWait(retryAfter), nats.ReconnectJitter(retryAfter, retryAfter),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { n.log.Warn("cluster", "error", err) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				n.log.Warn("NATS is gone", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { n.log.Info("NATS is back") }),
	}
	if n.cfg.URL != "" {
		if n.conn, err = nats.Connect(n.cfg.URL, options...); err != nil {
			err = fmt.Errorf("--nats: %w", err)
		}
		return err
	}
	opts, err := n.options()
	if err != nil {
		return err
	}
	if opts.StoreDir == "" {
		// The server writes down what it is even if its streams are in memory.
		if n.scratch, err = os.MkdirTemp("", "offhook-streams-"); err != nil {
			return err
		}
		opts.StoreDir = n.scratch
	}
	if n.server, err = server.NewServer(opts); err != nil {
		return fmt.Errorf("the engine of the cluster: %w", err)
	}
	n.server.SetLogger(&serverLog{n}, false, false)
	n.server.Start()
	if n.cfg.Name != "" && !n.server.ReadyForConnections(askWithin) {
		return fmt.Errorf("--cluster-listen: %s can't be listened on", n.cfg.Listen)
	}
	if !n.server.JetStreamEnabled() {
		return fmt.Errorf("the streams can't be kept in %s: %w", n.cfg.Dir, n.whyNot())
	}
	n.conn, err = nats.Connect("", append(options, nats.InProcessServer(n.server), nats.UserInfo(opts.Username, opts.Password))...)
	return err
}

// options are those of the embedded server.
func (n *Node) options() (*server.Options, error) {
	// What the disk has left is watched by the platform, not by a limit.
	const unlimited = 1 << 50
	opts := &server.Options{
		ServerName: n.cfg.ID, DontListen: true, JetStream: true, StoreDir: n.cfg.Dir, JetStreamMaxMemory: unlimited, JetStreamMaxStore: unlimited,
		NoSigs: true, DisableJetStreamBanner: true,
	}
	if n.cfg.Name == "" {
		return opts, nil
	}
	host, text, err := net.SplitHostPort(n.cfg.Listen)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("--cluster-listen: %q is not a port", text)
	}
	secret, err := n.cfg.secret()
	if err != nil {
		return nil, err
	}
	config, err := n.cfg.tls()
	if err != nil {
		return nil, err
	}
	// A server that has routes listens for clients too: on this computer, and nobody
	// knows the password.
	opts.DontListen, opts.Host, opts.Port, opts.NoLog = false, "127.0.0.1", server.RANDOM_PORT, false
	opts.Username, opts.Password = clientUser, rand.Text()
	opts.Cluster = server.ClusterOpts{Name: n.name, Host: host, Port: port, NoAdvertise: true, TLSConfig: config, TLSTimeout: askWithin.Seconds()}
	if secret != "" {
		opts.Cluster.Username, opts.Cluster.Password, opts.Cluster.AuthTimeout = clientUser, secret, askWithin.Seconds()
	}
	for _, peer := range n.cfg.Peers {
		route := &url.URL{Scheme: "nats", Host: peer}
		if secret != "" {
			route.User = url.UserPassword(clientUser, secret)
		}
		opts.Routes = append(opts.Routes, route)
	}
	return opts, nil
}

// ID names the node among those of its cluster; "" for a platform alone.
func (n *Node) ID() string { return n.cfg.ID }

// Alone reports whether no other node shares what this one keeps.
func (n *Node) Alone() bool { return n.cfg.Name == "" && n.cfg.URL == "" }

// Log is where the platform writes what concerns the cluster.
func (n *Node) Log() *slog.Logger { return n.log }

// Conn is the connection for plain subjects. Nothing waits for a quorum there, and
// nothing is kept.
func (n *Node) Conn() *nats.Conn { return n.conn }

// JetStream is for publishing into streams.
func (n *Node) JetStream() jetstream.JetStream { return n.stream }

// Subject is a subject of this cluster.
func (n *Node) Subject(rest string) string { return n.name + "." + rest }

// Stream makes a stream, or takes the one that is there, with the node's storage and
// as many copies as the cluster has. The config's name gets the cluster's in front.
// It waits for the other nodes until ctx ends.
func (n *Node) Stream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	cfg.Name = n.name + "-" + cfg.Name
	cfg.Storage, cfg.Replicas = n.storage(), n.replicas()
	var s jetstream.Stream
	err := n.Await(ctx, func(ctx context.Context) (err error) {
		if s, err = n.stream.Stream(ctx, cfg.Name); err == nil {
			if has := s.CachedInfo().Config; has.MaxAge != cfg.MaxAge || has.MaxMsgsPerSubject != cfg.MaxMsgsPerSubject || has.Replicas != cfg.Replicas {
				s, err = n.stream.UpdateStream(ctx, cfg)
			}
			return err
		}
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			s, err = n.stream.CreateStream(ctx, cfg)
		}
		return err
	})
	return s, err
}

func (n *Node) storage() jetstream.StorageType {
	if n.cfg.Dir == "" && n.cfg.URL == "" {
		return jetstream.MemoryStorage
	}
	return jetstream.FileStorage
}

func (n *Node) replicas() int {
	if n.Alone() || n.cfg.URL != "" && n.conn.ConnectedClusterName() == "" {
		return 1
	}
	return replicas
}

// Await asks until JetStream has an answer: in a cluster that begins, or has just
// lost the leader, it has none for some seconds.
func (n *Node) Await(ctx context.Context, ask func(context.Context) error) error {
	told := time.Now()
	for {
		err := within(ctx, ask)
		if err == nil || n.Alone() || !unsettled(err) {
			return err
		}
		if time.Since(told) > tellEvery {
			told = time.Now()
			n.log.Info("the other nodes of the cluster are waited for", "peers", n.cfg.Peers, "error", err)
		}
		select {
		case err := <-n.refused:
			return err
		case <-ctx.Done():
			return fmt.Errorf("the other nodes of the cluster did not come: %w", errors.Join(ctx.Err(), err))
		case <-time.After(retryAfter):
		}
	}
}

func within(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return ask(ctx)
}

// unsettled reports whether an error is that of a cluster that has no leader now, or
// too few nodes yet.
func unsettled(err error) bool {
	// JSClusterNoPeersErrF, and two of a stream that another node has just made: it is
	// not known to all at once (JSStreamNotFoundErr), or it is (JSStreamNameExistErr).
	const noPeers, noStream, exists = 10005, 10059, 10058
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.Code >= 500 || api.ErrorCode == jetstream.JSErrCodeJetStreamNotEnabled || api.ErrorCode == noPeers || api.ErrorCode == noStream || api.ErrorCode == exists
	}
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoStreamResponse)
}

// refuse notes why this node can't be one.
func (n *Node) refuse(why error) {
	select {
	case n.refused <- why:
	default:
	}
}

// whyNot is why this node can't be one, as far as that is known.
func (n *Node) whyNot() error {
	select {
	case err := <-n.refused:
		return err
	default:
		return errors.New("see the log")
	}
}

// Close leaves the cluster and ends the embedded server.
func (n *Node) Close() {
	if n.conn != nil {
		n.conn.Close()
	}
	if n.server != nil {
		n.server.Shutdown()
		n.server.WaitForShutdown()
	}
	if n.scratch != "" {
		_ = os.RemoveAll(n.scratch)
	}
}
