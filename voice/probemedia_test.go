package voice_test

import (
	"context"
	"testing"
	"time"

	"offhook/demo"
	"offhook/voice"
	"offhook/voice/fault"
)

// TestProbeMedia: the echo is heard, both ways to the relay are open, and the
// platform keeps no record of it.
func TestProbeMedia(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice := newPhone(t, p, "alice", sine, null)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	got, err := alice.ProbeMedia(ctx)
	if err != nil {
		t.Fatal(err, got)
	}
	t.Logf("%+v", got)
	if got.Codec == "" || got.Path == "" || got.Packets < 20 || got.MOS < 1 || got.RTTMs <= 0 {
		t.Errorf("%+v", got)
	}
	kinds := map[string]bool{}
	for _, w := range got.Ways {
		kinds[w.Kind] = true
		if !w.Open || w.RTTMs <= 0 {
			t.Errorf("way %+v", w)
		}
	}
	if !kinds["udp"] || !kinds["tcp"] {
		t.Errorf("ways %+v", got.Ways)
	}
	if calls := p.Calls(); len(calls) != 0 {
		t.Errorf("recorded %+v", calls)
	}
}

// TestProbeMediaGivesWay: a call is worth more than a probe.
func TestProbeMediaGivesWay(t *testing.T) {
	t.Parallel()
	p := startDemo(t, demo.Config{})
	alice := newPhone(t, p, "alice", sine, null)
	result := make(chan error, 1)
	go func() {
		_, err := alice.ProbeMedia(context.Background())
		result <- err
	}()
	call := alice.dialTo("echo")
	err := <-result
	if fault.TypeOf(err) != fault.SystemBusy {
		t.Errorf("probe: %v", err)
	}
	if _, err := alice.ProbeMedia(context.Background()); fault.TypeOf(err) != fault.SystemBusy {
		t.Errorf("probe in a call: %v", err)
	}
	expect[voice.CallEstablished](alice)
	check(t, call.Hangup())
	expect[voice.CallEnded](alice)
}
