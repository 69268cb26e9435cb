package push

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

// tokenServer is an inbox that takes only the tokens that begin with "good".
func tokenServer(t *testing.T) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer good") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
		if err != nil {
			return
		}
		defer ws.CloseNow()
		_ = ws.Write(r.Context(), websocket.MessageText, []byte(`{"type":"hello","inbox":"one"}`))
		_, _, _ = ws.Read(r.Context())
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/v1/push"
}

// A token that the inbox refuses is renewed once; only when that does not help, or
// there is none, the refusal counts.
func TestARefusedTokenIsRenewed(t *testing.T) {
	t.Parallel()
	url := tokenServer(t)
	for name, row := range map[string]struct {
		token func(rejected string) (string, error)
		asked string // what was rejected, in order
		want  func(Status) bool
	}{
		"renewed": {func(rejected string) (string, error) {
			return map[string]string{"": "old", "old": "good"}[rejected], nil
		}, ",old", Status.OK},
		"not renewed": {func(rejected string) (string, error) { return "bad" + rejected, nil }, ",bad",
			func(s Status) bool {
				return s.Phase == Refused && fault.TypeOf(s.Err) == fault.AuthenticationInvalidToken
			}},
		"none to be had": {func(string) (string, error) {
			return "", fault.New(fault.AuthenticationExpiredToken, "sign-in.expired")
		}, "", func(s Status) bool {
			return s.Phase == Refused && fault.TypeOf(s.Err) == fault.AuthenticationExpiredToken
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInbox(t)
			var mu sync.Mutex
			var asked []string
			p := in.phone(func(c *Config) {
				c.URL = url
				c.AccessToken = func(_ context.Context, rejected string) (string, error) {
					mu.Lock()
					defer mu.Unlock()
					asked = append(asked, rejected)
					return row.token(rejected)
				}
			})
			p.until(name, func(s Status) bool {
				if s.Phase == Refused && !row.want(s) {
					t.Errorf("refused before it counts: %+v", s)
				}
				return row.want(s)
			})
			p.stop()
			if got := strings.Join(asked, ","); got != row.asked {
				t.Errorf("tokens rejected: %q, want %q", got, row.asked)
			}
		})
	}
}
