package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/app/provision"
	"offhook/app/readiness"
	"offhook/app/secrets"
	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/line/sipaccount"
)

// Register answers as a server does that takes the password "right".
func (e *fakeEngine) Register(_ context.Context, a voice.SIPAccount) error {
	password := a.Password
	e.note("register %s with %s", a.ID, password)
	for _, s := range a.ICEServers {
		e.note("turn %s as %s with %s", strings.Join(s.URLs, " "), s.Username, s.Credential)
	}
	st := voice.LineStatus{ID: a.ID, Address: "sip:" + a.ID, State: sipaccount.Registered, Since: time.Now(), Expires: time.Now().Add(5 * time.Minute)}
	var err error
	if password != "right" {
		st.State, st.Expires = sipaccount.Terminated, time.Time{}
		st.Err = fault.New(fault.InvalidCredentials, "sip.bad-credentials")
		err = st.Err
	}
	e.emit(voice.LineChanged{Line: st})
	return err
}

func (e *fakeEngine) Watch(account string, extensions []string) error {
	e.note("watch %s at %s", strings.Join(extensions, " "), account)
	return nil
}

func (e *fakeEngine) SendFeatureCode(_ context.Context, account, code string) error {
	e.note("code %s at %s", code, account)
	if strings.HasPrefix(code, "*9") {
		return fault.New(fault.ServerError, "line.code-refused", code, 603, "Not in this queue")
	}
	return nil
}

func (e *fakeEngine) Unregister(id string) error {
	e.note("unregister %s", id)
	e.emit(voice.LineRemoved{ID: id})
	return nil
}

func (e *fakeEngine) Transfer(_ context.Context, target string) error {
	e.note("transfer %s", target)
	return nil
}

func (e *fakeEngine) PauseRecording(context.Context) error  { e.note("pause recording"); return nil }
func (e *fakeEngine) ResumeRecording(context.Context) error { e.note("resume recording"); return nil }
func (e *fakeEngine) StartRecording(context.Context) error  { e.note("start recording"); return nil }
func (e *fakeEngine) ConsentToRecording(context.Context) error {
	e.note("consent")
	return nil
}
func (e *fakeEngine) RefuseRecording(context.Context) error { e.note("refuse"); return nil }
func (e *fakeEngine) StopRecording(context.Context) error   { e.note("stop recording"); return nil }

func (e *fakeEngine) Consult(_ context.Context, target string) error {
	e.note("consult %s", target)
	return nil
}

func (e *fakeEngine) Swap(context.Context) error {
	e.note("swap")
	return nil
}

func (e *fakeEngine) FollowTransfer() error {
	e.note("follow transfer")
	return nil
}

func (e *fakeEngine) DeclineTransfer() error {
	e.note("decline transfer")
	return nil
}

func (e *fakeEngine) CompleteTransfer(context.Context) error {
	e.note("complete")
	return nil
}

func (e *fakeEngine) EndConsultation() error {
	e.note("end consultation")
	return nil
}

func (e *fakeEngine) Retry() { e.note("retry") }

var sipAlice = SIPAccount{On: true, Server: "wss://pbx.test/ws", User: "alice@lab.test"}

// A phone with nothing but a SIP account is ready when that is registered, calls
// and is called, and has its account again after a restart.
func TestAPhoneWithASIPAccountOnly(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		ctx := context.Background()
		if s := d.Snapshot(); s.Ready || s.Account.State != SignedOut {
			t.Fatalf("before: %+v", s)
		}
		if err := d.SaveLine(ctx, sipAlice, "right"); err != nil {
			t.Fatal(err)
		}
		s := d.until("ready", func(s *Snapshot) bool { return s.Ready })
		if s.Account.State != SignedIn || s.Account.UserName != "alice" || len(s.Lines) != 1 || s.Lines[0].State != "registered" || s.Lines[0].Expires == nil {
			t.Fatalf("%+v %+v", s.Account, s.Lines)
		}
		for _, c := range s.Conditions {
			if c.Name == readiness.Push || c.Name == readiness.Token {
				t.Errorf("a SIP phone has the condition %q", c.Name)
			}
		}

		// Anything that its server may understand.
		wantFault(t, d.Dial(ctx, "a b", ""), fault.InvalidDialInfo, "")
		if err := d.Dial(ctx, "sip:*97@lab.test", ""); err != nil {
			t.Fatal(err)
		}
		if s := d.Snapshot(); s.Call == nil || s.Call.RemoteID != "*97" || s.Call.Line != "alice@lab.test" {
			t.Fatalf("%+v", s.Call)
		}
		if d.backend.saw("POST /accounts/demo/subscribers/alice/context") {
			t.Error("a call over a SIP account left its context at the backend")
		}
		established := d.engine.to(voice.StateEstablished)
		d.engine.emit(voice.CallEstablished{Call: established})
		d.until("talking", func(s *Snapshot) bool { return s.Call.State == "ESTABLISHED" })
		if err := d.Consult(ctx, "", "+49 30 456"); err != nil || d.engine.count("consult +4930456") != 1 {
			t.Fatal(err, d.engine.did)
		}
		wantFault(t, d.Consult(ctx, "", ""), fault.InvalidDialInfo, "")
		established.Consultation = voice.Consultation{Target: "+4930456", Status: 200, Since: time.Now()}
		d.engine.emit(voice.CallChanged{Call: established})
		d.until("asking somebody", func(s *Snapshot) bool { return s.Call.Consultation.Answered() && !s.Call.Consultation.Since.IsZero() })
		established.Consultation.HeldSince = time.Now()
		d.engine.emit(voice.CallChanged{Call: established})
		d.until("the other waits", func(s *Snapshot) bool { return s.Call.Consultation.OnHold() })
		if err := d.Swap(ctx); err != nil || d.engine.count("swap") != 1 {
			t.Fatal(err, d.engine.did)
		}
		if err := errors.Join(d.CompleteTransfer(ctx, ""), d.EndConsultation()); err != nil || d.engine.count("complete") != 1 || d.engine.count("end consultation") != 1 {
			t.Fatal(err, d.engine.did)
		}
		established.Consultation.Status = 487
		d.engine.emit(voice.CallChanged{Call: established})
		d.until("back", func(s *Snapshot) bool { return !s.Call.Consultation.Active() })
		if err := d.Transfer(ctx, "", "+49 30 123"); err != nil || d.engine.count("transfer +4930123") != 1 {
			t.Fatal(err, d.engine.did)
		}
		until := time.Now().Add(20 * time.Second)
		established.TransferOffer = voice.TransferOffer{Target: "carol", Until: until}
		d.engine.emit(voice.CallChanged{Call: established})
		offered := d.until("offered", func(s *Snapshot) bool { return s.Call.TransferOffer != nil })
		if o := offered.Call.TransferOffer; o.Target != "carol" || !o.Until.Equal(until) {
			t.Errorf("%+v", o)
		}
		if err := errors.Join(d.FollowTransfer(), d.DeclineTransfer()); err != nil || d.engine.count("follow transfer") != 1 || d.engine.count("decline transfer") != 1 {
			t.Fatal(err, d.engine.did)
		}
		established.TransferOffer = voice.TransferOffer{}
		established.Transfer = voice.Transfer{Target: "+4930123", Status: 180}
		d.engine.emit(voice.CallChanged{Call: established})
		d.until("transferring", func(s *Snapshot) bool { return s.Call.Transfer != nil && s.Call.Transfer.Status == 180 })
		established.Transfer.Status, established.Transfer.Final = 200, true
		d.engine.emit(voice.CallChanged{Call: established})
		d.until("transferred", func(s *Snapshot) bool { return s.Call.Transfer != nil && s.Call.Transfer.Status == 200 })
		handed := d.engine.to(voice.StateEnded)
		handed.EndReason, handed.Ended, handed.Transfer = voice.EndLocalHangup, time.Now(), established.Transfer
		d.engine.emit(voice.CallEnded{Call: handed})
		if over := d.until("over", func(s *Snapshot) bool { return s.LastCall != nil }); over.LastCall.TransferredTo != "+4930123" {
			t.Errorf("%+v", over.LastCall)
		}
		recs, err := d.SearchRecents(ctx, RecentsQuery{})
		if err != nil || len(recs) != 1 || recs[0].Line != "alice@lab.test" || recs[0].RemoteID != "*97" || recs[0].TransferredTo != "+4930123" {
			t.Fatalf("%+v %v", recs, err)
		}
		d.close()

		data, err := os.ReadFile(filepath.Join(d.dir, settings.FileName))
		if err != nil || strings.Contains(string(data), "right") {
			t.Fatalf("the password is in the settings, or they are not there: %v", err)
		}
		d.start()
		d.until("ready again", func(s *Snapshot) bool { return s.Ready })
		// The sign-out takes the password with it.
		if err := d.SignOut(ctx); err != nil {
			t.Fatal(err)
		}
		s = d.Snapshot()
		if s.Ready || s.Account.State != SignedOut || len(s.Lines) != 1 || s.Lines[0].State != LineOff {
			t.Errorf("%+v", s)
		}
		if _, err := d.keyring.Get(lineSecret("alice@lab.test")); !errors.Is(err, secrets.ErrNotFound) {
			t.Errorf("the keyring still has the password: %v", err)
		}
		if err := d.RemoveLine(ctx, "alice@lab.test"); err != nil || len(d.Snapshot().Lines) != 0 {
			t.Errorf("%v %+v", err, d.Snapshot().Lines)
		}
		d.close()
	})
}

// Beside a subscriber, a line that is not registered keeps the phone from being
// ready, and says why.
func TestALineBesideTheSubscriber(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		ctx := context.Background()
		wantFault(t, d.SaveLine(ctx, sipAlice, "wrong"), fault.InvalidCredentials, "password")
		s := d.until("refused", func(s *Snapshot) bool { return len(s.Lines) == 1 && s.Lines[0].State == "terminated" })
		c := d.condition("sip:alice@lab.test")
		if s.Ready || c.OK || c.Action != readiness.OpenAccounts || !strings.Contains(c.Text.String(), "password") || s.Lines[0].State != "terminated" {
			t.Errorf("%+v %+v", c, s.Lines)
		}
		// Calls still go out over the subscriber's line, but where another is asked for.
		if err := d.Dial(ctx, "bob", ""); err != nil || d.Snapshot().Call.Line != "" {
			t.Errorf("%v %+v", err, d.Snapshot().Call)
		}
		d.engine.end(voice.EndLocalHangup)
		d.until("over", func(s *Snapshot) bool { return s.Call == nil && s.LastCall != nil })
		if err := d.DialOn(ctx, "alice@lab.test", "bob", ""); err != nil || d.Snapshot().Call.Line != "alice@lab.test" {
			t.Errorf("%v %+v", err, d.Snapshot().Call)
		}
		wantFault(t, d.SaveLine(ctx, sipAlice, "right"), fault.SystemBusy, "account")
		wantFault(t, d.RemoveLine(ctx, "alice@lab.test"), fault.SystemBusy, "account")
		d.engine.end(voice.EndLocalHangup)
		d.until("over", func(s *Snapshot) bool { return s.Call == nil })
		if err := d.SaveLine(ctx, sipAlice, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		if err := d.UpdateSettings(func(s *Settings) { s.Calls.DefaultLine = "alice@lab.test" }); err != nil {
			t.Fatal(err)
		}
		if err := d.CheckNumber("*97"); err != nil {
			t.Error(err)
		}
		// Switched off it is no condition any more.
		off := sipAlice
		off.On = false
		if err := d.SaveLine(ctx, off, ""); err != nil {
			t.Fatal(err)
		}
		for _, c := range d.Snapshot().Conditions {
			if strings.HasPrefix(c.Name, "sip:") {
				t.Errorf("%+v", c)
			}
		}
	})
}

// A caller who asks for an answer by itself gets one where the account allows it.
func TestAnswerOnDemand(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		if err := d.SaveLine(context.Background(), sipAlice, "right"); err != nil {
			t.Fatal(err)
		}
		in := d.engine.begin(voice.Incoming, "bob")
		in.Line, in.AutoAnswer, in.AnswerAfter, in.Diverted = "alice@lab.test", true, 2*time.Second, "Front Desk"
		d.engine.emit(voice.IncomingCall{Call: in})
		if s := d.until("ringing", func(s *Snapshot) bool { return s.Call != nil }); s.Call.Diverted != "Front Desk" {
			t.Errorf("%+v", s.Call)
		}
		time.Sleep(3 * time.Second) // of the bubble
		if d.engine.count("answer") != 1 {
			t.Errorf("%v", d.engine.did)
		}
	})
}

// An administrator may bring accounts, and fix them.
func TestProvisionedAccounts(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		text, err := json.Marshal(map[string]any{
			"version": 1, "locked": []string{"sip_accounts"},
			"settings": map[string]any{"sip_accounts": []SIPAccount{{ID: "a", On: true, Server: "tls://pbx.test", User: "alice", Domain: "lab.test"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if d.policy, err = provision.Parse(text); err != nil {
			t.Fatal(err)
		}
		d.start()
		defer d.close()
		d.until("the account", func(s *Snapshot) bool { return len(s.Lines) == 1 && s.Lines[0].State == "terminated" })
		wantFault(t, d.RemoveLine(context.Background(), "a"), fault.ConfigurationInvalid, "administrator")
		// The password is the user's to give, and nothing else is.
		changed := d.Settings().SIPAccounts[0]
		changed.Server, changed.HideNumber = "tls://elsewhere", true
		wantFault(t, d.SaveLine(context.Background(), changed, ""), fault.ConfigurationInvalid, "administrator")
		if err := d.SaveLine(context.Background(), changed, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		if a := d.Settings().SIPAccounts[0]; a.Server == changed.Server || a.HideNumber {
			t.Errorf("an account that is fixed was changed: %+v", a)
		}
		if err := d.SetLinePassword(context.Background(), "a", "right"); err != nil {
			t.Fatal(err)
		}
	})
}

// The password at the relay goes by the keyring to the engine, and nowhere else.
func TestRelayOfASIPAccount(t *testing.T) {
	a := SIPAccount{Server: "wss://pbx.test/ws", User: "alice", Domain: "lab.test", ICEServers: []string{"turn:turn.test"}, ICEUser: "u", RelayOnly: true}
	a.ID = "a"
	p := &Phone{secrets: secrets.NewSafe(&secrets.Memory{}), cfg: Config{Protect: func(string) {}}}
	if err := p.secrets.Set(iceSecret(a.ID), "relay-secret"); err != nil {
		t.Fatal(err)
	}
	got := p.voiceAccount(a, "pw")
	if err := got.Check(); err != nil || !got.RelayOnly || len(got.ICEServers) != 1 || got.ICEServers[0].Username != "u" || got.ICEServers[0].Credential != "relay-secret" {
		t.Errorf("%v %v", err, got.RelayOnly)
	}
	if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, "pw") || strings.Contains(text, "relay-secret") {
		t.Error("the secrets are printed")
	}
}

// What becomes of a caller who hands the phone on: as the user has chosen, else the
// user is asked, if there is one.
func TestTheRuleForTransfers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		account    SIPAccount
		unattended bool
		want       string
	}{
		{SIPAccount{}, false, "ask"},
		{SIPAccount{}, true, "follow"},
		{SIPAccount{Transfers: "ask"}, true, "ask"},
		{SIPAccount{Transfers: "follow"}, false, "follow"},
		{SIPAccount{Transfers: "refuse"}, true, "refuse"},
		{SIPAccount{RefuseTransfers: true}, true, "refuse"},
	} {
		p := &Phone{cfg: Config{Unattended: tc.unattended}}
		if got := p.voiceAccount(SIPAccount{Transfers: p.transferRule(tc.account)}, "").Transfers; string(got) != tc.want {
			t.Errorf("%+v, unattended %v: %q, not %q", tc.account, tc.unattended, got, tc.want)
		}
	}
}

// A link keeps the host that it names, and loses what would change the request; an
// extension is sent after the answer.
func TestLinksOfASIPAccount(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		ctx := context.Background()
		if err := d.SaveLine(ctx, sipAlice, "right"); err != nil {
			t.Fatal(err)
		}
		if err := d.UpdateSettings(func(s *Settings) { s.Calls.LinkMode = settings.DialAtOnce }); err != nil {
			t.Fatal(err)
		}
		for link, want := range map[string]string{
			"sip:bob@other.example":                  "dial sip:bob@other.example for bob@other.example",
			"sip:bob@other.example;method=BYE?Via=x": "dial sip:bob@other.example for bob@other.example",
			"sip:bob@lab.test":                       "dial bob for bob",
			"tel:+49-(0)30-12;ext=5":                 "dial +493012 for +493012",
		} {
			if err := d.OpenLink(ctx, link); err != nil {
				t.Fatalf("%s: %v", link, err)
			}
			if n := d.engine.count(want); n == 0 {
				t.Errorf("%s: %v, want %q", link, d.engine.did, want)
			}
			if err := d.Hangup(ctx, ""); err != nil {
				t.Fatal(err)
			}
			d.until("no call", func(s *Snapshot) bool { return s.Call == nil })
			d.DismissEnded()
		}
	})
}
