package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"offhook/demo/console"
	"offhook/demo/endpoint"
	"offhook/demo/inbox"
	"offhook/demo/platform"
	"offhook/voice/wire"
)

// consoleSource shows the first account to the console.
type consoleSource struct{ p *Platform }

func (s consoleSource) account() string { return s.p.cfg.Accounts[0].SID }

func (s consoleSource) Subscribers(ctx context.Context, limit int) ([]platform.Subscriber, int, error) {
	return s.p.platform.Subscribers(ctx, s.account(), "", limit, 0)
}

func (s consoleSource) Connected(subscriber string) bool {
	return s.p.backend.Inbox().Connected(inbox.Owner{Account: s.account(), Subscriber: subscriber})
}

func (s consoleSource) Calls(ctx context.Context, live bool, limit int) ([]platform.Call, error) {
	calls, _, err := s.p.platform.Calls(ctx, s.account(), live, limit, 0)
	return calls, err
}

func (s consoleSource) Report(ctx context.Context, session string) (platform.CallReport, error) {
	return s.p.platform.Report(ctx, s.account(), session)
}

func (s consoleSource) Feedback(ctx context.Context, session string) ([]platform.Feedback, error) {
	return s.p.platform.FeedbackOf(ctx, s.account(), session)
}

func (s consoleSource) Outcomes(ctx context.Context, session string) ([]platform.Outcome, error) {
	return s.p.platform.OutcomesOf(ctx, s.account(), session)
}

func (s consoleSource) Agent(subscriber string) wire.Agent {
	return s.p.platform.Agents().Get(subscriber)
}

func (s consoleSource) Logs(ctx context.Context, limit int) ([]platform.Log, error) {
	return s.p.platform.Logs(ctx, s.account(), "", limit)
}

func (s consoleSource) SendLog(w http.ResponseWriter, r *http.Request) error {
	return s.p.platform.SendLog(w, r, s.account())
}

func (s consoleSource) SendRecording(w http.ResponseWriter, r *http.Request) error {
	return s.p.platform.SendRecording(w, r, s.account(), "console")
}

func (s consoleSource) Figures() []console.Figure {
	p := s.p
	return []console.Figure{
		{Name: "Live calls", Value: fmt.Sprint(len(p.exchange.Live()))},
		{Name: "Calls since start", Value: fmt.Sprint(p.metrics.calls.Load())},
		{Name: "SIP connections", Value: fmt.Sprint(p.exchange.Connections())},
		{Name: "Push sockets", Value: fmt.Sprint(p.backend.Inbox().Stats().Sockets)},
		{Name: "Running for", Value: p.now().Sub(p.started).Truncate(time.Second).String()},
	}
}

// forOperators lets in who knows the first account's API key and token.
func (p *Platform) forOperators(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		account := p.cfg.Accounts[0]
		if !endpoint.HasBasic(r, account.APIKey, account.APIToken) {
			if _, _, tried := r.BasicAuth(); tried {
				p.log.Warn("console credentials refused", "from", r.RemoteAddr)
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="Offhook platform: API key and token", charset="UTF-8"`)
			http.Error(w, "The API key and token of the account are required.", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
