package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"offhook/app/settings"
	"offhook/push"
)

// The inbox is pinged more often than the wire decision has it, so that a server
// that hangs is noticed within 20 s whenever it began to, with a margin for a
// busy machine. After a kick an answer must come within kickTimeout: the network
// has changed, and what worked is then more likely dead than slow.
const (
	pingInterval = 11 * time.Second
	pongTimeout  = 5 * time.Second
	kickTimeout  = time.Second
)

// NewInbox returns the opener of inboxes over WebSocket, by the transport of hc.
func NewInbox(hc *http.Client, log *slog.Logger) func(InboxConfig) (Inbox, error) {
	return func(c InboxConfig) (Inbox, error) {
		in := &pushInbox{token: c.Token}
		r, err := push.New(push.Config{
			URL: c.URL, DeviceToken: c.DeviceToken, HTTPClient: hc, AllowClearText: c.AllowClearText,
			AccessToken: in.accessToken,
			Store:       ledger(filepath.Join(c.Dir, "inbox.json")), Logger: log, PingInterval: pingInterval,
			PongTimeout: pongTimeout, KickTimeout: kickTimeout,
			Handler: func(ctx context.Context, m push.Message) error {
				return in.deliver(ctx, InboxMessage{ID: m.ID, Data: m.Data.Map()})
			},
			OnStatus: in.statusChanged,
		})
		in.receiver = r
		return in, err
	}
}

// pushInbox is the Inbox of package push.
type pushInbox struct {
	receiver *push.Receiver
	deliver  func(context.Context, InboxMessage) error
	changed  func(InboxStatus)
	token    func(ctx context.Context, rejected string) (string, error)

	mu sync.Mutex // guards what follows
	// offered is the token of the present attempt, "" without one; refused is
	// the one that the server has just refused.
	offered, refused string
	// renewed says that a refused token was replaced already since the inbox
	// was last connected.
	renewed bool
}

// accessToken gives the token of the next attempt: another one after a refusal.
func (i *pushInbox) accessToken(ctx context.Context) (string, error) {
	i.mu.Lock()
	i.offered = ""
	rejected := i.refused
	i.mu.Unlock()
	token, err := i.token(ctx, rejected)
	if err == nil {
		i.mu.Lock()
		i.offered, i.refused = token, ""
		i.mu.Unlock()
	}
	return token, err
}

// statusChanged passes a status on. A token that was refused is renewed once
// before the refusal counts: the platform may have revoked it, or this
// machine's clock may have thought it valid for too long.
func (i *pushInbox) statusChanged(s push.Status) {
	i.mu.Lock()
	again := s.Phase == push.Refused && i.offered != "" && !i.renewed
	switch {
	case again:
		i.refused, i.renewed = i.offered, true
	case s.Phase == push.Connected:
		i.renewed = false
	}
	i.mu.Unlock()
	st := inboxStatus(s)
	if again {
		st.Refused = false
		i.receiver.Kick()
	}
	i.changed(st)
}

func (i *pushInbox) Run(ctx context.Context, deliver func(context.Context, InboxMessage) error, changed func(InboxStatus)) {
	i.deliver, i.changed = deliver, changed
	i.receiver.Run(ctx)
}

func (i *pushInbox) Status() InboxStatus { return inboxStatus(i.receiver.Status()) }

func (i *pushInbox) Retry() { i.receiver.Kick() }

func inboxStatus(s push.Status) InboxStatus {
	return InboxStatus{
		Proof: s.LastPong, Connected: s.Phase == push.Connected, RTT: s.RoundTrip, Err: s.Err, RetryAt: s.RetryAt,
		Replaced: s.Phase == push.Replaced, Refused: s.Phase == push.Refused, ClockOffset: s.ClockOffset,
	}
}

// ledger keeps what was delivered in a file.
type ledger string

func (l ledger) Load() (push.State, error) {
	data, err := os.ReadFile(string(l))
	if errors.Is(err, fs.ErrNotExist) {
		return push.State{}, nil
	}
	if err != nil {
		return push.State{}, err
	}
	var s push.State
	if json.Unmarshal(data, &s) != nil {
		// What a crash of the machine left of it is worth nothing; the call log
		// still shows nothing twice.
		return push.State{}, nil
	}
	return s, nil
}

func (l ledger) Save(s push.State) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return settings.WriteFileAtomic(string(l), data, 0o600)
}
