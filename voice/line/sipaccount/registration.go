package sipaccount

import (
	"context"
	"log/slog"
	"net/http"

	"offhook/voice/line"
	"offhook/voice/sip"
)

// Registration keeps one account registered at its server.
type Registration interface {
	// Run returns when ctx has ended and the registration was taken back.
	Run(ctx context.Context)
	// Abandon has Run return at once after its ctx has ended.
	Abandon()
	// Flow is the one over which the account is registered, or nil.
	Flow() line.Flow
	// Retry tries again or proves the registration at once.
	Retry()
	// Watch follows how extensions stand, in the place of those before.
	Watch(users []string)
}

// Spec is an account with what its registration tells; none of that may block.
type Spec struct {
	Account Account
	// Instance names this installation to the server, UserAgent the program.
	Instance, UserAgent string
	Log                 *slog.Logger
	HTTP                *http.Client
	Changed             func(sip.Registration)
	Invited             func(sip.Incoming, line.Dialog)
	Messages            func(sip.MessageSummary)
	Extension           func(sip.Extension)
}

// Register makes the registration of a SIP account, which begins with run.
func Register(spec Spec) (Registration, error) {
	a := spec.Account
	cfg := sip.AccountConfig{
		Config: sip.Config{
			URL: a.Server, OutboundProxy: a.OutboundProxy, Domain: a.Domain, User: a.User, AuthUser: a.AuthUser, Password: a.Password,
			DisplayName: a.DisplayName, UserAgent: spec.UserAgent, Logger: spec.Log,
			AllowClearText: a.AllowClearText, MessageSummary: spec.Messages,
			Incoming: func(in sip.Incoming) {
				spec.Invited(in, line.SIPDialog{Dialog: in.Dialog})
			},
		},
		Expires: a.Expires, InstanceID: spec.Instance, OnState: spec.Changed, OnExtension: spec.Extension,
	}
	cfg.TLS, cfg.Dial = line.Transport(spec.HTTP)
	if scheme, _ := a.server(); scheme != "ws" && scheme != "wss" && !a.ThroughProxy {
		cfg.Dial = nil // few proxies of the web let SIP itself pass
	}
	account, err := sip.NewAccount(cfg)
	if err != nil {
		return nil, err
	}
	return registered{account}, nil
}

// registered is a registration with its server.
type registered struct{ account *sip.Account }

func (r registered) Run(ctx context.Context) { r.account.Run(ctx) }
func (r registered) Retry()                  { r.account.Retry() }
func (r registered) Abandon()                { r.account.Abandon() }
func (r registered) Watch(users []string)    { r.account.Watch(users) }

func (r registered) Flow() line.Flow {
	f := r.account.Flow()
	if f == nil {
		return nil
	}
	return line.SIPFlow{Flow: f}
}
