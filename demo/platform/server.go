package platform

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"offhook/demo/agents"
	"offhook/demo/archive"
	"offhook/demo/endpoint"
	"offhook/demo/exophone"
	"offhook/demo/store"
	"offhook/demo/throttle"
	"offhook/demo/upload"
	"offhook/voice/codec"
	"offhook/voice/wire"
)

// Timers are the limits that the profile tells the phone (reference, section
// 10.13). Zero values mean the defaults of DefaultTimers.
type Timers struct {
	IncomingCall   time.Duration
	Connection     time.Duration
	MediaDisrupted time.Duration
	Media          time.Duration
}

// DefaultTimers are the limits of reference section 10.13.
var DefaultTimers = Timers{IncomingCall: 30 * time.Second, Connection: 30 * time.Second, MediaDisrupted: 5 * time.Second, Media: 30 * time.Second}

// Config is what New needs. Fields without a comment on their zero value are
// required.
type Config struct {
	// Accounts are the tenants; the exchange serves the first.
	Accounts []Account
	// PublicURL is scheme, host and port as phones reach them, without a path.
	PublicURL string
	// Nodes are the URLs of the servers that stand for each other, for the profile.
	Nodes []string
	// SIPDomain is the domain of SIP addresses and the digest realm.
	SIPDomain string
	DB        *store.DB
	Uploads   *upload.Store
	// Node is this node's name in a cluster, "" for a platform alone.
	Node string
	// Issuer is the iss claim; "" means "offhook".
	Issuer string
	// RefreshLife and AccessLife are the token lives; 0 means the defaults.
	RefreshLife, AccessLife time.Duration
	Timers                  Timers
	ICEServers              []wire.ICEServer
	// Codecs in order of preference; nil means all that the phone speaks.
	Codecs []string
	// LogLevel is the level of the phones' logs; "" means "info".
	LogLevel string
	// Location is the zone of times in answers; nil means UTC+05:30, as in the
	// documents.
	Location *time.Location
	// Agents are the rules that phones are told.
	Agents wire.AgentRules
	// AgentChanged is told of each change of an agent of the first account. It must
	// not block; it may be nil.
	AgentChanged func(wire.Agent)
	// Recordings are the recordings of calls; nil if there are none.
	Recordings *archive.Archive
	// AgentsPlay lets agents play the recordings of calls in which they spoke.
	AgentsPlay bool
	// EventBytes is the most bytes of events of one subscriber a day; 0 means 5 MB.
	EventBytes int64
	// Revoked is told of each subscriber whose rights have ended: deactivated,
	// deleted (gone) or revoked. It may be nil.
	Revoked func(account, name string, gone bool)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger may be nil.
	Logger *slog.Logger
}

func (c *Config) setDefaults() {
	orElse(&c.Issuer, "offhook")
	orElse(&c.RefreshLife, DefaultRefreshLife)
	orElse(&c.AccessLife, DefaultAccessLife)
	orElse(&c.Timers.IncomingCall, DefaultTimers.IncomingCall)
	orElse(&c.Timers.Connection, DefaultTimers.Connection)
	orElse(&c.Timers.MediaDisrupted, DefaultTimers.MediaDisrupted)
	orElse(&c.Timers.Media, DefaultTimers.Media)
	orElse(&c.EventBytes, 5<<20)
	orElse(&c.LogLevel, "info")
	orElse(&c.Logger, slog.New(slog.DiscardHandler))
	orElse(&c.Location, Zone)
	if c.Codecs == nil {
		c.Codecs = codec.Names()
	}
	if c.ICEServers == nil {
		c.ICEServers = []wire.ICEServer{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

func orElse[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// Zone is the zone of every time in the documents: UTC+05:30.
var Zone = time.FixedZone("IST", int((5*time.Hour + 30*time.Minute).Seconds()))

// What one account's servers and one subscriber's phones may ask: buckets of the
// burst that fill up at the rate a second.
const (
	accountRate, accountBurst = 500, 2000
	phoneRate, phoneBurst     = 20, 100
)

// How often wrong credentials from one address are written into the log.
const refusalRate, refusalBurst = 0.1, 10

// Server is the platform's HTTP hat, the directory and the keys. Its methods
// are safe for concurrent use.
type Server struct {
	cfg                      Config
	db                       *store.DB
	log                      *slog.Logger
	now                      func() time.Time
	accounts                 map[string]*Account
	refresh, access, payload signer
	accountRate, phoneRate   *throttle.Rate
	refusals                 *throttle.Rate   // lines in the log, by address
	events                   *throttle.Budget // bytes of events, by subscriber
	recorder                 *recorder
	links                    []byte // the key of links to recordings
	agents                   *agents.Board
}

// New makes a Server over a database that has Migrations. The secret that signs
// tokens is made at the first start and kept in the database.
func New(ctx context.Context, cfg Config) (*Server, error) {
	cfg.setDefaults()
	if len(cfg.Accounts) == 0 {
		return nil, errors.New("platform: no account is configured")
	}
	s := &Server{cfg: cfg, db: cfg.DB, log: cfg.Logger, now: cfg.Now, accounts: make(map[string]*Account),
		accountRate: throttle.NewRate(accountRate, accountBurst, cfg.Now), phoneRate: throttle.NewRate(phoneRate, phoneBurst, cfg.Now),
		events:   throttle.NewBudget(cfg.EventBytes, cfg.Now),
		refusals: throttle.NewRate(refusalRate, refusalBurst, cfg.Now)}
	for i := range cfg.Accounts {
		s.accounts[cfg.Accounts[i].SID] = &cfg.Accounts[i]
	}
	secret, err := Secret(ctx, cfg.DB, "signing")
	if err != nil {
		return nil, err
	}
	for kind, key := range map[string]*signer{"refresh token": &s.refresh, "access token": &s.access, "call payload": &s.payload} {
		if *key, err = newSigner(secret, kind, cfg.Issuer, cfg.Now); err != nil {
			return nil, err
		}
	}
	if s.links, err = Secret(ctx, cfg.DB, "recordings"); err != nil {
		return nil, err
	}
	if s.agents, err = agents.New(ctx, agents.Config{Account: cfg.Accounts[0].SID, DB: cfg.DB, Reasons: cfg.Agents.BreakReasons, Changed: cfg.AgentChanged, Now: cfg.Now, Logger: cfg.Logger}); err != nil {
		return nil, err
	}
	if s.recorder, err = newRecorder(ctx, cfg.DB, cfg.Accounts[0].SID, cfg.Node, cfg.Now, cfg.Logger); err != nil {
		return nil, err
	}
	return s, nil
}

// Close writes what is not yet written. The database may be closed after it.
func (s *Server) Close(context.Context) error {
	s.agents.Close()
	s.recorder.close()
	return nil
}

// Secret returns the 32 random bytes that the database keeps under name, and
// makes them at the first call.
func Secret(ctx context.Context, db *store.DB, name string) (value []byte, err error) {
	fresh := make([]byte, keyBytes)
	rand.Read(fresh)
	err = db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec("INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, fresh); err != nil {
			return err
		}
		return tx.QueryRow("SELECT value FROM secrets WHERE name = ?", name).Scan(&value)
	})
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	return value, nil
}

// Healthy tells whether the platform can do its work.
func (s *Server) Healthy(ctx context.Context) error { return s.db.Ping(ctx) }

// Handler serves everything under /v2. calls are the calls in progress.
func (s *Server) Handler(calls exophone.Calls) http.Handler {
	const subscriber = "/v2/accounts/{sid}/subscribers/{name}"
	poll := callEndpoints{server: s, calls: calls}
	const recordings = "/v2/accounts/{sid}/calls/{session}/recording"
	const conference = "/v2/accounts/{sid}/calls/{session}/conference"
	routes := map[string]map[string]endpoint.Func{
		"/v2/accounts/{sid}/subscriber-token": {http.MethodPost: s.postSubscriberToken},
		"/v2/accounts/{sid}/subscribers":      {http.MethodPost: s.postSubscribers, http.MethodGet: s.getSubscribers},
		subscriber:                            {http.MethodGet: s.getSubscriber, http.MethodPut: s.putSubscriber, http.MethodDelete: s.deleteSubscriber},
		subscriber + "/agent-state":           {http.MethodGet: s.getAgentState, http.MethodPut: s.putAgentState},
		subscriber + "/agent-times":           {http.MethodGet: s.getAgentTimes},
		subscriber + "/outcome":               {http.MethodPost: s.postOutcome},
		"/v2/accounts/{sid}/agents":           {http.MethodGet: s.getAgents},
		subscriber + "/revoke":                {http.MethodPost: s.postRevoke},
		subscriber + "/access-token":          {http.MethodPost: s.postAccessToken},
		subscriber + "/profile":               {http.MethodGet: s.getProfile},
		subscriber + "/feedback":              {http.MethodPost: s.postFeedback},
		subscriber + "/events":                {http.MethodPost: s.postEvents},
		subscriber + "/logdestination":        {http.MethodPost: s.postLogDestination},
		"/v2/accounts/{sid}/calls":            {http.MethodGet: s.getCalls},
		"/v2/accounts/{sid}/calls/{session}":  {http.MethodGet: s.getCall},
		recordings:                            {http.MethodGet: s.getRecording, http.MethodPost: poll.postRecording},
		recordings + "/link":                  {http.MethodPost: s.postRecordingLink},
		"/v2/recordings/{session}":            {http.MethodGet: s.getLinked},
		"/v2/accounts/{sid}/logs/{reference}": {http.MethodGet: s.getLog},
		conference:                            {http.MethodPost: poll.postConference, http.MethodGet: poll.getConference, http.MethodDelete: poll.deleteConference},
		conference + "/parties/{party}":       {http.MethodPut: poll.putParty, http.MethodDelete: poll.deleteParty},
		"/v2/calls/{session}/state":           {http.MethodGet: poll.getState},
		"/v2/calls/{session}/transfer":        {http.MethodPost: poll.postTransfer},
		"/v2/calls/{session}/reject":          {http.MethodPost: poll.postReject},
	}
	mux := http.NewServeMux()
	for path, methods := range routes {
		mux.Handle(path, endpoint.Route(methods, s.fail))
	}
	mux.Handle("PUT /v2/logs/{reference}", s.cfg.Uploads)
	mux.Handle("/", endpoint.Route(nil, s.fail))
	return identified(endpoint.Guard(mux, s.log, s.fail))
}

// identified gives each request its id.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(headerRequestID, newRequestID())
		next.ServeHTTP(w, r)
	})
}
