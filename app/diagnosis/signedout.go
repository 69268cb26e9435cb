package diagnosis

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"

	"offhook/app/backend"
	"offhook/app/retry"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/probe"
)

// publicConfig is what the server tells without a sign-in, asked for once by the
// checks that need it.
type publicConfig struct {
	p    *Phone
	once sync.Once
	got  backend.Public
	err  error
}

func (c *publicConfig) get(ctx context.Context) (backend.Public, error) {
	c.once.Do(func() {
		client, err := backend.New(c.p.State().Server, c.p.HTTP, nil, true) // no secret goes there
		if err != nil {
			c.err = err
			return
		}
		c.got, c.err = client.Public(ctx)
	})
	return c.got, c.err
}

// pace is how a measurement without a sign-in sends: count requests, one each
// interval, of which the last waits for its answer no longer than rest.
type pace struct {
	count          int
	interval, rest time.Duration
}

// callPace is that of a call, for 5 s.
var callPace = pace{count: 250, interval: 20 * time.Millisecond, rest: time.Second}

// wayLimit bounds the question whether one way is open.
const wayLimit = 3 * time.Second

// maxWays bounds how many ways a server may have us ask.
const maxWays = 32

// trySignedOut tries the ways of the sound without a sign-in: whether the relay and
// the servers that the phone knows of answer, and how packets fare on the way to
// the relay.
func (s *soundPath) trySignedOut(ctx context.Context) {
	n, err := stdnet.NewNet()
	if err != nil {
		s.err = fault.Wrap(err, fault.NetworkError, "check.no-networks")
		return
	}
	if s.p.State().AccountsOnly {
		s.ways = s.p.askAccounts(ctx, n)
		if len(s.ways) == 0 {
			s.why, s.remedy = lang.Of("check.sip-only-in-call"), lang.Of("check.call-somebody")
			return
		}
		s.err = fault.New(fault.ServerError, "check.sip-no-sound-test")
		return
	}
	public, err := s.public.get(ctx)
	switch status := backend.StatusOf(err); {
	case s.p.State().Server == "":
		s.why, s.remedy = lang.Of("check.no-server"), lang.Of("check.enter-server")
		return
	case status == http.StatusNotFound || status == http.StatusUnauthorized || status == http.StatusForbidden:
		s.why, s.remedy = lang.Of("check.server-tells-signed-in"), signInFirst
		return
	case err != nil:
		s.why, s.remedy = lang.Of("check.untried", fault.From(err).Text()), fault.From(err).Text().Next().Or("check.check-network")
		return
	case len(public.Media)+len(public.ICEServers) == 0:
		s.why, s.remedy = lang.Of("check.server-tells-nothing"), signInFirst
		return
	}
	s.ways = askPublic(ctx, n, public)
	for _, w := range s.ways {
		if w.Kind == "udp" && w.Open {
			s.err = s.measure(ctx, w.Server)
			return
		}
	}
	s.err = fault.New(fault.NetworkError, "check.no-udp")
}

// askPublic asks all ways that a server names, at once. TURN servers are asked as
// STUN servers, which they are, too: allocating takes credentials.
func askPublic(ctx context.Context, n transport.Net, public backend.Public) []way {
	var ways []way
	var asks []func(context.Context) (time.Duration, error)
	ask := func(w way, network, address string) {
		if len(ways) < maxWays {
			ways = append(ways, w)
			asks = append(asks, func(ctx context.Context) (time.Duration, error) {
				return probe.STUN(ctx, n, network, address, probe.Credentials{})
			})
		}
	}
	for _, at := range public.Media {
		if network, address, ok := strings.Cut(at, ":"); ok && (network == "udp" || network == "tcp") {
			ask(way{MediaWay: voice.MediaWay{Kind: network, Server: address}}, network, address)
		}
	}
	for _, server := range public.ICEServers {
		u, err := stun.ParseURI(server)
		if err != nil || u.Scheme == stun.SchemeTypeTURNS {
			continue // what is inside its TLS is seen when signed in
		}
		kind := "stun"
		if u.Scheme == stun.SchemeTypeTURN {
			kind = "turn"
		}
		ask(way{MediaWay: voice.MediaWay{Kind: kind, Server: server}, unproven: kind == "turn"}, u.Proto.String(), net.JoinHostPort(u.Host, fmt.Sprint(u.Port)))
	}
	return askAll(ctx, ways, asks)
}

// askAccounts asks the STUN and TURN servers of the SIP accounts that are on, with
// their credentials.
func (p *Phone) askAccounts(ctx context.Context, n transport.Net) []way {
	var ways []way
	var asks []func(context.Context) (time.Duration, error)
	for _, account := range p.Servers() {
		for _, server := range account.URLs {
			if len(ways) == maxWays {
				break
			}
			kind := "stun"
			if strings.HasPrefix(server, "turn") {
				kind = "turn"
			}
			ways = append(ways, way{MediaWay: voice.MediaWay{Kind: kind, Server: server}})
			asks = append(asks, func(ctx context.Context) (time.Duration, error) {
				return probe.Server(ctx, n, server, account.Username, account.Credential)
			})
		}
	}
	return askAll(ctx, ways, asks)
}

// askAll asks every way and returns them with what came of it.
func askAll(ctx context.Context, ways []way, asks []func(context.Context) (time.Duration, error)) []way {
	ctx, cancel := context.WithTimeout(ctx, wayLimit)
	defer cancel()
	var asking sync.WaitGroup
	for i, ask := range asks {
		asking.Go(func() {
			defer crash.Guard()
			took, err := ask(ctx)
			if ways[i].Open = err == nil; ways[i].Open {
				ways[i].RTTMs = float64(took.Microseconds()) / 1000
			}
		})
	}
	asking.Wait()
	return ways
}

// measure sends packets to the relay at the pace of a call and tells how they
// fared: round trip, jitter and loss of both directions, and what a call would
// make of that.
func (s *soundPath) measure(ctx context.Context, address string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", address)
	if err != nil {
		return fault.Wrap(err, fault.NetworkError, "check.relay-unreachable")
	}
	stop := context.AfterFunc(ctx, crash.Guarded(func() { conn.Close() }))
	defer stop()
	sent := make([]time.Time, s.pace.count)
	trips := make([]time.Duration, s.pace.count) // 0: lost
	var mu sync.Mutex                            // guards sent and trips
	var reading sync.WaitGroup
	reading.Go(func() {
		defer crash.Guard()
		buf := make([]byte, 1500)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			i, ok := ordinal(buf[:n])
			mu.Lock()
			if ok && i < len(sent) && !sent[i].IsZero() && trips[i] == 0 {
				trips[i] = max(time.Since(sent[i]), 1)
			}
			mu.Unlock()
		}
	})
	for i := range s.pace.count {
		mu.Lock()
		sent[i] = time.Now()
		mu.Unlock()
		_, _ = conn.Write(numbered(i)) // one that could not be sent is lost
		if retry.Wait(ctx, s.pace.interval, nil) != nil {
			break
		}
	}
	_ = retry.Wait(ctx, s.pace.rest, nil)
	_ = conn.Close()
	reading.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var got int
	s.probe.RTTMs, s.probe.JitterMs, got = fare(trips)
	if got == 0 {
		return fault.New(fault.NetworkError, "check.relay-silent")
	}
	s.probe.LossPercent = 100 * float64(len(trips)-got) / float64(len(trips))
	s.by = lang.Of("check.without-sign-in", address)
	// A packet, its wait in the far jitter buffer, and what sound cards take.
	const sound = 60
	s.probe.MOS = media.ForecastMOS(s.probe.RTTMs/2+2*s.probe.JitterMs+sound, s.probe.LossPercent)
	return nil
}

// fare is the mean of the round trips that were made, in ms, their mean change
// from one to the next, and their number.
func fare(trips []time.Duration) (mean, jitter float64, got int) {
	var last time.Duration
	changes := 0
	for _, t := range trips {
		if t == 0 {
			continue
		}
		mean += float64(t)
		if got++; last != 0 {
			jitter += math.Abs(float64(t - last))
			changes++
		}
		last = t
	}
	const ms = float64(time.Millisecond)
	return mean / float64(max(got, 1)) / ms, jitter / float64(max(changes, 1)) / ms, got
}

// numbered is a STUN request whose transaction names it.
func numbered(i int) []byte {
	id := stun.NewTransactionID()
	id[0], id[1] = byte(i>>8), byte(i)
	return stun.MustBuild(stun.NewTransactionIDSetter(id), stun.BindingRequest, stun.Fingerprint).Raw
}

// ordinal is which request an answer belongs to.
func ordinal(packet []byte) (i int, ok bool) {
	m := &stun.Message{Raw: packet}
	if m.Decode() != nil || m.Type != stun.BindingSuccess {
		return 0, false
	}
	return int(m.TransactionID[0])<<8 | int(m.TransactionID[1]), true
}

// platformURL is the platform's address as it is known without a sign-in: of the
// last one, else as the server tells it.
func (c *publicConfig) platformURL(ctx context.Context) (*url.URL, error) {
	state := c.p.State()
	platform := state.Platform
	if platform == "" {
		platform = state.Server
		if got, err := c.get(ctx); err == nil && got.HostName != "" {
			platform = got.HostName
		}
	}
	return url.Parse(platform)
}
