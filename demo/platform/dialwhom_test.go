package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/store"
)

func newWorldForFuzz(f *testing.F) *Server {
	f.Helper()
	db, err := store.Open(context.Background(), "", "platform", Migrations)
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(context.Background(), Config{Accounts: []Account{{SID: "a", APIKey: "k", APIToken: "t"}}, DB: db})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close(context.Background()); db.Close() })
	return s
}

// documentedAnswer is the JSON of the integration guide.
const documentedAnswer = `{"fetch_after_attempt": false, "destination": {"numbers": ["sip:1234567890"]}, "outgoing_phone_number": "08080808080", "record": false,
	"recording_channels": "dual", "max_ringing_duration": 30, "max_conversation_duration": 3600, "request_id": "2e48100e6b474714b1a64bfa9f5b7a55",
	"method": "GET", "http_code": 200, "code": null, "error_data": null, "status": null}`

func TestDialWhomAnswers(t *testing.T) {
	t.Parallel()
	one := func(id string) exophone.Destination { return exophone.Destination{Numbers: []string{id}} }
	other := errors.New("any other error")
	for _, row := range []struct {
		name, body string
		status     int
		want       exophone.Destination
		err        error
	}{
		{"plain", "sip:Bob", 200, one("Bob"), nil},
		{"plain with newline", "sip:Bob\r\n", 200, one("Bob"), nil},
		{"documented JSON", documentedAnswer, 200, exophone.Destination{Numbers: []string{"1234567890"}, OutgoingPhoneNumber: "08080808080", MaxRingingDuration: 30 * time.Second, MaxConversationDuration: time.Hour, RecordingChannels: "dual"}, nil},
		{"several numbers", `{"destination":{"numbers":["sip:Bob","sip:Carol"]},"fetch_after_attempt":true,"max_ringing_duration":5}`, 200,
			exophone.Destination{Numbers: []string{"Bob", "Carol"}, FetchAfterAttempt: true, MaxRingingDuration: 5 * time.Second}, nil},
		{"recording asked for", `{"destination":{"numbers":["sip:Bob"]},"record":true,"recording_channels":"Single"}`, 200,
			exophone.Destination{Numbers: []string{"Bob"}, Record: true, RecordingChannels: "single"}, nil},
		{"nulls", `{"destination":{"numbers":["sip:Bob"]},"max_ringing_duration":null,"outgoing_phone_number":null}`, 200, one("Bob"), nil},
		{"unknown fields", `{"destination":{"numbers":["sip:Bob"]},"music_on_hold":{"type":"default_tone"}}`, 200, one("Bob"), nil},
		{"nobody", `{"destination":{"numbers":[]}}`, 200, exophone.Destination{}, exophone.ErrUnknownDestination},
		{"404", "who?", 404, exophone.Destination{}, exophone.ErrUnknownDestination},
		{"502", "", 502, exophone.Destination{}, exophone.ErrUnavailable},
		{"503", "", 503, exophone.Destination{}, exophone.ErrUnavailable},
		{"500", "", 500, exophone.Destination{}, other},
		{"201", "sip:Bob", 201, exophone.Destination{}, other},
		{"401", "sip:Bob", 401, exophone.Destination{}, other},
		{"redirect", "sip:Bob", 302, exophone.Destination{}, other},
		{"empty", "", 200, exophone.Destination{}, other},
		{"without sip:", "Bob", 200, exophone.Destination{}, other},
		{"a phone number", "+14155550100", 200, exophone.Destination{}, other},
		{"with a domain", "sip:Bob@example.com", 200, exophone.Destination{}, other},
		{"upper case scheme", "SIP:Bob", 200, exophone.Destination{}, other},
		{"a list", `["sip:Bob"]`, 200, exophone.Destination{}, other},
		{"broken JSON", `{"destination":{"numbers":["sip:Bob"]`, 200, exophone.Destination{}, other},
		{"without destination", `{"http_code":200}`, 200, exophone.Destination{}, other},
		{"mixed with PSTN", `{"destination":{"numbers":["sip:Bob","+14155550100"]}}`, 200, exophone.Destination{}, other},
		{"numbers of a wrong type", `{"destination":{"numbers":"sip:Bob"}}`, 200, exophone.Destination{}, other},
		{"header in the number", `{"destination":{"numbers":["sip:Bob"]},"outgoing_phone_number":"1\r\nX: y"}`, 200, exophone.Destination{}, other},
		{"eleven numbers", `{"destination":{"numbers":[` + strings.TrimSuffix(strings.Repeat(`"sip:Bob",`, 11), ",") + `]}}`, 200, exophone.Destination{}, other},
		{"ringing 0", `{"destination":{"numbers":["sip:Bob"]},"max_ringing_duration":0}`, 200, exophone.Destination{}, other},
		{"ringing for ever", `{"destination":{"numbers":["sip:Bob"]},"max_ringing_duration":1e300}`, 200, exophone.Destination{}, other},
		{"conversation below 0", `{"destination":{"numbers":["sip:Bob"]},"max_conversation_duration":-1}`, 200, exophone.Destination{}, other},
		{"too long", strings.Repeat(" ", maxDialWhomAnswer) + "sip:Bob", 200, exophone.Destination{}, other},
		{"HTML", "<html>sign in to the Wi-Fi</html>", 200, exophone.Destination{}, other},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if row.status == http.StatusFound {
					w.Header().Set("Location", "/elsewhere")
				}
				w.WriteHeader(row.status)
				io.WriteString(w, row.body)
			}))
			defer backend.Close()
			u, _ := url.Parse(backend.URL)
			client := backend.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			defer client.CloseIdleConnections()
			got, err := (&DialWhom{URL: u, Client: client}).Ask(t.Context(), url.Values{"CallSid": {"c"}})
			switch {
			case row.err == nil && err != nil || row.err != nil && err == nil:
				t.Fatalf("%+v, %v", got, err)
			case row.err == other && (errors.Is(err, exophone.ErrUnavailable) || errors.Is(err, exophone.ErrUnknownDestination)):
				t.Errorf("error %v, want neither of the exchange's own", err)
			case row.err != nil && row.err != other && !errors.Is(err, row.err):
				t.Errorf("error %v, want %v", err, row.err)
			}
			if row.err == nil && !reflect.DeepEqual(got, row.want) {
				t.Errorf("%+v, want %+v", got, row.want)
			}
		})
	}
}

// stub is an application backend that somebody else wrote: it notes what it is
// asked.
type stub struct {
	*httptest.Server
	mu       sync.Mutex
	requests []capturedRequest
}

type capturedRequest struct {
	method, path, user, password string
	query                        url.Values
	header                       http.Header
	body                         []byte
}

func newStub(t *testing.T, answer http.HandlerFunc) *stub {
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		s.mu.Lock()
		s.requests = append(s.requests, capturedRequest{r.Method, r.URL.Path, user, password, r.URL.Query(), r.Header, body})
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(func() { s.Client().CloseIdleConnections(); s.Close() })
	return s
}

func (s *stub) withCredentials(path string) *url.URL {
	u, _ := url.Parse(s.URL + path)
	u.User = url.UserPassword("api key", "t:o/k@en")
	return u
}

func (s *stub) only(t *testing.T) capturedRequest {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) != 1 {
		t.Fatalf("%d requests", len(s.requests))
	}
	return s.requests[0]
}

// The request of the integration guide, field by field.
func TestDialWhomRequestIsTheDocumentedOne(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{at: time.Date(2019, 11, 23, 16, 30, 37, 0, time.UTC)}
	documented := "CallSid=743ddcf5a0552050bc37b6d0ff9613bn&CallFrom=sip:Alice&CallTo=sip:08040408080&CallStatus=ringing&Direction=incoming&Created=Sat,+23+Nov+2019+22:00:37&DialCallDuration=0&StartTime=2019-11-23+22:00:37&EndTime=1970-01-01+05:30:00&CallType=call-attempt&DialWhomNumber=&flow_id=249196&tenant_id=113828&From=sip:Alice&To=sip:08040408080&CurrentTime=2019-11-23+22:00:37"
	asked := url.Values{"CallSid": {"743ddcf5a0552050bc37b6d0ff9613bn"}, "CallFrom": {"sip:Alice"}, "CallTo": {"sip:08040408080"}, "flow_id": {"249196"}, "tenant_id": {"113828"}}
	for name, message := range map[string]string{"without message": "", "with message": "order:17,{vip}"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "sip:Bob") })
			query := maps.Clone(asked)
			want, err := url.ParseQuery(documented)
			if err != nil {
				t.Fatal(err)
			}
			if message != "" {
				query.Set("CustomField", message)
				want.Set("CustomField", message)
			}
			d := &DialWhom{URL: s.withCredentials("/v1/accounts/exotelip2ipcalling1/dialtonumber"), Client: s.Client(), Now: clock.Now}
			if _, err := d.Ask(t.Context(), query); err != nil {
				t.Fatal(err)
			}
			got := s.only(t)
			if got.method != "GET" || got.path != "/v1/accounts/exotelip2ipcalling1/dialtonumber" || got.user != "api key" || got.password != "t:o/k@en" || got.header.Get("Exotel-Version") != "1.0" || len(got.body) != 0 {
				t.Errorf("request %+v", got)
			}
			if !reflect.DeepEqual(got.query, want) {
				t.Errorf("query\n got %v\nwant %v", got.query, want)
			}
		})
	}
}

func TestDialWhomKeepsTheQueryOfItsURL(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "sip:Bob") })
	u := s.withCredentials("/whom")
	u.RawQuery = "tenant=7"
	if _, err := (&DialWhom{URL: u, Client: s.Client()}).Ask(t.Context(), url.Values{"CallSid": {"c"}}); err != nil {
		t.Fatal(err)
	}
	if got := s.only(t).query; got.Get("tenant") != "7" || got.Get("CallSid") != "c" {
		t.Errorf("query %v", got)
	}
}

func TestDialWhomFallback(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		first, second http.HandlerFunc
		want          string
		asked         int // of the fallback
	}{
		{"not needed", plain("sip:Bob"), plain("sip:Carol"), "Bob", 0},
		{"after 500", status(500), plain("sip:Carol"), "Carol", 1},
		{"after nonsense", plain("Bob"), plain("sip:Carol"), "Carol", 1},
		{"after nobody", status(404), plain("sip:Carol"), "Carol", 1},
		{"both fail", status(500), status(503), "", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			first, second := newStub(t, row.first), newStub(t, row.second)
			d := &DialWhom{URL: first.withCredentials("/a"), Fallback: second.withCredentials("/b"), Client: first.Client()}
			got, err := d.Ask(t.Context(), url.Values{"CallSid": {"c"}})
			if (row.want == "") != (err != nil) || err == nil && got.Numbers[0] != row.want {
				t.Errorf("%+v, %v", got, err)
			}
			if len(second.requests) != row.asked {
				t.Errorf("the fallback was asked %d times", len(second.requests))
			}
		})
	}
}

func plain(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
}

// Neither errors nor logs of a failed request hold credentials or the query.
func TestDialWhomTellsNoSecret(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	u, _ := url.Parse(gone.URL + "/whom")
	u.User = url.UserPassword("key", "sekret")
	var logged bytes.Buffer
	d := &DialWhom{URL: u, Fallback: u, Logger: slog.New(slog.NewTextHandler(&logged, nil))}
	_, err := d.Ask(t.Context(), url.Values{"CallFrom": {"sip:Alice"}})
	if !errors.Is(err, exophone.ErrUnavailable) {
		t.Errorf("error %v, want unavailable", err)
	}
	pushErr := (&Pusher{URL: u}).Push(t.Context(), "Bob", "pay.load.x", "1")
	if !errors.Is(pushErr, exophone.ErrUnavailable) {
		t.Errorf("error %v, want unavailable", pushErr)
	}
	for _, text := range []string{err.Error(), pushErr.Error(), logged.String()} {
		for _, secret := range []string{"sekret", "Alice", "pay.load"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q tells %q", text, secret)
			}
		}
	}
}

// The push of the integration guide, field by field.
func TestPushRequestIsTheDocumentedOne(t *testing.T) {
	t.Parallel()
	s := newStub(t, status(200))
	if err := (&Pusher{URL: s.withCredentials("/v1/accounts/exotel/pushtoclient"), Client: s.Client()}).Push(t.Context(), "Bob", "a.b.c", "1"); err != nil {
		t.Fatal(err)
	}
	got := s.only(t)
	var body map[string]any
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"subscriberName": "Bob", "payload": "a.b.c", "payloadVersion": "1"}; !reflect.DeepEqual(body, want) {
		t.Errorf("body %v", body)
	}
	if got.method != "POST" || got.path != "/v1/accounts/exotel/pushtoclient" || got.user != "api key" || got.password != "t:o/k@en" || len(got.query) != 0 {
		t.Errorf("request %+v", got)
	}
	for name := range got.header {
		switch name {
		case "Authorization", "Content-Type", "Content-Length", "Accept-Encoding", "User-Agent":
		default:
			t.Errorf("header %s, but push endpoints support none of our own", name)
		}
	}
}

func TestPushAnswers(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]error{200: nil, 201: errAny, 204: errAny, 302: errAny, 400: errAny, 401: errAny, 404: exophone.ErrUnknownSubscriber, 429: exophone.ErrUnavailable, 500: exophone.ErrUnavailable, 503: exophone.ErrUnavailable} {
		s := newStub(t, status(code))
		err := (&Pusher{URL: s.withCredentials("/push"), Client: s.Client()}).Push(t.Context(), "Bob", "a.b.c", "1")
		if (want == nil) != (err == nil) || want != nil && want != errAny && !errors.Is(err, want) {
			t.Errorf("%d: %v", code, err)
		}
	}
}

var errAny = errors.New("any error")

func TestSlowBackend(t *testing.T) {
	t.Parallel()
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := (&DialWhom{URL: s.withCredentials("/whom"), Client: s.Client()}).Ask(ctx, nil); !errors.Is(err, exophone.ErrUnavailable) {
		t.Errorf("Dial-Whom: %v", err)
	}
	if err := (&Pusher{URL: s.withCredentials("/push"), Client: s.Client()}).Push(ctx, "Bob", "p", "1"); !errors.Is(err, exophone.ErrUnavailable) {
		t.Errorf("push: %v", err)
	}
}

func FuzzDialWhomAnswer(f *testing.F) {
	for _, seed := range []string{"sip:Bob", documentedAnswer, `{"destination":{"numbers":[]}}`, `{"destination":null}`, "{", "\x00", `{"destination":{"numbers":["sip:Bob"]},"max_ringing_duration":1e999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, err := parseDialWhom(body)
		if err != nil {
			return
		}
		if len(answer.Numbers) == 0 || len(answer.Numbers) > maxNumbers || answer.MaxRingingDuration < 0 || answer.MaxRingingDuration > maxRinging || answer.MaxConversationDuration < 0 || answer.MaxConversationDuration > maxConversation {
			t.Errorf("%q is taken as %+v", body, answer)
		}
		for _, id := range append(answer.Numbers, answer.OutgoingPhoneNumber) {
			if strings.ContainsAny(id, "\r\n @;<>\"") {
				t.Errorf("%q holds %q", body, id)
			}
		}
	})
}
