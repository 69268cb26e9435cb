package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// pushServer is an inbox that takes only the tokens that begin with "good".
func pushServer(t *testing.T) string {
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
	return "ws" + strings.TrimPrefix(srv.URL, "http") + "/v1/push"
}

// A token that the inbox refuses is renewed once; only when that does not help,
// or there is none, the refusal counts.
func TestARefusedTokenIsRenewed(t *testing.T) {
	t.Parallel()
	url := pushServer(t)
	for name, row := range map[string]struct {
		token func(rejected string) (string, error)
		asked string // what was rejected, in order
		want  func(InboxStatus) bool
	}{
		"renewed": {func(rejected string) (string, error) {
			return map[string]string{"": "old", "old": "good"}[rejected], nil
		}, ",old",
			func(s InboxStatus) bool { return s.Connected }},
		"not renewed": {func(rejected string) (string, error) { return "bad" + rejected, nil }, ",bad",
			func(s InboxStatus) bool { return s.Refused && fault.TypeOf(s.Err) == fault.AuthenticationInvalidToken }},
		"none to be had": {func(string) (string, error) {
			return "", fault.New(fault.AuthenticationExpiredToken, "sign-in.expired")
		}, "", func(s InboxStatus) bool { return s.Refused && fault.TypeOf(s.Err) == fault.AuthenticationExpiredToken }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan string, 16)
			in, err := NewInbox(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, slog.New(slog.DiscardHandler))(InboxConfig{
				URL: url, DeviceToken: "d", Dir: t.TempDir(),
				Token: func(_ context.Context, rejected string) (string, error) {
					asked <- rejected
					return row.token(rejected)
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			statuses := make(chan InboxStatus, 64)
			go func() {
				defer close(done)
				in.Run(ctx, func(context.Context, InboxMessage) error { return nil }, func(s InboxStatus) { statuses <- s })
			}()
			deadline := time.After(time.Minute)
			for reached := false; !reached; {
				select {
				case s := <-statuses:
					if s.Refused && !row.want(s) {
						t.Errorf("refused before it counts: %+v", s)
					}
					reached = row.want(s)
				case <-deadline:
					t.Fatal("never got there")
				}
			}
			cancel()
			<-done
			close(asked)
			var order []string
			for r := range asked {
				order = append(order, r)
			}
			if got := strings.Join(order, ","); got != row.asked {
				t.Errorf("tokens rejected: %q, want %q", got, row.asked)
			}
		})
	}
}

// The figures that the promises rest on: what hangs is noticed within 20 s, and a
// change of the network is over within 3 s, an attempt that fails included.
func TestTheInboxIsProvenOftenEnough(t *testing.T) {
	t.Parallel()
	if noticed := pingInterval + pongTimeout; noticed > 18*time.Second || proofLimit > 20*time.Second {
		t.Errorf("a half-open socket is noticed after %v", noticed)
	}
	if moved := surroundingsPoll + kickTimeout; moved > 2*time.Second {
		t.Errorf("a dead socket is given up %v after the network changed", moved)
	}
}

// A call that is pushed again under another number, as after a new inbox, is
// acknowledged at once and offered to nobody a second time.
func TestACallThatIsPushedAgain(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newRig(t).start().signIn()
		defer d.close()
		payload, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sessionId": "session-1"}).SignedString([]byte("k"))
		if err != nil {
			t.Fatal(err)
		}
		d.engine.relay = func(map[string]string) (bool, error) {
			d.engine.emit(voice.IncomingCall{Call: d.engine.begin(voice.Incoming, "bob")})
			return true, nil
		}
		<-d.inbox.ready
		began := time.Now()
		for id := range 3 {
			if err := d.inbox.deliver(context.Background(), InboxMessage{ID: int64(id), Data: map[string]string{"subscriberName": "alice", "payload": payload}}); err != nil {
				t.Fatal(err)
			}
		}
		if n := d.engine.calls; n != 1 || time.Since(began) > 0 {
			t.Fatalf("%d calls, %v", n, time.Since(began))
		}
		if s := d.Snapshot(); s.Call == nil || s.Call.SessionID != "session-1" {
			t.Fatalf("%+v", s.Call)
		}
	})
}

func TestHandledSessionsAreBounded(t *testing.T) {
	t.Parallel()
	var h handled
	for range 3 * keptSessions {
		h.add(newID())
	}
	h.add("")
	h.add("last")
	h.add("last")
	if len(h.sessions) != keptSessions || len(h.order) != keptSessions || !h.knows("last") || h.knows("") {
		t.Errorf("%d %d", len(h.sessions), len(h.order))
	}
	for _, payload := range []string{"", "a.b.c", "null", strings.Repeat(".", 100)} {
		if id := payloadSession(payload); id != "" {
			t.Errorf("%q is of %q", payload, id)
		}
	}
}
