//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"offhook/demo/store"
	"offhook/voice/wire"
)

// process is the platform as a process of its own.
type process struct {
	cmd *exec.Cmd
	url string
}

func startProcess(t testing.TB, data string, more ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{"serve", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--data", data, "--json", "--api-key", "key", "--api-token", "token", "--log-level", "error"}, more...)...)
	cmd.Env = append(os.Environ(), "OFFHOOK_DEMO_IS_MAIN=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var ready struct{ URL string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatal(err)
	}
	p.url = ready.URL
	return p
}

// kill ends the process as the kernel does.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// The process is killed at any moment of writing; what it had confirmed is
// there afterwards, and the databases are whole.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	const rounds = 5
	data := t.TempDir()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	confirmed := make(map[string]bool)
	for round := range rounds {
		p := startProcess(t, data)
		var after *time.Timer
		for n := 0; ; n++ {
			name := fmt.Sprintf("r%dn%d", round, n)
			if !create(client, p.url, name) {
				break
			}
			confirmed[name] = true
			if n == 0 {
				// The moment differs from round to round.
				after = time.AfterFunc(time.Duration(10+37*round)*time.Millisecond, func() { _ = p.cmd.Process.Kill() })
			}
		}
		if after == nil {
			t.Fatal("nothing was confirmed before the kill")
		}
		after.Stop()
		p.kill()
		for _, db := range []string{"platform", "backend"} {
			if err := store.Check(context.Background(), data, db); err != nil {
				t.Fatalf("round %d: %s: %v", round, db, err)
			}
		}
	}
	p := startProcess(t, data)
	for name := range confirmed {
		req, _ := http.NewRequest(http.MethodGet, p.url+"/v2/accounts/demo/subscribers/"+name, nil)
		req.SetBasicAuth("key", "token")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s was confirmed and is lost: %d", name, res.StatusCode)
		}
	}
	t.Logf("%d confirmed over %d kills", len(confirmed), rounds)
}

func create(client *http.Client, url, name string) bool {
	req, _ := http.NewRequest(http.MethodPost, url+"/v2/accounts/demo/subscribers", strings.NewReader(`{"subscribers":[{"subscriber_name":"`+name+`"}]}`))
	req.SetBasicAuth("key", "token")
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		return false
	}
	return strings.Contains(body.String(), `"success":1`)
}

// Pushes that were confirmed before a kill reach the phone after it, each once
// and in order.
func TestPushesOutliveAKill(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	confirmed := make(map[string]bool)
	for round := range 3 {
		p := startProcess(t, data, "--callback-key", "ck", "--callback-token", "ct")
		var after *time.Timer
		for n := 0; ; n++ {
			payload := fmt.Sprintf("r%dn%d", round, n)
			req, _ := http.NewRequest(http.MethodPost, p.url+"/v1/accounts/demo/pushtoclient", strings.NewReader(`{"subscriberName":"bob","payload":"`+payload+`","payloadVersion":"1"}`))
			req.SetBasicAuth("ck", "ct")
			res, err := client.Do(req)
			if err != nil {
				break
			}
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Fatalf("push: %d", res.StatusCode)
			}
			confirmed[payload] = true
			if n == 0 {
				after = time.AfterFunc(time.Duration(20+31*round)*time.Millisecond, func() { _ = p.cmd.Process.Kill() })
			}
		}
		if after == nil {
			t.Fatal("nothing was confirmed before the kill")
		}
		after.Stop()
		p.kill()
	}
	p := startProcess(t, data)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	res, err := client.Post(p.url+"/v1/login", "application/json", strings.NewReader(`{"user_name":"bob","password":"demo","account_sid":"demo","device_id":"d"}`))
	if err != nil {
		t.Fatal(err)
	}
	var login struct {
		Token struct {
			Access string `json:"access_token"`
		} `json:"subscriber_token"`
	}
	err = json.NewDecoder(res.Body).Decode(&login)
	res.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.Dial(ctx, p.url+"/v1/push", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{wire.Subprotocol},
		HTTPHeader: http.Header{"Authorization": {"Bearer " + login.Token.Access}, wire.HeaderDeviceToken: {"d"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	var newest int64
	pushes := 0
	for len(confirmed) > 0 {
		var frame struct {
			Type string
			ID   int64
			Data struct{ Payload string }
		}
		if err := wsjson.Read(ctx, conn, &frame); err != nil {
			t.Fatalf("%d confirmed pushes are lost: %v", len(confirmed), err)
		}
		if frame.Type != "message" {
			continue
		}
		if frame.ID <= newest {
			t.Errorf("message %d after %d", frame.ID, newest)
		}
		pushes, newest = pushes+1, frame.ID
		delete(confirmed, frame.Data.Payload)
	}
	t.Logf("%d pushes over 3 kills", pushes)
}
