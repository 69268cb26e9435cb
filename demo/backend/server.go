package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"offhook/demo/endpoint"
	"offhook/demo/inbox"
	"offhook/demo/store"
	"offhook/demo/throttle"
	"offhook/demo/upload"
	"offhook/voice/wire"
)

// Config is what New needs. Fields without a comment on their zero value are
// required.
type Config struct {
	AccountSID string
	// APIKey and APIToken are the Basic credentials at the platform.
	APIKey, APIToken string
	Exophone         string
	// PlatformURL is the platform's base with /v2, as this backend reaches it.
	PlatformURL string
	// HostName is the base that phones are told, with /v2.
	HostName string
	// Ways and ICEServers tell where media goes, for GET /v1/config: the relay's
	// addresses as udp:host:port and tcp:host:port, and the addresses of STUN and
	// TURN servers without their credentials. Both may be nil.
	Ways, ICEServers func() []string
	// Nodes are the URLs of the servers that stand for this one, for GET /v1/config.
	Nodes []string
	// PlatformClient makes the requests to the platform; nil means the default.
	PlatformClient *http.Client
	// CallbackUser and CallbackPassword are the credentials that Dial-Whom and
	// push must bring.
	CallbackUser, CallbackPassword string
	DB                             *store.DB
	Uploads                        *upload.Store
	// Users are added at the first start of the database.
	Users []User
	// Bots are the ids of the platform's bots, for the contacts.
	Bots []Contact
	// PasswordCost is bcrypt's for Users; 0 means its default. Where the
	// passwords are public anyway, the least cost starts sooner.
	PasswordCost int
	// Inbox tunes the push inbox; Gate, Now and Logger are set by New. Its Node and
	// Secret are required.
	Inbox inbox.Config
	// Now is the clock; nil means time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// One subscriber's requests: a bucket of subscriberBurst that fills up at
// subscriberRate a second.
const (
	subscriberRate  = 20
	subscriberBurst = 100
)

// Server is the application backend. Its methods are safe for concurrent use.
type Server struct {
	cfg      Config
	db       *store.DB
	log      *slog.Logger
	users    Users
	platform *platformClient
	gate     *gate
	inbox    *inbox.Hub
	guard    *guard
	hashing  *hashing
	rate     *throttle.Rate

	provisioning sync.Mutex // one round of changes at a time
}

// New makes a Server over a database that has Migrations. Close ends it.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.PlatformClient == nil {
		cfg.PlatformClient = http.DefaultClient
	}
	s := &Server{
		cfg: cfg, db: cfg.DB, log: cfg.Logger,
		users:    Users{DB: cfg.DB, Cost: cfg.PasswordCost},
		platform: &platformClient{base: cfg.PlatformURL, accountSID: cfg.AccountSID, key: cfg.APIKey, token: cfg.APIToken, http: cfg.PlatformClient},
		guard:    newGuard(cfg.Now), hashing: newHashing(), rate: throttle.NewRate(subscriberRate, subscriberBurst, cfg.Now),
	}
	if err := s.users.seed(ctx, cfg.Users); err != nil {
		return nil, err
	}
	s.gate = newGate(s.platform, cfg.Now)
	cfg.Inbox.Gate, cfg.Inbox.Now, cfg.Inbox.Logger = s.gate, cfg.Now, cfg.Logger
	var err error
	if s.inbox, err = inbox.New(ctx, cfg.Inbox); err != nil {
		return nil, err
	}
	if err := s.inbox.Import(ctx, cfg.DB); err != nil {
		return nil, errors.Join(err, s.inbox.Close(ctx))
	}
	return s, nil
}

// Users gives access to the users.
func (s *Server) Users() Users { return s.users }

// Inbox gives access to the push inboxes.
func (s *Server) Inbox() *inbox.Hub { return s.inbox }

// Prune deletes the logs that were uploaded before a time, and forgets the devices
// on which nobody has signed in since.
func (s *Server) Prune(ctx context.Context, before time.Time) error {
	_, err := s.db.Exec(ctx, "DELETE FROM sign_ins WHERE at < ? OR name NOT IN (SELECT name FROM users)", before.UnixMilli())
	return errors.Join(err, s.cfg.Uploads.Prune(ctx, before))
}

// Close ends the push sockets.
func (s *Server) Close(ctx context.Context) error { return s.inbox.Close(ctx) }

// Handler serves everything under /v1.
func (s *Server) Handler() http.Handler {
	const subscriber = "/v1/accounts/{sid}/subscribers/{name}"
	mux := http.NewServeMux()
	for path, methods := range map[string]map[string]endpoint.Func{
		"/v1/config":                      {http.MethodGet: s.config},
		"/v1/login":                       {http.MethodPost: s.login},
		subscriber + "/devicetoken":       {http.MethodPost: s.signedIn(s.postDeviceToken)},
		subscriber + "/context":           {http.MethodPost: s.signedIn(s.postContext), http.MethodGet: s.signedInAsAny(s.getContext), http.MethodDelete: s.signedIn(s.deleteContext)},
		subscriber + "/contacts":          {http.MethodGet: s.signedIn(s.getContacts)},
		subscriber + "/logdestination":    {http.MethodGet: s.signedIn(s.getLogDestination)},
		"/v1/accounts/{sid}/dialtonumber": {http.MethodGet: s.fromPlatform(s.dialWhom)},
		"/v1/accounts/{sid}/pushtoclient": {http.MethodPost: s.fromPlatform(s.push)},
		"/":                               {},
	} {
		mux.Handle(path, endpoint.Route(methods, s.fail))
	}
	mux.Handle("GET /v1/push", s.inbox)
	mux.Handle("PUT /v1/logs/{reference}", s.cfg.Uploads)
	return endpoint.Guard(mux, s.log, s.fail)
}

// failure is an answer other than success.
type failure struct {
	status     int
	message    string
	retryAfter time.Duration
	challenge  string
	code       wire.ErrorCode // the platform's code behind it, or 0
}

func (f *failure) Error() string { return fmt.Sprintf("%d: %s", f.status, f.message) }

func bad(message string) *failure { return &failure{status: http.StatusBadRequest, message: message} }

var (
	errNoBearer     = &failure{status: http.StatusUnauthorized, message: "a Bearer access token is required", challenge: `Bearer realm="backend"`}
	errTokenRefused = &failure{status: http.StatusUnauthorized, message: "the access token is refused", challenge: `Bearer realm="backend", error="invalid_token"`}
	errCallback     = &failure{status: http.StatusUnauthorized, message: "credentials are required in the URL", challenge: `Basic realm="backend"`}
	errTooMany      = &failure{status: http.StatusTooManyRequests, message: "too many requests", retryAfter: time.Second}
	errTryLater     = &failure{status: http.StatusServiceUnavailable, message: "the platform cannot be reached now", retryAfter: 2 * time.Second}
)

// reply writes v, which must hold the integer http_code that every body of the
// backend has (reference, section 5).
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A peer that went away is no failure of the backend's.
	_ = json.NewEncoder(w).Encode(v)
}

type coded struct {
	HTTPCode int    `json:"http_code"`
	Message  string `json:"message,omitempty"`
	// Code is the platform's own, where it tells more than the status.
	Code wire.ErrorCode `json:"code,omitempty"`
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *failure
	var of *endpoint.Error
	switch {
	case errors.As(err, &f):
	case errors.As(err, &of):
		f = &failure{status: of.Status, message: of.Text}
	default:
		s.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		f = &failure{status: http.StatusInternalServerError, message: "the backend failed; try again later"}
	}
	if f.challenge != "" {
		w.Header().Set("WWW-Authenticate", f.challenge)
	}
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(f.retryAfter.Seconds()+0.999)))
	}
	reply(w, f.status, coded{HTTPCode: f.status, Message: f.message, Code: f.code})
}

// subscriberEndpoint answers a signed-in subscriber.
type subscriberEndpoint func(w http.ResponseWriter, r *http.Request, subscriber string) error

// signedInAsAny lets every subscriber of the account in.
func (s *Server) signedInAsAny(serve subscriberEndpoint) endpoint.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, ok := endpoint.Bearer(r)
		if !ok {
			return errNoBearer
		}
		owner, err := s.gate.Check(r.Context(), token)
		switch {
		case errors.Is(err, inbox.ErrRefused):
			return errTokenRefused
		case errors.Is(err, errUnavailable):
			return errTryLater
		case err != nil:
			return err
		case r.PathValue("sid") != owner.Account:
			return errTokenRefused
		case !s.rate.Allow(owner.Subscriber):
			return errTooMany
		}
		return serve(w, r, owner.Subscriber)
	}
}

// signedIn lets only the subscriber of the path in.
func (s *Server) signedIn(serve subscriberEndpoint) endpoint.Func {
	return s.signedInAsAny(func(w http.ResponseWriter, r *http.Request, subscriber string) error {
		if r.PathValue("name") != subscriber {
			return errTokenRefused
		}
		return serve(w, r, subscriber)
	})
}
