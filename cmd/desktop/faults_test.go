package main

import (
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"offhook/app"
	"offhook/internal/drive"
)

// Every sign-in that can't work says so in a sentence with a code, and the
// phone stays there to be asked again.
func TestSignInThatFails(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String()
	closed.Close()

	for _, c := range []struct {
		name, server, user, password, code string
	}{
		{"wrong password", platform.url, "alice", "wrong", "INVALID_CREDENTIALS"},
		{"unknown user", platform.url, "mallory", "demo", "INVALID_CREDENTIALS"},
		{"unknown host", "https://no-such-host.invalid", "alice", "demo", "NETWORK_ERROR"},
		{"refused port", refused, "alice", "demo", "NETWORK_ERROR"},
		{"no address", "voice example com", "alice", "demo", "INVALID_PARAMETER"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := startPhoneWith(t, c.server, c.user, c.password, "--audio-in", "null")
			s := p.until(t, timeout, "saying why it can't sign in", func(s *app.Snapshot) bool { return s.Account.Err != nil })
			problem := s.Account.Err
			if problem.Code != c.code || !strings.HasSuffix(problem.Message.String(), ".") || s.Ready {
				t.Errorf("got %+v (ready %v), want code %s and a sentence", problem, s.Ready, c.code)
			}
			if problem.Next.Empty() {
				t.Errorf("%q does not say what to do next", problem.Message)
			}
			if strings.Contains(p.output.String(), c.password) && c.password != "demo" {
				t.Error("the password is in the phone's output")
			}
			if err := p.ctl(nil, "dial", "bob"); err == nil {
				t.Error("a phone that is not signed in dialled")
			}
			p.quit(t)
		})
	}
}

func TestBadNumbersAreRefusedAndThePhoneStaysUsable(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice := startPhone(t, platform.url, "alice", "null")
	alice.ready(t)

	for _, number := range []string{"al!ce", "98450!12345", "+", "bob\nal", "ab@@c", "🙂", strings.Repeat("9", 400), "alice"} {
		err := alice.ctl(nil, "dial", number)
		failed, ok := err.(*drive.Error)
		if !ok || failed.Code != "INVALID_DIAL_INFO" || failed.Message == "" {
			t.Errorf("dialling %.20q: %v, want INVALID_DIAL_INFO and a sentence", number, err)
		}
	}
	for _, command := range [][]string{{"answer"}, {"hangup"}, {"mute"}, {"dtmf", "1"}, {"hold"}} {
		if _, ok := alice.ctl(nil, command...).(*drive.Error); !ok {
			t.Errorf("ctl %v without a call is an error with a code", command)
		}
	}
	if s := alice.status(t); !s.Ready || s.Call != nil {
		t.Errorf("the phone is ready and has no call: %+v", s)
	}
	alice.do(t, "dial", "echo", "--wait", "ESTABLISHED")
	alice.do(t, "hangup")
	if end := alice.untilEnded(t); end.EndReason != "LOCAL_HANGUP" {
		t.Errorf("%+v", end)
	}
}

// A push that is not a call the platform made shows nothing and harms nothing.
func TestCorruptPayloadsAreDropped(t *testing.T) {
	t.Parallel()
	const key, token = "pushkey", "pushtoken"
	platform := startPlatform(t, "--callback-key", key, "--callback-token", token)
	bob := startPhone(t, platform.url, "bob", "null")
	bob.ready(t)

	for _, body := range []string{
		`{"subscriberName":"bob","payload":"garbage","payloadVersion":"1"}`,
		`{"subscriberName":"bob","payload":"a.b.c","payloadVersion":"1"}`,
		`{"subscriberName":"bob","payload":"eyJhbGciOiJIUzI1NiJ9.e30.x","payloadVersion":"1"}`,
		`{"subscriberName":"bob","payload":"eyJhbGciOiJIUzI1NiJ9.e30.x","payloadVersion":"9"}`,
		`{"subscriberName":"bob","payload":"","payloadVersion":""}`,
	} {
		request, err := http.NewRequest(http.MethodPost, platform.url+"/v1/accounts/demo/pushtoclient", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(key, token)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusBadRequest {
			t.Errorf("posting %s: %s", body, response.Status)
		}
	}
	// A real call comes after them, so they have been dealt with by then.
	alice := startPhone(t, platform.url, "alice", "null")
	alice.ready(t)
	alice.do(t, "dial", "bob", "--wait", "RINGING")
	if s := bob.untilState(t, "INCOMING"); s.Call.RemoteID != "alice" || s.MissedUnseen != 0 {
		t.Errorf("bob's phone rings for alice and nobody else: %+v, %d missed", s.Call, s.MissedUnseen)
	}
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	bob.do(t, "hangup")
	bob.untilEnded(t)
}

// Ready is a proof: a platform that hangs is noticed within 20 s, and its return
// too, without anybody's doing.
func TestReadyIsAProof(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice := startPhone(t, platform.url, "alice", "null")
	alice.ready(t)

	platform.cmd.Process.Signal(syscall.SIGSTOP)
	stopped := time.Now()
	s := alice.until(t, timeout, "noticing that the platform hangs", func(s *app.Snapshot) bool { return !s.Ready })
	// What the limits are is held where they stand (app, voice/sip): a machine
	// that is busy here proves nothing of them.
	t.Logf("noticed after %v", time.Since(stopped))
	told := false
	for _, c := range s.Conditions {
		if !c.OK && !c.Remark {
			told = !c.Text.Empty() && !c.Since.IsZero()
			t.Logf("%s: %s (since %v)", c.Name, c.Text, c.Since)
		}
	}
	if !told {
		t.Errorf("the phone does not say what is wrong since when: %+v", s.Conditions)
	}

	platform.cmd.Process.Signal(syscall.SIGCONT)
	back := time.Now()
	alice.until(t, timeout, "ready again", func(s *app.Snapshot) bool { return s.Ready })
	t.Logf("ready again after %v", time.Since(back))
	alice.do(t, "dial", "echo", "--wait", "ESTABLISHED")
	alice.do(t, "hangup")
}

// The platform goes away for good, in a call and out of one: the phone says so,
// ends the call and takes up again when a new one listens.
func TestThePlatformIsDown(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t, "--media-timeout", "4s")
	alice := startPhone(t, platform.url, "alice", "null")
	alice.ready(t)
	platform.cmd.Process.Kill()
	<-platform.done
	s := alice.until(t, timeout, "noticing that the platform is gone", func(s *app.Snapshot) bool { return !s.Ready })
	if err := alice.ctl(nil, "dial", "bob"); err == nil {
		if end := alice.untilEnded(t); end.EndReason != "UNREACHABLE" && end.EndReason != "FAILURE" {
			t.Errorf("a dial without a platform ended as %+v (conditions %+v)", end, s.Conditions)
		}
	} else if failed, ok := err.(*drive.Error); !ok || failed.Code == "" || failed.Message == "" {
		t.Errorf("a dial without a platform: %v", err)
	}
	alice.quit(t)
}

// A phone that was off learns whose call it missed, and when that was, also after a
// restart of the platform.
func TestACallToAPhoneThatIsOffIsMissed(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	bob := startPhone(t, platform.url, "bob", "null")
	bob.ready(t)
	bob.quit(t)
	alice := startPhone(t, platform.url, "alice", "null")
	alice.ready(t)
	called := time.Now()
	alice.do(t, "dial", "bob")
	alice.do(t, "hangup", "--wait", "ENDED")
	alice.quit(t)
	platform.stop(t)

	startPlatform(t, "--listen", strings.TrimPrefix(platform.url, "http://"), "--data", platform.data())
	again := startPhone(t, platform.url, "bob", "null")
	s := again.until(t, time.Minute, "told of the missed call", func(s *app.Snapshot) bool { return s.MissedUnseen == 1 })
	var history struct {
		Calls []app.CallRecord `json:"calls"`
	}
	if err := again.ctl(&history, "history"); err != nil {
		t.Fatal(err)
	}
	if len(history.Calls) != 1 || !history.Calls[0].Missed || history.Calls[0].RemoteID != "alice" || s.Call != nil {
		t.Fatalf("%+v", history.Calls)
	}
	if off := history.Calls[0].Started.Sub(called).Abs(); off > time.Minute {
		t.Errorf("missed %v from when it was", off)
	}
}
