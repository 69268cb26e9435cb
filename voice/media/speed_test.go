package media

import (
	"context"
	"slices"
	"testing"
	"time"
)

// The path must stand well before the 200 ms that the ICE library takes between
// its looks at what came back.
func TestConnectsQuickly(t *testing.T) {
	var took []time.Duration
	for range 9 {
		a, b := newPhone(t, 440, Config{}), newPhone(t, 1000, Config{})
		ctx := context.Background()
		begin := time.Now()
		offer, err := a.Offer(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		gathered := time.Since(begin)
		answer, err := b.Answer(ctx, offer)
		if err != nil {
			t.Fatal(err)
		}
		begin = time.Now()
		if err := a.SetAnswer(answer); err != nil {
			t.Fatal(err)
		}
		a.await("connection", func() bool { return a.count(Connected) > 0 })
		took = append(took, a.events[0].At.Sub(begin))
		t.Logf("gathered in %v, connected in %v", gathered, took[len(took)-1])
		a.end()
		b.end()
	}
	slices.Sort(took)
	if best := took[0]; best > 100*time.Millisecond {
		t.Errorf("from answer to connected %v at best", best)
	}
}

// The demo platform and most media servers speak ICE-lite and offer one
// candidate: nothing but the phone itself moves the checks on.
func TestConnectsQuicklyToALitePeer(t *testing.T) {
	var took []time.Duration
	for range 9 {
		a, peer := newPhone(t, 440, Config{}), newPionPeer(t, true)
		offer, err := a.Offer(context.Background(), false)
		if err != nil {
			t.Fatal(err)
		}
		answer := peer.answer(offer)
		begin := time.Now()
		if err := a.SetAnswer(answer); err != nil {
			t.Fatal(err)
		}
		a.await("connection", func() bool { return a.count(Connected) > 0 })
		took = append(took, a.events[0].At.Sub(begin))
		a.end()
	}
	slices.Sort(took)
	t.Logf("connected in %v", took)
	if best := took[0]; best > 100*time.Millisecond {
		t.Errorf("from answer to connected %v at best", best)
	}
}
