package exophone

import (
	"context"
	"net/http"
)

// Exchange is the telephone exchange. All methods may be called from any
// goroutine.
type Exchange struct {
	cfg      Config
	sessions registry
}

// New makes an exchange that serves once Handler is reached.
func New(cfg Config) (*Exchange, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Exchange{cfg: cfg}, nil
}

// Handler takes the WebSocket upgrade of /sip, subprotocol sip.
func (x *Exchange) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "SIP is not served yet", http.StatusServiceUnavailable)
	})
}

// Live returns the calls in progress, oldest first.
func (x *Exchange) Live() []Record { return nil }

// Close ends all calls with BYE, waits for them as long as ctx allows, and
// closes the connections.
func (x *Exchange) Close(ctx context.Context) error { return nil }
