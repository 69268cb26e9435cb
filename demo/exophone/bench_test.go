package exophone_test

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// benchOffer is an offer that nobody will send media for: the path is prepared,
// as in a call, and never used.
const benchOffer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 110\r\n" +
	"c=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\na=sendrecv\r\na=ice-ufrag:abcdefgh\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" +
	"a=fingerprint:sha-256 00:01\r\na=setup:actpass\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:110 telephone-event/48000\r\n"

// BenchmarkInviteToRinging places 50 calls a second, each through digest,
// Dial-Whom, push and the callee's ringing leg to the caller's 180, and gives it
// up again. The time is from the caller's first INVITE, its challenge included;
// Dial-Whom and push are faked within the process.
func BenchmarkInviteToRinging(b *testing.B) {
	const rate = 50
	p := newPlatform(b, nil)
	bob := p.connect("bob")
	callers := make([]*phone, 20)
	for i := range callers {
		callers[i] = p.connect("alice")
	}
	var (
		mu    sync.Mutex
		times []time.Duration
		calls sync.WaitGroup
	)
	stop := make(chan struct{})
	ringer := make(chan struct{})
	go func() {
		defer close(ringer)
		for {
			select {
			case token := <-p.payloads["bob"]:
				c, err := p.Verify(token)
				if err != nil {
					b.Error(err)
					return
				}
				calls.Go(func() {
					in := bob.prepare(c.SessionID)
					in.offer = benchOffer
					in.invite("X-Session-Token", token, "X-Answer", "later").expect(200)
				})
			case <-stop:
				return
			}
		}
	}()
	ticker := time.NewTicker(time.Second / rate)
	defer ticker.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-ticker.C
		calls.Go(func() {
			out := callers[i%len(callers)].prepare(exophon)
			out.offer = benchOffer
			start := time.Now()
			out.invite("X-Custom-Field", "bob").expect(180)
			took := time.Since(start)
			mu.Lock()
			times = append(times, took)
			mu.Unlock()
			out.giveUp()
			out.expect(200)
			out.expect(487)
		})
	}
	calls.Wait()
	b.StopTimer()
	close(stop)
	<-ringer
	slices.Sort(times)
	at := func(share float64) float64 {
		return float64(times[min(int(share*float64(len(times))), len(times)-1)].Microseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
