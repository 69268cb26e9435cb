package voice

import (
	"context"
	"log/slog"
	"net/http"

	"offhook/voice/sip"
)

// sipRegistry is the real registry.
type sipRegistry struct {
	http *http.Client
	log  *slog.Logger
}

func (r sipRegistry) newRegistrar(spec registrarSpec) (registrar, error) {
	a := spec.account
	cfg := sip.AccountConfig{
		Config: sip.Config{
			URL: a.Server, OutboundProxy: a.OutboundProxy, Domain: a.Domain, User: a.User, AuthUser: a.AuthUser, Password: a.Password,
			DisplayName: a.DisplayName, UserAgent: "offhook/" + Version, Logger: r.log,
			AllowClearText: a.AllowClearText, MessageSummary: spec.waiting,
			Incoming: func(in sip.Incoming) {
				spec.invited(inboundCall{Incoming: in, dialog: realInbound{realDialog{in.Dialog}}})
			},
		},
		Expires: a.Expires, InstanceID: spec.instance, OnState: spec.changed,
	}
	cfg.TLS, cfg.Dial = transportOf(r.http)
	if scheme, _ := a.server(); scheme != "ws" && scheme != "wss" && !a.ThroughProxy {
		cfg.Dial = nil // few proxies of the web let SIP itself pass
	}
	account, err := sip.NewAccount(cfg)
	if err != nil {
		return nil, err
	}
	return realRegistrar{account}, nil
}

// realRegistrar is an account of the real signalling.
type realRegistrar struct{ account *sip.Account }

func (r realRegistrar) run(ctx context.Context) { r.account.Run(ctx) }
func (r realRegistrar) kick()                   { r.account.Retry() }
func (r realRegistrar) abandon()                { r.account.Abandon() }

func (r realRegistrar) flow() flow {
	f := r.account.Flow()
	if f == nil {
		return nil
	}
	return realFlow{f}
}

func (r realRegistrar) renew() {
	r.account.Reconnect()
}

// realInbound is a dialog that the far side began.
type realInbound struct{ realDialog }

func (d realInbound) Ring(status int, body string, headers ...sip.Header) error {
	return d.Dialog.Ring(status, body, headers...)
}

func (d realInbound) Accept(body string, headers ...sip.Header) error {
	return d.Dialog.Accept(body, headers...)
}

func (d realInbound) Refuse(status int, headers ...sip.Header) error {
	return d.Dialog.Refuse(status, headers...)
}
