package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"offhook/app/desktop"
	"offhook/push"
	"offhook/voice/audio"
	"offhook/voice/wire"
)

// fakeInbox is connected as the test says.
type fakeInbox struct {
	cfg     push.Config
	ready   chan struct{}
	retries atomic.Int32

	mu     sync.Mutex
	status push.Status
}

func (i *fakeInbox) changed(s push.Status) {
	i.mu.Lock()
	i.status = s
	i.mu.Unlock()
	i.cfg.OnStatus(s)
}

// deliver hands over a pushed call of a subscriber.
func (i *fakeInbox) deliver(ctx context.Context, id int64, name, payload string) error {
	return i.cfg.Handler(ctx, push.Message{ID: id, Data: wire.PushData{SubscriberName: name, Payload: payload}})
}

func (i *fakeInbox) Status() push.Status {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.status
}

func (i *fakeInbox) Run(ctx context.Context) {
	close(i.ready)
	i.changed(connected())
	<-ctx.Done()
}

// connected is an inbox that has just proven itself.
func connected() push.Status { return push.Status{Phase: push.Connected, LastPong: time.Now()} }

// waiting is an inbox that is not reachable.
func waiting(why error) push.Status { return push.Status{Phase: push.Waiting, Err: why} }

func (i *fakeInbox) Retry() { i.retries.Add(1) }

// fakeBackend answers as the application backend does.
type fakeBackend struct {
	mu       sync.Mutex
	requests []string
	password string
	// down makes every request fail.
	down    error
	context string
	// hung are the requests that get no answer, as on a network that is gone.
	hung string
	// slowDelete holds the removal of a context until it is closed.
	slowDelete chan struct{}
}

func (b *fakeBackend) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	b.mu.Lock()
	slow, hung := b.slowDelete, b.hung
	b.mu.Unlock()
	if hung != "" && strings.HasSuffix(r.URL.Path, hung) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if r.Method == http.MethodDelete && slow != nil {
		<-slow
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/v1"))
	if b.down != nil {
		return nil, b.down
	}
	answer := func(status int, text string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(text))}, nil
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/login"):
		var in struct {
			Name     string `json:"user_name"`
			Password string `json:"password"`
		}
		_ = json.Unmarshal(body, &in)
		if in.Password != b.password {
			return answer(403, `{}`)
		}
		return answer(200, `{"subscriber_token":{"refresh_token":"REFRESH-TOKEN","access_token":"ACCESS-TOKEN"},"subscriber_name":"`+in.Name+`",
			"host_name":"https://platform/v2","account_sid":"demo","exophone":"0804","contact_display_name":"Alice"}`)
	case strings.HasSuffix(r.URL.Path, "/contacts"):
		return answer(200, `{"response":[
			{"code":200,"data":{"group":"Team","contacts":[{"contact_name":"Bob Ross","contact_number":"bob"},{"contact_name":"Carol","contact_number":"carol"}]}},
			{"code":200,"data":{"group":"Help","is_special":true,"contacts":[{"contact_name":"Front desk","contact_number":"100"}]}}]}`)
	case strings.HasSuffix(r.URL.Path, "/context") && r.Method == "GET":
		return answer(200, `{"message":"`+b.context+`"}`)
	default:
		return answer(200, `{}`)
	}
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (b *fakeBackend) CloseIdleConnections() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, "close idle")
}

// hang leaves the requests whose path ends so without an answer; "" is none.
func (b *fakeBackend) hang(suffix string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hung = suffix
}

func (b *fakeBackend) saw(request string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.requests, request)
}

// fakeRinger remembers what was played.
type fakeRinger struct {
	mu      sync.Mutex
	did     []string
	country string
}

func (b *fakeRinger) note(s string)                     { b.mu.Lock(); b.did = append(b.did, s); b.mu.Unlock() }
func (b *fakeRinger) SetCountry(code string)            { b.mu.Lock(); b.country = code; b.mu.Unlock() }
func (b *fakeRinger) SetDevices(audio.Spec, audio.Spec) {}
func (b *fakeRinger) Ring(v int)                        { b.note(fmt.Sprint("ring ", v)) }
func (b *fakeRinger) Stop()                             { b.note("stop") }
func (b *fakeRinger) Play(t audio.Tone, v int)          { b.note(fmt.Sprint("play ", t)) }
func (b *fakeRinger) Close()                            {}
func (b *fakeRinger) count(word string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.did {
		if strings.HasPrefix(d, word) {
			n++
		}
	}
	return n
}
func (b *fakeRinger) played(s string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.did, s)
}

// fakeDesktop remembers what it was told.
type fakeDesktop struct {
	mu  sync.Mutex
	did []string
}

func (f *fakeDesktop) note(s string) { f.mu.Lock(); f.did = append(f.did, s); f.mu.Unlock() }
func (f *fakeDesktop) CallBegan(w desktop.Wish) {
	f.note(fmt.Sprintf("began %v %v", w.PauseMedia, w.KeepAwake))
}
func (f *fakeDesktop) CallEnded() { f.note("ended") }
func (f *fakeDesktop) Close()     { f.note("closed") }
