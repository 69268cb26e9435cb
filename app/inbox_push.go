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
	"time"

	"offhook/app/settings"
	"offhook/push"
)

// pingInterval is a second less than the wire decision's, so that a server that
// hangs is noticed within 20 s whenever it began to.
const pingInterval = 14 * time.Second

// NewInbox returns the opener of inboxes over WebSocket, by the transport of hc.
func NewInbox(hc *http.Client, log *slog.Logger) func(InboxConfig) (Inbox, error) {
	return func(c InboxConfig) (Inbox, error) {
		in := &pushInbox{}
		r, err := push.New(push.Config{
			URL: c.URL, DeviceToken: c.DeviceToken, HTTPClient: hc, AllowClearText: c.AllowClearText,
			AccessToken: func(ctx context.Context) (string, error) { return c.Token(ctx, "") },
			Store:       ledger(filepath.Join(c.Dir, "inbox.json")), Logger: log, PingInterval: pingInterval,
			Handler: func(ctx context.Context, m push.Message) error {
				return in.deliver(ctx, InboxMessage{ID: m.ID, SentAt: m.SentAt, Expires: m.ExpiresAt, Data: m.Data.Map()})
			},
			OnStatus: func(s push.Status) { in.changed(inboxStatus(s)) },
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
}

func (i *pushInbox) Run(ctx context.Context, deliver func(context.Context, InboxMessage) error, changed func(InboxStatus)) {
	i.deliver, i.changed = deliver, changed
	i.receiver.Run(ctx)
}

func (i *pushInbox) Status() InboxStatus { return inboxStatus(i.receiver.Status()) }
func (i *pushInbox) Retry()              { i.receiver.Kick() }

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
