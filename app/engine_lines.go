package app

import (
	"context"
	"log/slog"
	"time"

	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/media"
)

// LineSecrets are what the keyring holds of a SIP account: the passwords at its
// server and at its turn: servers. They print and log as nothing.
type LineSecrets struct{ Password, ICEPassword string }

// String hides the passwords.
func (LineSecrets) String() string { return "secrets" }

// GoString hides the passwords from %#v.
func (LineSecrets) GoString() string { return "app.LineSecrets{}" }

// LogValue hides the passwords from structured logs.
func (LineSecrets) LogValue() slog.Value { return slog.StringValue("secrets") }

// LineEngine is an Engine that carries calls over SIP accounts, too.
// voice.LineChanged and voice.LineRemoved come among its events.
type LineEngine interface {
	// Register adds or replaces a line; it returns when its server has answered
	// for the first time. A line that is well formed stays all the same.
	Register(ctx context.Context, a settings.SIPAccount, secrets LineSecrets) error
	// Unregister removes a line. SYSTEM_BUSY says that it carries a call.
	Unregister(id string) error
	// Transfer asks the far side of the call to call target instead.
	Transfer(ctx context.Context, target string) error
	// RetryLines makes all lines try again at once.
	RetryLines()
}

func (e *clientEngine) Register(ctx context.Context, a settings.SIPAccount, secrets LineSecrets) error {
	return e.client.Register(ctx, voiceAccount(a, secrets))
}

// voiceAccount is a line of the settings as the engine takes it. Whoever wrote
// an address without encryption has chosen it.
func voiceAccount(a settings.SIPAccount, secrets LineSecrets) voice.SIPAccount {
	out := voice.SIPAccount{
		ID: a.ID, Server: a.Server, OutboundProxy: a.OutboundProxy, User: a.User, Domain: a.Domain,
		AuthUser: a.AuthUser, Password: secrets.Password, DisplayName: a.DisplayName,
		Expires: time.Duration(a.ExpiresS) * time.Second, Media: voice.MediaKind(a.Media), AllowClearText: true,
		Anonymous: a.HideNumber, AutoAnswer: a.AutoAnswer, Transfers: voice.TransferRule(a.Transfers),
		RelayOnly: a.RelayOnly, OfferICE: a.OfferICE, ThroughProxy: a.ThroughProxy,
	}
	if len(a.ICEServers) > 0 {
		out.ICEServers = []media.ICEServer{{URLs: a.ICEServers, Username: a.ICEUser, Credential: secrets.ICEPassword}}
	}
	return out
}

func (e *clientEngine) Transfer(ctx context.Context, target string) error {
	return e.with(func(c *voice.Call) error { return c.Transfer(ctx, target) })
}

func (e *clientEngine) Unregister(id string) error { return e.client.Unregister(id) }
func (e *clientEngine) RetryLines()                { e.client.RetryLines() }
