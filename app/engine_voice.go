package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"offhook/assets/lang"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/audio/process"
	"offhook/voice/fault"
)

// NewEngine makes an Engine of the voice client, which it then owns.
func NewEngine(c *voice.Client, log *slog.Logger) Engine { return &clientEngine{client: c, log: log} }

// clientEngine speaks of the one call that the phone can have.
type clientEngine struct {
	client *voice.Client
	log    *slog.Logger

	mu      sync.Mutex // guards what follows
	wanted  *AudioConfig
	setting bool
}

var errNoCall = fault.New(fault.NoCall, "call.none")

// latest is the call in progress, or the last one.
func (e *clientEngine) latest() (*voice.Call, error) {
	d, ok := e.client.LatestCallDetails()
	if !ok {
		return nil, errNoCall
	}
	c, ok := e.client.CallFromID(d.CallID)
	if !ok {
		return nil, errNoCall
	}
	return c, nil
}

// present is the call in progress.
func (e *clientEngine) present() (*voice.Call, error) {
	c, err := e.latest()
	if err == nil && !c.Details().State.Active() {
		return nil, errNoCall
	}
	return c, err
}

func (e *clientEngine) with(f func(*voice.Call) error) error {
	c, err := e.present()
	if err != nil {
		return err
	}
	return f(c)
}

func (e *clientEngine) Initialize(ctx context.Context, id Identity) error {
	return e.client.Initialize(ctx, voice.Account{
		Hostname: id.HostName, SubscriberName: id.SubscriberName, DisplayName: id.DisplayName, AccountSID: id.AccountSID,
		SubscriberToken: id.Token,
	})
}

// Stop hangs up first: who signs out in a call is signed out.
func (e *clientEngine) Stop(ctx context.Context) error { return e.client.Reset(ctx) }

func (e *clientEngine) AccessToken(ctx context.Context, rejected string) (string, error) {
	return e.client.AccessToken(ctx, rejected)
}

func (e *clientEngine) Dial(ctx context.Context, d DialRequest) (voice.CallDetails, error) {
	custom := ""
	if voice.MessageAllowed(d.Message) {
		custom = d.Message
	}
	options := []voice.DialOption{voice.ShownAs(d.RemoteID), voice.WithContextMessage(d.Message)}
	if d.Line != "" {
		options = append(options, voice.OnLine(d.Line))
	}
	c, err := e.client.Dial(ctx, d.Exophone, custom, options...)
	if err != nil {
		return voice.CallDetails{}, err
	}
	return c.Details(), nil
}

func (e *clientEngine) RelaySessionData(ctx context.Context, data map[string]string) (bool, error) {
	return e.client.RelaySessionData(ctx, data)
}

func (e *clientEngine) Answer(context.Context) error { return e.with((*voice.Call).Answer) }
func (e *clientEngine) Hangup(context.Context) error { return e.with((*voice.Call).Hangup) }
func (e *clientEngine) Mute() error                  { return e.with((*voice.Call).Mute) }
func (e *clientEngine) Unmute() error                { return e.with((*voice.Call).Unmute) }

func (e *clientEngine) Hold(ctx context.Context) error {
	return e.with(func(c *voice.Call) error { return c.Hold(ctx) })
}

func (e *clientEngine) Resume(ctx context.Context) error {
	return e.with(func(c *voice.Call) error { return c.Resume(ctx) })
}

func (e *clientEngine) SendDTMF(digits string) error {
	return e.with(func(c *voice.Call) error { return c.SendDTMF(digits) })
}

func (e *clientEngine) SetRoute(r voice.AudioRoute) error {
	return e.with(func(c *voice.Call) error { return c.SetAudioRoute(r) })
}

func (e *clientEngine) SetSystemBusy(on bool) { e.client.SetOnAnotherPhone(on) }
func (e *clientEngine) SetDeclining(on bool)  { e.client.SetDeclining(on) }

// SetAudio returns at once: a device may take a while in a call, and one that
// can't be opened is reported by an event of its own. The latest choice wins.
func (e *clientEngine) SetAudio(a AudioConfig) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wanted = &a
	if e.setting {
		return
	}
	e.setting = true
	go func() {
		for {
			e.mu.Lock()
			a := e.wanted
			e.wanted = nil
			e.setting = a != nil
			e.mu.Unlock()
			if a == nil {
				return
			}
			_ = e.client.SetSound(voice.Sound{Capture: a.Source, Playout: a.Sink, Country: a.Country, DTX: a.SilenceSuppression, NewProcessor: e.processing(*a)})
		}
	}()
}

// processing is what cleans the microphone of a call, nil for nothing: a file or
// a tone in its place is what it is meant to be.
func (e *clientEngine) processing(a AudioConfig) func() audio.Processor {
	cfg := process.Config{Echo: a.EchoCancellation, Noise: a.NoiseSuppression, Gain: a.AutomaticGain}
	real := a.Source.Kind == audio.SpecDefault || a.Source.Kind == audio.SpecDevice
	if !real || cfg == (process.Config{}) {
		return nil
	}
	return func() audio.Processor {
		p, err := process.New(cfg)
		if err != nil {
			e.log.Warn("the microphone is not cleaned", "err", err)
			return nil
		}
		return p
	}
}

func (e *clientEngine) Statistics() (Stats, bool) {
	c, err := e.latest()
	if err != nil {
		return Stats{}, false
	}
	s, err := c.Statistics()
	if err != nil {
		return Stats{}, false
	}
	out := Stats{Statistics: s.Statistics, CallID: c.ID(), SetupMs: map[string]float64{}}
	if data, err := json.Marshal(s.SetupMs); err == nil {
		_ = json.Unmarshal(data, &out.SetupMs)
	}
	return out, true
}

// ProbeMedia tries the path of the sound.
func (e *clientEngine) ProbeMedia(ctx context.Context) (MediaProbe, error) {
	m, err := e.client.ProbeMedia(ctx)
	out := MediaProbe{Codec: m.Codec, Path: lang.Literal(m.Path), RTTMs: m.RTTMs, JitterMs: m.JitterMs, LossPercent: m.LossPercent, MOS: m.MOS}
	for _, w := range m.Ways {
		way := MediaWay{Kind: w.Kind, Server: w.Server, Open: w.Open, RTTMs: w.RTTMs}
		if w.Err != nil {
			way.Why = w.Err.Text()
		}
		out.Ways = append(out.Ways, way)
	}
	return out, err
}

func (e *clientEngine) Levels() (mic, far float64) {
	c, err := e.present()
	if err != nil {
		return 0, 0
	}
	return c.Levels()
}

func (e *clientEngine) PostFeedback(ctx context.Context, rating int, issue, note string) error {
	c, err := e.latest()
	if err != nil {
		return fault.New(fault.InvalidParameter, "rating.no-call")
	}
	return c.PostFeedback(ctx, rating, voice.Issue(issue), note)
}

func (e *clientEngine) UploadLogs(ctx context.Context, zip, description string, progress func(float64)) (string, error) {
	return e.client.UploadLogs(ctx, zip, description, progress)
}

func (e *clientEngine) Events(ctx context.Context) <-chan any {
	out := make(chan any)
	sub := e.client.Subscribe()
	stop := context.AfterFunc(ctx, sub.Close)
	go func() {
		defer close(out)
		defer stop()
		for ev := range sub.Events() {
			var give any = ev
			if st, ok := ev.(voice.StatusChanged); ok {
				give = engineStatus(st.Status)
			}
			select {
			case out <- give:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func engineStatus(s voice.Status) EngineStatus {
	health := func(h voice.Health) EngineHealth {
		out := EngineHealth{OK: h.OK}
		if h.Err != nil {
			out.Err = h.Err
		}
		return out
	}
	return EngineStatus{
		Platform: health(s.Platform), Profile: health(s.Profile), Flow: health(s.Flow), Token: health(s.Token),
		TokenValidUntil: s.TokenValidUntil, ClockOffset: s.ClockOffset, Exophone: s.Exophone,
	}
}

func (e *clientEngine) Renew() { e.client.NetworkChanged() }

func (e *clientEngine) Close(ctx context.Context) error { return e.client.Close(ctx) }
