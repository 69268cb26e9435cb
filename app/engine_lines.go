package app

import (
	"context"
	"time"

	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/media"
)

// LineEngine is an Engine that carries calls over SIP accounts, too.
// voice.LineChanged and voice.LineRemoved come among its events.
type LineEngine interface {
	// Register adds or replaces a line; it returns when its server has answered
	// for the first time. A line that is well formed stays all the same.
	Register(ctx context.Context, a settings.SIPAccount, password string) error
	// Unregister removes a line. SYSTEM_BUSY says that it carries a call.
	Unregister(id string) error
	// Transfer asks the far side of the call to call target instead.
	Transfer(ctx context.Context, target string) error
	// RetryLines makes all lines try again at once.
	RetryLines()
}

func (e *clientEngine) Register(ctx context.Context, a settings.SIPAccount, password string) error {
	return e.client.Register(ctx, voiceAccount(a, password))
}

// voiceAccount is a line of the settings as the engine takes it. Whoever wrote
// an address without encryption has chosen it.
func voiceAccount(a settings.SIPAccount, password string) voice.SIPAccount {
	out := voice.SIPAccount{
		ID: a.ID, Server: a.Server, OutboundProxy: a.OutboundProxy, User: a.User, Domain: a.Domain,
		AuthUser: a.AuthUser, Password: password, DisplayName: a.DisplayName,
		Expires: time.Duration(a.ExpiresS) * time.Second, Media: voice.MediaKind(a.Media), AllowClearText: true,
		Anonymous: a.HideNumber, AutoAnswer: a.AutoAnswer, RefuseTransfers: a.RefuseTransfers,
	}
	if len(a.ICEServers) > 0 {
		out.ICEServers = []media.ICEServer{{URLs: a.ICEServers}}
	}
	return out
}

func (e *clientEngine) Transfer(ctx context.Context, target string) error {
	return e.with(func(c *voice.Call) error { return c.Transfer(ctx, target) })
}

func (e *clientEngine) Unregister(id string) error { return e.client.Unregister(id) }
func (e *clientEngine) RetryLines()                { e.client.RetryLines() }
