package app

import (
	"testing"
	"testing/synctest"
	"time"

	"offhook/app/systemwatch"
	"offhook/push"
)

func TestWakingAndMovingConnectAgainAtOnce(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		time.Sleep(10 * time.Second)
		if n := d.engine.count("retry"); n != 0 {
			t.Fatalf("%d renewals without a reason", n)
		}
		d.ahead.Add(int64(time.Hour)) // the machine slept: its monotonic clock stood still
		time.Sleep(time.Second)
		synctest.Wait()
		if n := d.engine.count("retry"); n != 1 || d.inbox().retries.Load() != 1 {
			t.Fatalf("after waking: %d renewals, %d retries", n, d.inbox().retries.Load())
		}
		if s := d.Snapshot(); s.Ready {
			t.Fatal("ready on a proof from before the sleep")
		}
		d.inbox().changed(push.Status{Phase: push.Connected, LastPong: time.Now().Add(time.Hour)})
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		none, other := "", "wlan0=198.51.100.7"
		d.addresses.Store(&none)
		time.Sleep(2 * time.Second)
		if n := d.engine.count("retry"); n != 1 {
			t.Fatal("renewed without any network")
		}
		d.addresses.Store(&other)
		time.Sleep(2 * time.Second)
		if n := d.engine.count("retry"); n != 2 || d.inbox().retries.Load() != 2 {
			t.Fatalf("after moving: %d renewals, %d retries", n, d.inbox().retries.Load())
		}
	})
}

// The system tells of the wake at once; its clock's jump is the same wake.
func TestTheSystemTellsOfSleep(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		d.sleep = make(chan bool)
		d.start().signIn()
		defer d.close()
		d.sleep <- true
		synctest.Wait()
		if n := d.engine.count("retry"); n != 0 {
			t.Fatalf("%d renewals before the sleep", n)
		}
		d.ahead.Add(int64(time.Hour))
		d.sleep <- false
		synctest.Wait()
		if n := d.engine.count("retry"); n != 1 || d.inbox().retries.Load() != 1 {
			t.Fatalf("after waking: %d renewals, %d retries", n, d.inbox().retries.Load())
		}
		time.Sleep(4 * time.Second)
		if n := d.engine.count("retry"); n != 1 {
			t.Fatalf("one wake is %d", n)
		}
		// A short sleep moves the clock too little to be seen by it.
		time.Sleep(time.Minute)
		d.sleep <- true
		d.ahead.Add(int64(2 * time.Second))
		d.sleep <- false
		close(d.sleep)
		synctest.Wait()
		if n := d.engine.count("retry"); n != 2 {
			t.Fatalf("%d renewals", n)
		}
		// Without the system's word the clock is left.
		d.ahead.Add(int64(time.Hour))
		time.Sleep(time.Second)
		synctest.Wait()
		if n := d.engine.count("retry"); n != 3 {
			t.Fatalf("%d renewals", n)
		}
	})
}

// What the phone asks when the network changes is not waited for: the answer would
// come over the network that is gone.
func TestARequestOnAGoneNetworkIsMadeAgain(t *testing.T) {
	for _, request := range []string{"/login", "/devicetoken"} {
		t.Run(request, func(t *testing.T) {
			story(t, func(t *testing.T) {
				d := newHarness(t).start().signIn()
				d.close()
				if request == "/login" { // at a start with a spent token
					if err := d.keyring.Delete("subscriber_token"); err != nil {
						t.Fatal(err)
					}
				}
				d.backend.hang(request)
				d.start()
				defer d.close()
				time.Sleep(time.Second)
				if d.Snapshot().Ready {
					t.Fatal("ready without an answer")
				}
				d.backend.hang("")
				other := "wlan0=198.51.100.7"
				d.addresses.Store(&other)
				moved := time.Now()
				d.until("ready", func(s *Snapshot) bool { return s.Ready })
				if took := time.Since(moved); took > 3*time.Second {
					t.Errorf("ready %v after the network changed", took)
				}
				if !d.backend.saw("close idle") {
					t.Error("connections of the old network are kept")
				}
			})
		})
	}
}

// That the system can't be asked for its addresses, as while the process has no
// descriptors left, is no change of the network.
func TestNoWordOfTheNetworkIsNoChange(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		unknown, old := systemwatch.Unknown, "eth0=192.0.2.1"
		before := d.inbox().retries.Load()
		for _, word := range []*string{&unknown, &old, &unknown} {
			d.addresses.Store(word)
			time.Sleep(3 * time.Second)
		}
		if n := d.inbox().retries.Load() - before; n != 0 {
			t.Errorf("%d times connected anew", n)
		}
	})
}
