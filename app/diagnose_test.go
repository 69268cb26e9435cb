package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"offhook/app/diagnosis"
	"offhook/app/readiness"
	"offhook/app/retry"
	"offhook/app/secrets"
	"offhook/internal/known"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// fakeAudio has devices that do what the test says.
type fakeAudio struct {
	loud    int16
	openErr error
}

func (a *fakeAudio) Devices() ([]audio.Device, error) { return nil, nil }
func (a *fakeAudio) Close() error                     { return nil }
func (a *fakeAudio) OpenSource(audio.Spec) (audio.Source, error) {
	return &fakeStream{loud: a.loud}, a.openErr
}
func (a *fakeAudio) OpenSink(audio.Spec) (audio.Sink, error) { return &fakeStream{}, a.openErr }

type fakeStream struct {
	loud int16
	stop context.CancelFunc
	done chan struct{}
}

func (s *fakeStream) Start(f func([]int16)) error {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.done = stop, make(chan struct{})
	go func() {
		defer close(s.done)
		frame := make([]int16, audio.FrameSamples)
		for retry.Wait(ctx, 10*time.Millisecond, nil) == nil {
			for i := range frame {
				frame[i] = s.loud
			}
			f(frame)
		}
	}()
	return nil
}

func (s *fakeStream) Close() error {
	if s.stop != nil {
		s.stop()
		<-s.done
	}
	return nil
}

func diagnose(t *testing.T, p *Phone) map[string]diagnosis.Check {
	t.Helper()
	out := map[string]diagnosis.Check{}
	running := map[string]bool{}
	for c := range p.Diagnose(context.Background()) {
		if c.Status == diagnosis.Running {
			running[c.Name] = true
			continue
		}
		if !running[c.Name] || c.Title == "" || c.Text.Empty() || (c.Status == diagnosis.Fail || c.Status == diagnosis.Warn) && c.Remedy.Empty() {
			t.Errorf("%+v", c)
		}
		out[c.Name] = c
	}
	return out
}

func TestDiagnosisOfAHealthyPhone(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		d.audio = &fakeAudio{loud: 3000}
		d.start().signIn()
		defer d.close()
		d.engine.set(func(e *fakeEngine) {
			e.probe = func() (voice.MediaProbe, error) {
				return voice.MediaProbe{Codec: "opus", Path: "host udp 192.0.2.1:4000", RTTMs: 23, JitterMs: 2, MOS: 4.4, Ways: []voice.MediaWay{
					{Kind: "udp", Server: "192.0.2.9:8080", Open: true, RTTMs: 21}, {Kind: "udp", Server: "192.0.2.8:8080"}, {Kind: "tcp", Server: "192.0.2.9:8080", Open: true, RTTMs: 25},
					{Kind: "stun", Server: "stun:s", Open: true, RTTMs: 99}, {Kind: "turn", Server: "turn:t", Open: true, RTTMs: 60},
				}}, nil
			}
		})
		for name, c := range diagnose(t, d.Phone) {
			want := diagnosis.Pass
			switch name {
			case "clock": // this backend does not say the time
				want = diagnosis.Skipped
			case "https": // an answer without a certificate
				want = diagnosis.Warn
			}
			if c.Status != want {
				t.Errorf("%s: %+v", name, c)
			}
			if figure, ok := map[string]string{"udp": "21 ms", "tcp": "25 ms", "turn": "60 ms", "media": "MOS 4.4"}[name]; ok && c.Figure != figure {
				t.Errorf("%s: %+v", name, c)
			}
		}
	})
}

func TestDiagnosisNamesWhatIsWrong(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		d.audio = &fakeAudio{}
		d.keyring = secrets.None{}
		d.start()
		defer d.close()
		got := diagnose(t, d.Phone)
		for name, want := range map[string]diagnosis.Status{
			"microphone": diagnosis.Warn, "speaker": diagnosis.Pass, "keyring": diagnosis.Warn, "https": diagnosis.Skipped, "push_socket": diagnosis.Skipped,
			"media": diagnosis.Skipped, "udp": diagnosis.Skipped, "tcp": diagnosis.Skipped, "turn": diagnosis.Skipped,
		} {
			if got[name].Status != want {
				t.Errorf("signed out: %+v, want %s", got[name], want)
			}
		}
		d.signIn()
		d.audio.openErr = fault.New(fault.MissingPermission, "audio.not-permitted", "Headset")
		d.inbox().changed(waiting(fault.New(fault.NetworkError, "No network.")))
		st := healthy
		st.Status.Flow = voice.Health{Err: fault.New(fault.NetworkError, "The platform does not answer.")}
		d.engine.emit(st)
		d.until("unready", func(s *Snapshot) bool { return !s.condition(readiness.Platform).OK && !s.condition(readiness.Push).OK })
		d.backend.mu.Lock()
		d.backend.down = errors.New("cut")
		d.backend.mu.Unlock()
		d.engine.set(func(e *fakeEngine) {
			e.stats.MOS = 2.1
			e.calls = 1
		})
		got = diagnose(t, d.Phone)
		for _, name := range []string{"microphone", "speaker", "https", "push_socket", "sip_socket", "media"} {
			if got[name].Status != diagnosis.Fail {
				t.Errorf("%+v", got[name])
			}
		}
		if !strings.Contains(got["microphone"].Remedy.String(), "Allow it") {
			t.Errorf("%+v", got["microphone"])
		}
	})
}

func TestTheAudioCheckEndsWithACall(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		d.audio = &fakeAudio{loud: 16000}
		d.start().signIn()
		defer d.close()
		ctx := context.Background()
		before, err := d.CheckAudio(ctx)
		if err != nil {
			t.Fatal(err)
		}
		checks, err := d.CheckAudio(ctx) // begun anew
		if err != nil {
			t.Fatal(err)
		}
		for range before { // it has ended
		}
		for range 2 {
			if c := <-checks; c.Status != diagnosis.Pass {
				t.Fatalf("%+v", c)
			}
		}
		if mic, _ := d.Levels(); mic < 0.4 {
			t.Fatalf("level %v", mic)
		}
		d.engine.emit(voice.IncomingCall{Call: d.engine.begin(voice.Incoming, "bob")})
		if _, open := <-checks; open {
			t.Fatal("the check goes on")
		}
		if mic, _ := d.Levels(); mic != 0 {
			t.Fatalf("level %v", mic)
		}
		_, err = d.CheckAudio(ctx)
		wantFault(t, err, fault.SystemBusy, "in a call")
		if err := d.PlayTest(ctx, "ring"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWebSocketsThatDontGetThrough(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/push":
			w.WriteHeader(http.StatusUnauthorized)
		case "/sip":
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer srv.Close()
	d := newHarness(t)
	d.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	d.start()
	defer d.close()
	if err := d.UpdateSettings(func(s *Settings) { s.Account.Server = srv.URL }); err != nil {
		t.Fatal(err)
	}
	d.close()
	d.start()
	defer d.close()
	got := diagnose(t, d.Phone)
	if got["push_socket"].Status != diagnosis.Pass || got["sip_socket"].Status != diagnosis.Fail || got["sip_socket"].Figure != "502" || got["https"].Status != diagnosis.Pass {
		t.Fatalf("%+v\n%+v\n%+v", got["push_socket"], got["sip_socket"], got["https"])
	}
}

// Every outcome of the path of the sound, and what is said of it.
func TestThePathOfTheSound(t *testing.T) {
	t.Parallel()
	closed := fault.New(fault.NetworkError, "media-test.no-sound")
	udp, tcp, turn := voice.MediaWay{Kind: "udp", Server: "relay:1", Open: true}, voice.MediaWay{Kind: "tcp", Server: "relay:2", Open: true}, voice.MediaWay{Kind: "turn", Server: "turn:3", Open: true}
	shut := func(w voice.MediaWay) voice.MediaWay { w.Open = false; return w }
	for name, row := range map[string]struct {
		probe voice.MediaProbe
		err   error
		want  string // udp tcp turn media
		last  float64
	}{
		"all open":         {voice.MediaProbe{MOS: 4.3, Ways: []voice.MediaWay{udp, tcp, turn}}, nil, "pass pass pass pass", 0},
		"no relay server":  {voice.MediaProbe{MOS: 3.7, Ways: []voice.MediaWay{udp, tcp}}, nil, "pass pass skipped warn", 0},
		"no UDP":           {voice.MediaProbe{MOS: 4.1, Ways: []voice.MediaWay{shut(udp), tcp, shut(turn)}}, nil, "warn pass warn pass", 0},
		"only TURN":        {voice.MediaProbe{MOS: 2.0, Ways: []voice.MediaWay{shut(udp), shut(tcp), turn}}, nil, "warn warn pass fail", 0},
		"nothing":          {voice.MediaProbe{Ways: []voice.MediaWay{shut(udp), shut(tcp)}}, closed, "fail warn skipped fail", 0},
		"not even the leg": {voice.MediaProbe{}, closed, "skipped skipped skipped fail", 0},
		"no echo there":    {voice.MediaProbe{}, fault.New(fault.ServerError, "The platform offers no media test."), "skipped skipped skipped pass", 4.2},
		"a call came":      {voice.MediaProbe{}, fault.New(fault.SystemBusy, "There is a call."), "skipped skipped skipped skipped", 0},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T) {
				d := newHarness(t).start().signIn()
				defer d.close()
				d.engine.set(func(e *fakeEngine) {
					e.probe = func() (voice.MediaProbe, error) { return row.probe, row.err }
					e.stats.MOS = known.Figure(row.last)
					e.calls = 1
				})
				got := diagnose(t, d.Phone)
				if all := fmt.Sprint(got["udp"].Status, " ", got["tcp"].Status, " ", got["turn"].Status, " ", got["media"].Status); all != row.want {
					t.Errorf("%s, want %s: %+v", all, row.want, got["udp"])
				}
			})
		})
	}
}
