package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"offhook/app/provision"
	"offhook/app/readiness"
	"offhook/app/secrets"
	"offhook/app/signin"
	"offhook/voice"
	"offhook/voice/fault"
)

func TestSigningInWrongly(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		ctx := context.Background()
		for _, row := range []struct {
			change func(*signin.Credentials)
			code   fault.Type
			text   string
		}{
			{func(c *signin.Credentials) { c.UserName = " " }, fault.InvalidParameter, "Enter your user name."},
			{func(c *signin.Credentials) { c.Password = "" }, fault.InvalidParameter, "Enter your password."},
			{func(c *signin.Credentials) { c.AccountSID = "" }, fault.InvalidParameter, "account SID"},
			{func(c *signin.Credentials) { c.Server = "" }, fault.InvalidParameter, "server"},
			{func(c *signin.Credentials) { c.Server = "ftp://x" }, fault.InvalidParameter, "isn't a server address"},
			{func(c *signin.Credentials) { c.Password = "guess" }, fault.InvalidCredentials, "password is wrong"},
		} {
			c := alice
			row.change(&c)
			wantFault(t, d.SignIn(ctx, c), row.code, row.text)
			s := d.until("told", func(s *Snapshot) bool { return s.Account.State == SignedOut && s.Account.Err != nil })
			if s.Account.Err.Code != string(row.code) {
				t.Fatalf("%+v", s.Account.Err)
			}
		}
		if _, err := d.keyring.Get("password"); !errors.Is(err, secrets.ErrNotFound) {
			t.Fatal("a wrong password was kept")
		}
		d.engine.set(func(e *fakeEngine) {
			e.initErr = []error{fault.New(fault.ServerError, "The platform is down. Try later.")}
		})
		wantFault(t, d.SignIn(ctx, alice), fault.ServerError, "down")
		d.signIn()
	})
}

func TestARestartRestoresTheSession(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		id := d.Snapshot().Account.DeviceID
		first := d.inbox().cfg
		if first.URL != "wss://backend/v1/push" || len(first.DeviceToken) != 36 {
			t.Fatalf("%+v", first)
		}
		d.close()
		d.start()
		defer d.close()
		s := d.until("ready", func(s *Snapshot) bool { return s.Ready })
		if s.Account.UserName != "alice" || s.Account.DeviceID != id || d.inbox().cfg.DeviceToken != first.DeviceToken {
			t.Fatalf("%+v", s.Account)
		}
		if !strings.Contains(d.engine.tokens[0], "REFRESH-TOKEN") || len(d.engine.tokens) != 1 {
			t.Fatalf("%q", d.engine.tokens)
		}
		logins := 0
		d.backend.mu.Lock()
		for _, r := range d.backend.requests {
			if r == "POST /login" {
				logins++
			}
		}
		d.backend.mu.Unlock()
		if logins != 1 {
			t.Errorf("%d logins for one sign-in and one restart", logins)
		}
	})
}

func TestASpentTokenIsReplacedSilently(t *testing.T) {
	spent := fault.New(fault.AuthenticationExpiredToken, "sign-in.expired")
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		// While it runs.
		d.engine.emit(voice.AuthenticationFailed{Err: spent})
		synctest.Wait()
		if n := d.engine.count("initialize alice"); n != 2 || !d.Snapshot().Ready {
			t.Fatalf("%d initialisations, ready %v", n, d.Snapshot().Ready)
		}
		d.close()
		// At the start.
		d.initErr = []error{spent}
		d.start()
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		// And when the password was changed meanwhile, the user is asked.
		d.backend.mu.Lock()
		d.backend.password = "changed"
		d.backend.mu.Unlock()
		d.engine.emit(voice.AuthenticationFailed{Err: spent})
		s := d.until("expired", func(s *Snapshot) bool { return s.Account.State == Expired })
		if c := d.condition(readiness.Token); c.OK || c.Action != readiness.SignIn || s.Ready {
			t.Fatalf("%+v", c)
		}
		wantFault(t, d.Dial(context.Background(), "bob", ""), fault.AuthenticationExpiredToken, "Sign in again")
		c := alice
		c.Password = "changed"
		if err := d.SignIn(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		d.until("ready", func(s *Snapshot) bool { return s.Ready && s.Account.State == SignedIn })
		d.close()
	})
}

func TestAStartWithoutNetworkComesUpLater(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		d.close()
		down := fault.New(fault.NetworkError, "There is no network.")
		d.initErr = []error{down, down, down}
		d.start()
		defer d.close()
		d.until("said", func(s *Snapshot) bool {
			for _, c := range s.Conditions {
				if c.Name == readiness.Platform && c.RetryAt != nil && c.Text.String() == "There is no network." {
					return true
				}
			}
			return false
		})
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
	})
}

func TestSigningOutWipes(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		if err := d.SetProxyPassword("agent", "proxy-secret"); err != nil {
			t.Fatal(err)
		}
		if err := d.Dial(context.Background(), "bob", ""); err != nil {
			t.Fatal(err)
		}
		if err := d.SignOut(context.Background()); err != nil {
			t.Fatal(err)
		}
		s := d.Snapshot()
		if s.Account.State != SignedOut || s.Ready || s.Call != nil || len(d.Contacts()) != 0 || d.engine.count("stop") != 1 {
			t.Fatalf("%+v %v", s.Account, d.engine.did)
		}
		for _, name := range []string{"password", "subscriber_token", secretProxy} {
			if v, err := d.keyring.Get(name); !errors.Is(err, secrets.ErrNotFound) {
				t.Fatalf("%s is still %q", name, v)
			}
		}
		if len(d.Recents()) != 1 {
			t.Fatal("the call log is gone")
		}
		d.close()
		d.start()
		synctest.Wait()
		if s := d.Snapshot(); s.Account.State != SignedOut || s.Account.UserName != "alice" {
			t.Fatalf("%+v", s.Account)
		}
		d.close()
		noSecretsIn(t, d.dir)
	})
}

// noSecretsIn looks for the secrets of the test in every file of a profile.
func noSecretsIn(t *testing.T, dir string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{"REFRESH-TOKEN", "ACCESS-TOKEN", `"demo1"`} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s holds %s", path, secret)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnotherUserSignsIn(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		old := d.inbox().cfg.DeviceToken
		c := alice
		c.UserName = "bob"
		if err := d.SignIn(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		s := d.until("ready", func(s *Snapshot) bool { return s.Ready })
		if s.Account.UserName != "bob" || d.inbox().cfg.DeviceToken == old || d.engine.count("stop") != 1 {
			t.Fatalf("%+v", s.Account)
		}
	})
}

// A slip of the finger takes no phone off the air: who is signed in stays so until
// the server has taken the other sign-in.
func TestASignInThatFailsLeavesTheSession(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		for _, change := range []func(*signin.Credentials){
			func(c *signin.Credentials) { c.Password = "" },
			func(c *signin.Credentials) { c.UserName, c.Password = "bob", "guess" },
			func(c *signin.Credentials) { c.Server = "ftp://x" },
		} {
			c := alice
			change(&c)
			if err := d.SignIn(context.Background(), c); err == nil {
				t.Fatalf("signed in with %q", c.UserName)
			}
			synctest.Wait()
			s := d.Snapshot()
			if !s.Ready || s.Account.State != SignedIn || s.Account.UserName != "alice" || s.Account.Server != alice.Server || d.engine.count("stop") != 0 {
				t.Fatalf("ready %v, %+v", s.Ready, s.Account)
			}
		}
		if password, err := d.keyring.Get("password"); err != nil || password != alice.Password {
			t.Errorf("the keyring holds another password: %v", err)
		}
	})
}

func TestNoKeyringIsSaidAndNothingElse(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		d.keyring = secrets.None{}
		d.start().signIn()
		defer d.close()
		s := d.until("said", func(s *Snapshot) bool { return s.Account.KeyringMissing })
		if c := d.condition(readiness.Keyring); c.OK || !c.Remark || !s.Ready {
			t.Fatalf("%+v", c)
		}
		if err := d.SignOut(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnAdministratorFixesTheServer(t *testing.T) {
	story(t, func(t *testing.T) {
		policy, err := provision.Parse([]byte(`{"version":1,"server":"https://backend","account":"demo","locked":["account.server","calls"],"settings":{"calls.link_mode":"dial"}}`))
		if err != nil {
			t.Fatal(err)
		}
		d := newHarness(t)
		d.policy = policy
		d.start()
		c := alice
		c.Server, c.AccountSID = "https://elsewhere", ""
		if err := d.SignIn(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		if s := d.Snapshot(); s.Account.Server != "https://backend" || d.Settings().Calls.LinkMode != "dial" {
			t.Fatalf("%+v", s.Account)
		}
		wantFault(t, d.UpdateSettings(func(s *Settings) { s.Calls.LinkMode = "prefill" }), fault.ConfigurationInvalid, "administrator")
		d.close()
		d.policy = nil
		d.start()
		defer d.close()
		if err := d.UpdateSettings(func(s *Settings) { s.Calls.LinkMode = "prefill" }); err != nil {
			t.Fatal("still locked without a policy:", err)
		}
	})
}
