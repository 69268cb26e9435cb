//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"offhook/app"
	"offhook/app/directory"
	"offhook/app/signin"
	"offhook/voice"
	"offhook/voice/wire"
)

// BenchmarkPush measures the way of a push, from the POST at the backend's push
// endpoint to the frame at the phone, beside many idle phones; the platform is
// a process of its own. floor-p50 is a POST that the platform only refuses, in
// the same run. KB/socket is the growth of the platform's resident memory for
// each idle socket.
func BenchmarkPush(b *testing.B) {
	for _, sockets := range []int{0, 1000, 10000} {
		b.Run(fmt.Sprintf("sockets=%d", sockets), func(b *testing.B) { benchmarkPush(b, sockets) })
	}
}

// BenchmarkColleagues measures the way of an agent's state, from the request that
// changes it to the snapshot of a colleague's phone, in an account of many agents whose
// phones are all told; ten agents change a second. The platform is a process of its own.
func BenchmarkColleagues(b *testing.B) {
	for _, agents := range []int{10, 1000} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) { benchmarkColleagues(b, agents) })
	}
}

func benchmarkColleagues(b *testing.B, agents int) {
	p := startProcess(b, b.TempDir())
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithCancel(context.Background())
	var open sync.WaitGroup
	defer open.Wait()
	defer cancel()
	for i := range agents {
		conn := connect(b, ctx, client, p.url, fmt.Sprintf("agent%d", i))
		if conn == nil {
			return
		}
		open.Go(func() {
			defer conn.CloseNow()
			for {
				if _, _, err := conn.Read(ctx); err != nil {
					return
				}
			}
		})
	}
	alice, err := app.New(app.Config{Dir: b.TempDir(), Engine: func(device string, _ func(string)) (app.Engine, error) {
		c, err := voice.New(voice.WithDeviceID(device))
		return app.NewEngine(c), err
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer alice.Close(context.Background())
	if err := alice.SignIn(ctx, signin.Credentials{UserName: "alice", Password: "demo", AccountSID: "demo", Server: p.url}); err != nil {
		b.Fatal(err)
	}
	sees := func(name string, presence directory.Presence) {
		for range alice.Watch(ctx) {
			if slices.ContainsFunc(alice.Directory(name), func(c app.Colleague) bool { return c.Name == name && c.Presence == presence }) {
				return
			}
		}
	}
	put := func(name, state string) {
		req, _ := http.NewRequest(http.MethodPut, p.url+"/v2/accounts/demo/subscribers/"+name+"/agent-state", strings.NewReader(`{"state":"`+state+`"}`))
		req.SetBasicAuth("key", "token")
		res, err := client.Do(req)
		if err != nil {
			b.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		if res.Body.Close(); res.StatusCode != http.StatusOK {
			b.Errorf("%s: %s", name, res.Status)
		}
	}
	sees(fmt.Sprintf("agent%d", agents-1), "available")
	took := make([]time.Duration, 0, b.N)
	states := []app.Availability{app.Busy, app.Available}
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-pace.C
		name, state := fmt.Sprintf("agent%d", agents-1-i%min(agents, 9)), states[i/min(agents, 9)%2]
		at := time.Now()
		go put(name, string(state))
		sees(name, directory.Presence(state))
		took = append(took, time.Since(at))
	}
	b.StopTimer()
	b.ReportMetric(micros(quantile(took, 0.5)), "p50-µs")
	b.ReportMetric(micros(quantile(took, 0.99)), "p99-µs")
}

func benchmarkPush(b *testing.B, sockets int) {
	p := startProcess(b, b.TempDir(), "--callback-key", "ck", "--callback-token", "ct")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	before := p.resident(b)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var open sync.WaitGroup
	defer open.Wait()
	defer cancel()
	idle := make([]*websocket.Conn, sockets)
	const dialling = 8
	var work sync.WaitGroup
	for worker := range dialling {
		work.Go(func() {
			for i := worker; i < sockets; i += dialling {
				idle[i] = connect(b, ctx, client, p.url, fmt.Sprintf("idle%d", i))
				if idle[i] == nil {
					return
				}
				open.Go(func() { _, _, _ = idle[i].Read(ctx) }) // answers pings
			}
		})
	}
	work.Wait()
	if b.Failed() {
		return
	}
	perSocket := 0.0
	if sockets > 0 {
		perSocket = float64(p.resident(b)-before) / float64(sockets)
	}
	bob := connect(b, ctx, client, p.url, "bob")
	if bob == nil {
		return
	}
	defer bob.CloseNow()
	post := func(user string) {
		req, _ := http.NewRequest(http.MethodPost, p.url+"/v1/accounts/demo/pushtoclient", strings.NewReader(`{"subscriberName":"bob","payload":"`+strings.Repeat("x", 600)+`","payloadVersion":"1"}`))
		req.SetBasicAuth(user, "ct")
		res, err := client.Do(req)
		if err != nil {
			b.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	floor := make([]time.Duration, 0, 500)
	for range cap(floor) {
		at := time.Now()
		post("wrong")
		floor = append(floor, time.Since(at))
	}
	took := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for range b.N {
		at := time.Now()
		posted := make(chan struct{})
		go func() { defer close(posted); post("ck") }()
		_, text, err := bob.Read(ctx)
		took = append(took, time.Since(at))
		if err != nil {
			b.Fatal(err)
		}
		<-posted
		var frame struct{ ID int64 }
		if err := json.Unmarshal(text, &frame); err != nil || frame.ID == 0 {
			b.Fatalf("frame %s", text)
		}
		if err := bob.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"ack","id":%d}`, frame.ID)); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	for _, conn := range idle {
		_ = conn.CloseNow()
	}
	b.ReportMetric(micros(quantile(floor, 0.5)), "floor-p50-µs")
	b.ReportMetric(micros(quantile(took, 0.5)), "p50-µs")
	b.ReportMetric(micros(quantile(took, 0.99)), "p99-µs")
	b.ReportMetric(perSocket/1024, "KB/socket")
}

func micros(d time.Duration) float64 { return float64(d.Microseconds()) }

func quantile(list []time.Duration, q float64) time.Duration {
	slices.Sort(list)
	return list[min(len(list)-1, int(q*float64(len(list))))]
}

// connect signs name in by the API and opens its push socket.
func connect(b *testing.B, ctx context.Context, client *http.Client, url, name string) *websocket.Conn {
	access := token(b, client, url, name)
	conn, _, err := websocket.Dial(ctx, url+"/v1/push", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{wire.Subprotocol},
		HTTPHeader: http.Header{"Authorization": {"Bearer " + access}, wire.HeaderDeviceToken: {"d"}}})
	if err != nil {
		b.Error(err)
		return nil
	}
	if _, _, err := conn.Read(ctx); err != nil { // hello
		b.Error(err)
		return nil
	}
	return conn
}

func token(b *testing.B, client *http.Client, url, name string) string {
	for {
		req, _ := http.NewRequest(http.MethodPost, url+"/v2/accounts/demo/subscriber-token", strings.NewReader(`{"platform":"desktop","device_id":"d","subscriber_name":"`+name+`"}`))
		req.SetBasicAuth("key", "token")
		res, err := client.Do(req)
		if err != nil {
			b.Error(err)
			return ""
		}
		var body struct {
			Response struct {
				Data struct {
					Token struct {
						Access string `json:"access_token"`
					} `json:"subscriber_token"`
				}
			}
		}
		err = json.NewDecoder(res.Body).Decode(&body)
		res.Body.Close()
		if res.StatusCode == http.StatusTooManyRequests {
			time.Sleep(100 * time.Millisecond) // the API's own limit
			continue
		}
		if err != nil || res.StatusCode != http.StatusOK {
			b.Errorf("token: %d %v", res.StatusCode, err)
		}
		return body.Response.Data.Token.Access
	}
}

// resident is the process's resident memory in bytes.
func (p *process) resident(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
