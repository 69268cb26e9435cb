package voice_test

import (
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"offhook/demo"
	"offhook/voice"
)

// BenchmarkCall makes calls between two phones on loopback, one after the other,
// and reports how long their setting-up takes, in milliseconds:
//
//	dial-ring     Dial at the caller until IncomingCall at the callee
//	dial-180      Dial until CallRinging at the caller: the callee's leg is warm
//	warm-caller   Dial until the caller's media path is up
//	warm-callee   push until the callee's media path is up
//	hear-callee   Answer until the first sound at the callee
//	hear-caller   Answer until the first sound at the caller
//	bye           Hangup at the caller until CallEnded at the callee
//
// The floor is one request to the same platform that asks for nothing, over a
// connection that is open: a ringing phone takes four of them, a hang-up one. What
// the phone promises is, at p95, 60 ms for dial-ring, 100 for the two that hear, 50
// for bye; "kept" is the part of the promises that this run kept.
func BenchmarkCall(b *testing.B) {
	p := startDemo(b, demo.Config{CallRate: 10000, CallBurst: 10000})
	alice, bob := newPhone(b, p, "alice", sine, null), newPhone(b, p, "bob", sine, null)
	figures := map[string][]float64{}
	note := func(name string, d time.Duration) {
		figures[name] = append(figures[name], float64(d.Microseconds())/1000)
	}
	probe := &http.Client{Transport: &http.Transport{}}
	defer probe.CloseIdleConnections()
	for b.Loop() {
		asked := time.Now()
		res, err := probe.Get(p.URL() + "/healthz")
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		note("floor", time.Since(asked))
		out := alice.dialTo("bob")
		dialled := out.Details().Started
		in := expect[voice.IncomingCall](bob)
		note("dial-ring", in.Call.Ringing.Sub(dialled))
		note("dial-180", expect[voice.CallRinging](alice).Call.Ringing.Sub(dialled))
		// A person takes a moment; the path is warm by then.
		time.Sleep(300 * time.Millisecond)
		answered := time.Now()
		if err := bob.latest().Answer(); err != nil {
			b.Fatal(err)
		}
		expect[voice.CallEstablished](bob)
		at := expect[voice.CallEstablished](alice).Call.Answered
		far, near := firstAudio(b, out), firstAudio(b, bob.latest())
		note("hear-callee", near)
		note("hear-caller", at.Sub(answered)+far)
		for name, call := range map[string]*voice.Call{"warm-caller": out, "warm-callee": bob.latest()} {
			if s, err := call.Statistics(); err == nil && s.SetupMs.StartToConnected != nil {
				figures[name] = append(figures[name], *s.SetupMs.StartToConnected)
			}
		}
		gone := time.Now()
		if err := out.Hangup(); err != nil {
			b.Fatal(err)
		}
		note("bye", expect[voice.CallEnded](bob).Call.Ended.Sub(gone))
		expect[voice.CallEnded](alice)
		expect[voice.MediaSessionDestroyed](alice)
		expect[voice.MediaSessionDestroyed](bob)
	}
	promised := map[string]float64{"dial-ring": 60, "hear-callee": 100, "hear-caller": 100, "bye": 50}
	kept := 0.0
	for name, all := range figures {
		slices.Sort(all)
		p95 := all[len(all)*95/100]
		b.ReportMetric(all[len(all)/2], name+"-p50-ms")
		b.ReportMetric(p95, name+"-p95-ms")
		if limit, ok := promised[name]; ok && p95 <= limit {
			kept += 1 / float64(len(promised))
		}
	}
	b.ReportMetric(kept, "kept")
	b.ReportMetric(0, "ns/op")
}

// firstAudio waits for the first sound after the answer.
func firstAudio(b *testing.B, call *voice.Call) time.Duration {
	b.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if s, err := call.Statistics(); err == nil && s.SetupMs.AnswerToFirstAudio != nil {
			return time.Duration(*s.SetupMs.AnswerToFirstAudio * float64(time.Millisecond))
		}
	}
	s, err := call.Statistics()
	b.Fatalf("nothing is heard: %v %+v %v", call.Details(), s, err)
	return 0
}
