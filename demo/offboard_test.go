package demo

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/emiago/sipgo/sip"

	"offhook/demo/backend"
	"offhook/demo/relay/relaytest"
	"offhook/demo/store"
	"offhook/voice/wire"
)

// TestOffboarding ends a user's rights in each way while the user is in a call,
// by another process where there is one: within 2 s the tokens, their renewal,
// the push socket, the SIP password and the call are at their end.
func TestOffboarding(t *testing.T) {
	t.Parallel()
	inPlatform := func(method, path, body string) func(t *testing.T, p *Platform, dir string) {
		return func(t *testing.T, p *Platform, _ string) {
			req, err := http.NewRequest(method, p.URL()+"/v2/accounts/demo/subscribers/alice"+path, nil)
			if body != "" {
				req, err = http.NewRequest(method, p.URL()+"/v2/accounts/demo/subscribers/alice"+path, strings.NewReader(body))
			}
			if err != nil {
				t.Fatal(err)
			}
			account := p.Account()
			req.SetBasicAuth(account.APIKey, account.APIToken)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode > 299 {
				t.Fatalf("%s %s: %d", method, path, res.StatusCode)
			}
		}
	}
	byCommand := func(change func(ctx context.Context, u backend.Users) error) func(t *testing.T, p *Platform, dir string) {
		return func(t *testing.T, _ *Platform, dir string) {
			db, err := store.Open(t.Context(), dir, "backend", backend.Migrations)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := change(t.Context(), backend.Users{DB: db, Cost: 4}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, row := range []struct {
		name   string
		end    func(t *testing.T, p *Platform, dir string)
		status int // of a request with the access token
		login  int // of another sign-in
		again  func(t *testing.T, p *Platform, dir string)
	}{
		{"user remove", byCommand(func(ctx context.Context, u backend.Users) error { return u.Remove(ctx, "alice") }), 401, 403, nil},
		{"user deactivate", byCommand(func(ctx context.Context, u backend.Users) error { return u.SetActive(ctx, "alice", false) }), 403, 403,
			byCommand(func(ctx context.Context, u backend.Users) error { return u.SetActive(ctx, "alice", true) })},
		{"user revoke", byCommand(func(ctx context.Context, u backend.Users) error { return u.Revoke(ctx, "alice") }), 401, 200, nil},
		{"user password", byCommand(func(ctx context.Context, u backend.Users) error { return u.SetPassword(ctx, "alice", "new") }), 401, 403, nil},
		{"subscriber deleted", inPlatform("DELETE", "", ""), 401, 200, nil},
		{"subscriber deactivated", inPlatform("PUT", "", `{"status":"inactive"}`), 403, 403, inPlatform("PUT", "", `{"status":"active"}`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := startPlatform(t, Config{DataDir: dir})
			alice, bob := signedIn(t, p, "alice"), signedIn(t, p, "bob")
			push, _ := alice.openPush()
			bobsPush, _ := bob.openPush()
			alice.do(http.MethodPost, alice.desk("alice", "context"), alice.access, map[string]string{"dialToNumber": "sip:announcer"})
			media := relaytest.New(t, relaytest.Options{})
			d := alice.dial(t)
			res := d.call(media.Offer(false))
			if res.StatusCode != 200 {
				t.Fatalf("the announcer answers %d", res.StatusCode)
			}
			media.SetAnswer(string(res.Body()))
			media.WaitConnected()
			idle := alice.dial(t) // knows the SIP password

			began := time.Now()
			row.end(t, p, dir)
			if reason := d.awaitBye(); reason != wire.ReasonRevoked {
				t.Errorf("the call's BYE says %q", reason)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := endOf(ctx, push); websocket.CloseStatus(err) != wire.CloseRefused {
				t.Errorf("the push socket ends with %v", err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the end took %v", took)
			}
			if a := alice.do(http.MethodGet, alice.voice("profile"), alice.access, nil); a.status != row.status {
				t.Errorf("the access token: %d", a.status)
			}
			if a := alice.do(http.MethodGet, alice.desk("alice", "contacts"), alice.access, nil); a.status != http.StatusUnauthorized {
				t.Errorf("the access token at the backend: %d", a.status)
			}
			if a := alice.do(http.MethodPost, alice.voice("access-token"), alice.refresh, nil); a.status != row.status {
				t.Errorf("the refresh token: %d", a.status)
			}
			if res := idle.call(relaytest.New(t, relaytest.Options{}).Offer(false)); res.StatusCode != 403 {
				t.Errorf("a call with the old SIP password: %d", res.StatusCode)
			}
			if a := bob.do(http.MethodGet, bob.voice("profile"), bob.access, nil); a.status != http.StatusOK {
				t.Errorf("a colleague's access token: %d", a.status)
			}
			old := *alice
			if a := old.login("demo"); a.status != row.login {
				t.Errorf("another sign-in: %d", a.status)
			}
			if row.again != nil {
				row.again(t, p, dir)
				relaytest.Eventually(t, "the same tokens again", func() bool {
					return alice.do(http.MethodGet, alice.voice("profile"), alice.access, nil).status == http.StatusOK
				})
				alice.openPush()
			}
			short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if _, _, err := bobsPush.Read(short); websocket.CloseStatus(err) != -1 {
				t.Errorf("a colleague's push socket ends with %v", err)
			}
		})
	}
}

// endOf reads a push socket to its end.
func endOf(ctx context.Context, conn *websocket.Conn) error {
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return err
		}
	}
}

// awaitBye answers the next BYE and returns its X-End-Reason.
func (d *dialog) awaitBye() string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		_, text, err := d.conn.Read(ctx)
		if err != nil {
			d.t.Fatal(err)
		}
		m, err := sip.ParseMessage(text)
		if err != nil {
			d.t.Fatal(err)
		}
		if req, ok := m.(*sip.Request); ok && req.Method == sip.BYE {
			_ = d.conn.Write(ctx, websocket.MessageText, []byte(sip.NewResponseFromRequest(req, 200, "OK", nil).String()))
			if h := req.GetHeader(wire.HeaderEndReason); h != nil {
				return h.Value()
			}
			return ""
		}
	}
}
