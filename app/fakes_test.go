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

	"offhook/app/desk"
	"offhook/voice/audio"
)

// fakeInbox is connected as the test says.
type fakeInbox struct {
	cfg     InboxConfig
	deliver func(context.Context, InboxMessage) error
	told    func(InboxStatus)
	ready   chan struct{}
	retries atomic.Int32

	mu     sync.Mutex
	status InboxStatus
}

func (i *fakeInbox) changed(s InboxStatus) {
	i.mu.Lock()
	i.status = s
	i.mu.Unlock()
	i.told(s)
}

func (i *fakeInbox) Status() InboxStatus {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.status
}

func (i *fakeInbox) Run(ctx context.Context, deliver func(context.Context, InboxMessage) error, changed func(InboxStatus)) {
	i.deliver, i.told = deliver, changed
	close(i.ready)
	i.changed(InboxStatus{Connected: true, Proof: time.Now()})
	<-ctx.Done()
}

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

// fakeBell remembers what was played.
type fakeBell struct {
	mu      sync.Mutex
	did     []string
	country string
}

func (b *fakeBell) note(s string)                     { b.mu.Lock(); b.did = append(b.did, s); b.mu.Unlock() }
func (b *fakeBell) SetCountry(code string)            { b.mu.Lock(); b.country = code; b.mu.Unlock() }
func (b *fakeBell) SetDevices(audio.Spec, audio.Spec) {}
func (b *fakeBell) Ring(v int)                        { b.note(fmt.Sprint("ring ", v)) }
func (b *fakeBell) Stop()                             { b.note("stop") }
func (b *fakeBell) Play(t Tone, v int)                { b.note(fmt.Sprint("play ", t)) }
func (b *fakeBell) Close()                            {}
func (b *fakeBell) played(s string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.did, s)
}

// fakeDesk remembers what it was told.
type fakeDesk struct {
	mu  sync.Mutex
	did []string
}

func (f *fakeDesk) note(s string) { f.mu.Lock(); f.did = append(f.did, s); f.mu.Unlock() }
func (f *fakeDesk) CallBegan(w desk.Wish) {
	f.note(fmt.Sprintf("began %v %v", w.PauseMedia, w.KeepAwake))
}
func (f *fakeDesk) CallEnded() { f.note("ended") }
func (f *fakeDesk) Close()     { f.note("closed") }
