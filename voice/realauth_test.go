package voice_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"offhook/demo"
	"offhook/voice"
	"offhook/voice/fault"
)

// setStatus makes a subscriber active or inactive, as the customer's backend does.
func setStatus(t *testing.T, p *demo.Platform, name, status string) {
	t.Helper()
	a := p.Account()
	req, err := http.NewRequest(http.MethodPut, p.URL()+"/v2/accounts/"+a.SID+"/subscribers/"+name, bytes.NewReader([]byte(`{"status":"`+status+`"}`)))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(a.APIKey, a.APIToken)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("status %s", res.Status)
	}
}

// TestRealRenewal: access tokens come and go, and nobody notices.
func TestRealRenewal(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{AccessLife: 15 * time.Second})
	alice := newPhone(t, p, "alice", sine, null)
	first, err := alice.AccessToken(context.Background(), "")
	check(t, err)
	call := alice.dialTo("echo")
	expect[voice.CallEstablished](alice)
	for deadline := time.Now().Add(timeout); ; time.Sleep(20 * time.Millisecond) {
		now, err := alice.AccessToken(context.Background(), "")
		check(t, err)
		if now != first {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the token was never renewed")
		}
	}
	check(t, call.Hangup())
	expect[voice.CallEnded](alice)
	check(t, call.PostFeedback(context.Background(), 5, voice.NoIssue, ""))
}

// TestRealInactive: an account that is made inactive loses its call, its token, and
// every other call.
func TestRealInactive(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice, _ := inEcho(t, p)
	setStatus(t, p, "alice", "inactive")
	if got := expect[voice.CallEnded](alice).Call.EndReason; got != voice.EndFailure {
		t.Errorf("ended as %v", got)
	}
	if _, err := alice.AccessToken(context.Background(), accessToken(alice.account)); fault.TypeOf(err) != fault.AuthenticationInvalidToken {
		t.Errorf("renewed: %v", err)
	}
	// Active again, a new sign-in brings it back.
	setStatus(t, p, "alice", "active")
	check(t, alice.Initialize(context.Background(), login(t, p.URL(), "alice", alice.DeviceID())))
	alice.dialTo("echo")
	expect[voice.CallEstablished](alice)
}

// TestRealOtherDevice: a token that was made for another device cannot be
// renewed on this one.
func TestRealOtherDevice(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice := newPhone(t, p, "alice", sine, null)
	check(t, alice.Initialize(context.Background(), login(t, p.URL(), "alice", "another-device")))
	token, err := alice.AccessToken(context.Background(), "")
	check(t, err)
	if _, err := alice.AccessToken(context.Background(), token); fault.TypeOf(err) != fault.AuthenticationInvalidToken {
		t.Errorf("renewed: %v", err)
	}
	expect[voice.AuthenticationFailed](alice)
}

// TestRealUpload: logs arrive at the platform.
// The logs of a span are packed by what the client was given for that, sent, and
// the file is gone.
func TestRealUploadOfASpan(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{DataDir: t.TempDir()})
	start, end := time.Now().Add(-time.Hour), time.Now()
	file := t.TempDir() + "/packed.zip"
	var packErr error
	alice := newPhone(t, p, "alice", sine, null, voice.WithLogPacker(func(from, to time.Time) (string, error) {
		if !from.Equal(start) || !to.Equal(end) {
			t.Errorf("packed from %v to %v", from, to)
		}
		return file, errors.Join(packErr, writeZip(file))
	}))
	reference, err := alice.UploadLogs(context.Background(), start, end, "no sound")
	if err != nil || reference == "" || expect[voice.UploadLogSucceeded](alice).Reference != reference {
		t.Errorf("%q, %v", reference, err)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the packed file is left: %v", err)
	}
	packErr = errors.New("disk full")
	if _, err := alice.UploadLogs(context.Background(), start, end, ""); fault.TypeOf(err) != fault.UploadLogFailure {
		t.Errorf("a full disk: %v", err)
	}
	expect[voice.UploadLogFailed](alice)
}

func TestRealUpload(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{DataDir: t.TempDir()})
	alice := newPhone(t, p, "alice", sine, null)
	file := t.TempDir() + "/logs.zip"
	check(t, writeZip(file))
	last := 0.0
	reference, err := alice.UploadLogFile(context.Background(), file, "no sound", func(part float64) { last = part })
	if err != nil || reference == "" || last != 1 {
		t.Errorf("%q %v, sent %v", reference, err, last)
	}
	if got := expect[voice.UploadLogSucceeded](alice).Reference; got != reference {
		t.Errorf("reference %q", got)
	}
	if _, err := alice.UploadLogFile(context.Background(), file+"-missing", "", nil); fault.TypeOf(err) != fault.UploadLogFailure {
		t.Errorf("a missing file: %v", err)
	}
	expect[voice.UploadLogFailed](alice)
	// As the reference has it: of a span, by what the client was given to pack it.
	if _, err := alice.UploadLogs(context.Background(), time.Now().Add(-time.Hour), time.Now(), "no sound"); fault.TypeOf(err) != fault.UploadLogFailure {
		t.Errorf("nothing to pack with: %v", err)
	}
	expect[voice.UploadLogFailed](alice)
	if _, err := alice.UploadLogs(context.Background(), time.Now(), time.Now().Add(-time.Hour), ""); fault.TypeOf(err) != fault.InvalidParameter {
		t.Errorf("a span that ends before it begins: %v", err)
	}
}
