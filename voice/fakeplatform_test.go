package voice

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/voice/wire"
)

const testHost = "https://voice.test"

// sign makes a JWT as the platform does.
func sign(claims map[string]any) string {
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).SignedString([]byte("key"))
	if err != nil {
		panic(err)
	}
	return text
}

// tokenPair is a subscriber token that is fresh now.
func tokenPair(name string, now time.Time) string {
	claims := func(life time.Duration) map[string]any {
		return map[string]any{"iss": "exotel", "sub": name, "iat": now.Unix(), "exp": now.Add(life).Unix(), "client_id": "5E05865E"}
	}
	text, _ := json.Marshal(map[string]string{
		"refresh_token": sign(claims(24 * time.Hour)), "access_token": sign(claims(30 * time.Minute)),
	})
	return string(text)
}

// fakePlatform answers HTTP as the platform does, without a socket.
type fakePlatform struct {
	mu sync.Mutex
	// refuse gives a request another status than its own, if it returns one.
	refuse func(*http.Request) int
	// states are those of the incoming calls; changed is closed at each change.
	states   map[string]wire.CallState
	changed  chan struct{}
	rejected map[string]string
	feedback []wire.Feedback
	// sipPassword is "secret" if empty.
	sipPassword string
	abilities   []string
	reports     []map[string]any
	// requests counts by method and path, bearers keeps the last token of each.
	requests map[string]int
	bearers  map[string]string
}

func newFakePlatform() *fakePlatform {
	return &fakePlatform{
		states: map[string]wire.CallState{}, changed: make(chan struct{}),
		rejected: map[string]string{}, requests: map[string]int{}, bearers: map[string]string{},
	}
}

func (p *fakePlatform) password() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sipPassword == "" {
		return "secret"
	}
	return p.sipPassword
}

func (p *fakePlatform) setState(session string, state wire.CallState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.states[session] = state
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *fakePlatform) rejection(session string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rejected[session]
}

func (p *fakePlatform) RoundTrip(req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	key := req.Method + " " + req.URL.Path
	p.requests[key]++
	p.bearers[key] = strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	refuse := p.refuse
	p.mu.Unlock()
	if refuse != nil {
		if status := refuse(req); status != 0 {
			return reply(req, status, nil), nil
		}
	}
	path := strings.TrimPrefix(req.URL.Path, "/v2/accounts/demo/subscribers/alice/")
	switch {
	case path == "profile":
		p.mu.Lock()
		abilities := p.abilities
		p.mu.Unlock()
		return reply(req, 200, wire.Profile{
			SIPURI: "sip:alice@demo.test", SIPPassword: p.password(), SIPServer: "voice.test", SIPPort: 443,
			SIPTransport: "WSS", SIPDomain: "demo.test", Exophone: "08040408080",
			IncomingCallTimeout: 30, CallConnectionTimeout: 30, MediaDisruptedTimeout: 5, MediaTimeout: 30, Abilities: abilities,
		}), nil
	case path == "access-token":
		now := time.Now()
		return reply(req, 200, map[string]string{"access_token": sign(map[string]any{
			"sub": "alice", "iat": now.Unix(), "exp": now.Add(30 * time.Minute).Unix(), "n": p.requests[key],
		})}), nil
	case path == "events":
		var in struct{ Events []map[string]any }
		_ = json.NewDecoder(req.Body).Decode(&in)
		p.mu.Lock()
		p.reports = append(p.reports, in.Events...)
		p.mu.Unlock()
		return reply(req, 200, nil), nil
	case path == "feedback":
		var f wire.Feedback
		_ = json.NewDecoder(req.Body).Decode(&f)
		p.mu.Lock()
		p.feedback = append(p.feedback, f)
		p.mu.Unlock()
		return reply(req, 200, nil), nil
	case strings.HasSuffix(path, "/state"):
		return p.state(req)
	case strings.HasSuffix(path, "/reject"):
		var in struct{ Reason string }
		_ = json.NewDecoder(req.Body).Decode(&in)
		session := strings.Split(path, "/")[3]
		p.mu.Lock()
		p.rejected[session] = in.Reason
		p.mu.Unlock()
		return reply(req, 204, nil), nil
	}
	return reply(req, 404, nil), nil
}

func (p *fakePlatform) state(req *http.Request) (*http.Response, error) {
	session := strings.Split(req.URL.Path, "/")[3]
	after := wire.CallState(req.URL.Query().Get("after"))
	hold := time.NewTimer(20 * time.Second)
	defer hold.Stop()
	for {
		p.mu.Lock()
		state, ok := p.states[session]
		changed := p.changed
		p.mu.Unlock()
		if !ok {
			return reply(req, 404, nil), nil
		}
		expired := false
		if state == after {
			select {
			case <-changed:
				continue
			case <-hold.C:
				expired = true
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
		}
		_ = expired
		text, _ := json.Marshal(map[string]any{"state": state, "server_time": time.Now().Format(time.RFC3339)})
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(text))), Request: req}, nil
	}
}

// reply makes an answer in the envelope.
func reply(req *http.Request, status int, data any) *http.Response {
	word := "success"
	if status > 299 {
		word = "failure"
	}
	text, _ := json.Marshal(map[string]any{
		"request_id": strings.Repeat("0", 32), "method": req.Method, "http_code": status,
		"response": map[string]any{"code": status, "status": word, "data": data},
	})
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(strings.NewReader(string(text))), Request: req,
		Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}},
	}
}
