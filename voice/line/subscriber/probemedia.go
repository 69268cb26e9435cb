package subscriber

import (
	"context"
	"errors"
	"math"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4/stdnet"

	"offhook/internal/crash"
	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/probe"
	"offhook/voice/sdp"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

const (
	// probeTarget is the platform's media echo (docs/architecture.md, "Wire"). No
	// subscriber can have that name.
	probeTarget = "media-probe"
	// probeTime is how long sound goes to and fro.
	probeTime = 5 * time.Second
	// wayTime bounds the question whether one way is open.
	wayTime = 4 * time.Second
	// hangUpTime bounds the good-bye.
	hangUpTime = time.Second
	// probeConnect bounds the wait for the answer and for the path.
	probeConnect = 10 * time.Second
)

// MediaProbe is what ProbeMedia found.
type MediaProbe struct {
	// Codec and Path are those of the echo: "opus", "host udp 192.0.2.1:4000".
	Codec string `json:"codec"`
	Path  string `json:"path"`
	// ConnectMs is the time until the path was up, RTTMs the round trip to the
	// relay, JitterMs the mean jitter of what came back.
	ConnectMs float64 `json:"connect_ms"`
	RTTMs     float64 `json:"rtt_ms"`
	JitterMs  float64 `json:"jitter_ms"`
	// LossPercent is what was lost on the way there and back.
	LossPercent float64 `json:"loss_percent"`
	// MOS forecasts how a call would sound now: 1 to 4.5, by the E-model. 0 if
	// nothing came back.
	MOS float64 `json:"mos"`
	// Packets were received in Seconds.
	Packets uint64  `json:"packets"`
	Seconds float64 `json:"seconds"`
	// Ways are all the ways to the relay, and by STUN and TURN servers.
	Ways []MediaWay `json:"ways"`
}

// MediaWay is one way that media can take, and whether it is open.
type MediaWay struct {
	// Kind is "udp" or "tcp", straight to the relay, or "stun" or "turn".
	Kind string `json:"kind"`
	// Server is host:port, or the server's address as the profile has it.
	Server string `json:"server"`
	Open   bool   `json:"open"`
	// RTTMs is one round trip; with TURN, the time of an allocation.
	RTTMs float64 `json:"rtt_ms,omitempty"`
	// Err says why not.
	Err *fault.Error `json:"-"`
}

// ProbeMedia sends a test sound to the platform's relay and back, and asks each way to
// the relay whether it is open. The error is one for a person, but for those of ctx.
func (s *Session) ProbeMedia(ctx context.Context) (MediaProbe, error) {
	result, err := s.probe(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if err != nil {
		return result, probeFault(err)
	}
	return result, nil
}

// probe makes the leg and listens to it.
func (s *Session) probe(ctx context.Context) (result MediaProbe, err error) {
	session, err := s.cfg.NewMedia(mediaOf(*s.Profile()))
	if err != nil {
		return result, err
	}
	defer session.Close()
	began := s.cfg.Clock.Now()
	offer, err := session.Offer(ctx, false)
	if err != nil {
		return result, err
	}
	answer, hangUp, err := s.probeLeg(ctx, offer)
	if err != nil {
		// The relay is not known, but the servers of the profile are.
		result.Ways = s.probeWays(ctx, *s.Profile(), "", "")
		return result, err
	}
	defer hangUp()
	if err := session.SetAnswer(answer); err != nil {
		return result, err
	}
	var asked sync.WaitGroup
	asked.Go(crash.Guarded(func() { result.Ways = s.probeWays(ctx, *s.Profile(), offer, answer) }))
	err = s.echo(ctx, session, began, &result)
	asked.Wait()
	return result, err
}

// probeLeg invites the platform's echo. hangUp says good-bye and waits for that
// a little while.
func (s *Session) probeLeg(ctx context.Context, offer string) (answer string, hangUp func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, probeConnect)
	defer cancel()
	f, err := s.Flow(ctx)
	if err != nil {
		return "", nil, err
	}
	d, err := f.Invite(ctx, sip.Invitation{
		Target: probeTarget, Offer: offer,
		Headers: []sip.Header{{Name: wire.HeaderDeviceID, Value: s.cfg.DeviceID}},
	})
	if err != nil {
		return "", nil, err
	}
	leave := func() {
		ctx, cancel := context.WithTimeout(context.Background(), hangUpTime)
		defer cancel()
		_ = d.Hangup(ctx)
	}
	for {
		select {
		case ev, ok := <-d.Events():
			if !ok {
				return "", nil, errNothingBack
			}
			switch ev := ev.(type) {
			case sip.Answered:
				go func() {
					defer crash.Guard()
					for range d.Events() {
						// What is said after the answer changes nothing here.
					}
				}()
				return ev.Body, leave, nil
			case sip.Failed:
				return "", nil, probeRefused{ev.Status, ev.Err}
			case sip.Reoffered:
				_ = ev.Reply(488, "")
			}
		case <-ctx.Done():
			leave()
			return "", nil, ctx.Err()
		}
	}
}

// echo sends a sound and measures what comes back.
func (s *Session) echo(ctx context.Context, session media.Session, began time.Time, result *MediaProbe) error {
	session.OpenReceive()
	session.OpenSend()
	if !s.awaitPath(ctx, session) {
		return errors.Join(errNothingBack, ctx.Err())
	}
	result.ConnectMs = float64(s.cfg.Clock.Now().Sub(began).Microseconds()) / 1000
	s.exchangeSound(ctx, session)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	st := session.Statistics()
	result.Codec, result.Path = st.AudioCodec, st.LocalCandidate
	result.RTTMs, result.JitterMs, result.MOS = st.RTTMs, st.AverageJitterMs, float64(st.MOS)
	result.Packets, result.Seconds = st.PacketsReceived, probeTime.Seconds()
	if total := float64(st.PacketsReceived) + float64(max(st.CumulativeLost, 0)); total > 0 {
		result.LossPercent = 100 * float64(max(st.CumulativeLost, 0)) / total
	}
	if st.PacketsReceived == 0 {
		return errNothingBack
	}
	return nil
}

// awaitPath waits until the media path is up.
func (s *Session) awaitPath(ctx context.Context, session media.Session) bool {
	late := make(chan struct{})
	stop := s.cfg.Clock.AfterFunc(probeConnect, crash.Guarded(func() { close(late) }))
	defer stop()
	for {
		select {
		case ev, ok := <-session.Events():
			if !ok || ev.Kind == media.Failed {
				return false
			}
			if ev.Kind == media.Connected {
				return true
			}
		case <-late:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// exchangeSound is the microphone and the loudspeaker of the probe: a tone whose
// loudness swells as speech does, so that the codec has to work.
func (s *Session) exchangeSound(ctx context.Context, session media.Session) {
	const frame, rate = 480, 48000
	var out, in [frame]int16
	began := s.cfg.Clock.Now()
	n := 0
	for s.cfg.Clock.Now().Sub(began) < probeTime {
		for ; time.Duration(n)*10*time.Millisecond <= s.cfg.Clock.Now().Sub(began); n++ {
			for i := range out {
				t := float64(n*frame+i) / rate
				out[i] = int16(6000 * math.Abs(math.Sin(2*math.Pi*2*t)) * math.Sin(2*math.Pi*300*t))
			}
			session.Push(out[:])
			session.Pull(in[:])
		}
		if !clock.Sleep(ctx, s.cfg.Clock, 10*time.Millisecond) {
			return
		}
	}
}

// probeWays asks all ways at once: the candidates of the relay's answer with its
// credentials, and the servers of the profile.
func (s *Session) probeWays(ctx context.Context, p wire.Profile, offer, answer string) []MediaWay {
	n, err := stdnet.NewNet()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, wayTime)
	defer cancel()
	var ways []MediaWay
	var asks []func() (time.Duration, error)
	for _, r := range relayAddresses(offer, answer) {
		ways = append(ways, MediaWay{Kind: r.network, Server: r.address})
		asks = append(asks, func() (time.Duration, error) { return probe.STUN(ctx, n, r.network, r.address, r.who) })
	}
	for _, s := range p.ICEServers {
		for _, u := range s.URLs {
			kind := "stun"
			if len(u) >= 4 && u[:4] == "turn" {
				kind = "turn"
			}
			ways = append(ways, MediaWay{Kind: kind, Server: u})
			asks = append(asks, func() (time.Duration, error) { return probe.Server(ctx, n, u, s.Username, s.Credential) })
		}
	}
	var asked sync.WaitGroup
	for i, ask := range asks {
		asked.Go(func() {
			defer crash.Guard()
			took, err := ask()
			w := &ways[i]
			if w.Open = err == nil; w.Open {
				w.RTTMs = float64(took.Microseconds()) / 1000
				return
			}
			w.Err = fault.Wrap(err, fault.NetworkError, "media-test.way-closed")
		})
	}
	asked.Wait()
	return ways
}

type relayAddress struct {
	network, address string
	who              probe.Credentials
}

// relayAddresses are the candidates of an answer.
func relayAddresses(offer, answer string) []relayAddress {
	theirs, ours := firstAudio(answer), firstAudio(offer)
	if theirs == nil || ours == nil {
		return nil
	}
	who := probe.Credentials{Ufrag: theirs.Ufrag, Password: theirs.Password, OwnUfrag: ours.Ufrag}
	var all []relayAddress
	for _, line := range theirs.Candidates {
		cand, err := ice.UnmarshalCandidate(line)
		if err != nil {
			continue
		}
		network := "udp"
		if cand.NetworkType().IsTCP() {
			network = "tcp"
		}
		all = append(all, relayAddress{network, net.JoinHostPort(cand.Address(), strconv.Itoa(cand.Port())), who})
	}
	return all
}

func firstAudio(text string) *sdp.Media {
	d, err := sdp.Parse(text)
	if err != nil {
		return nil
	}
	m, err := d.Audio()
	if err != nil {
		return nil
	}
	return m
}

// errNothingBack says that no media came back.
var errNothingBack = errors.New("no media came back")

// probeRefused is the platform's refusal of the echo.
type probeRefused struct {
	status int
	cause  error
}

func (r probeRefused) Error() string { return "the media echo was refused: " + strconv.Itoa(r.status) }
func (r probeRefused) Unwrap() error { return r.cause }

func probeFault(err error) *fault.Error {
	var known *fault.Error
	var refused probeRefused
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refused) && refused.status == 404:
		return fault.Wrap(err, fault.ServerError, "media-test.none")
	case errors.As(err, &refused) && refused.status == 429:
		return fault.Wrap(err, fault.ServerError, "media-test.too-many")
	case errors.As(err, &refused) && refused.status != 0:
		return fault.Wrap(err, fault.ServerError, "media-test.refused")
	case errors.Is(err, context.Canceled):
		return fault.Wrap(err, fault.NetworkError, "media-test.broken-off")
	case errors.Is(err, errNothingBack):
		return fault.Wrap(err, fault.NetworkError, "media-test.no-sound")
	default:
		return fault.Wrap(err, fault.NetworkError, "media-test.unreachable")
	}
}
