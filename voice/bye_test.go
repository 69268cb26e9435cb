package voice_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"offhook/voice"
)

// A phone that ends takes all its SIP accounts back at once, and waits for no
// server that answers nothing.
func TestClosingTakesAllAccountsBack(t *testing.T) {
	t.Parallel()
	silent, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	asked, gone := make(chan string, 64), make(chan string, 64)
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, _, err := silent.ReadFromUDP(b)
			if err != nil {
				return
			}
			m := parseText(b[:n])
			to := asked
			if m.get("Expires") == "0" {
				to = gone
			}
			select {
			case to <- m.get("From"):
			default: // the test has seen enough
			}
		}
	}()
	phone := newSIPPhone(t, "alice", sine, null)
	users := []string{"alice", "bob", "carol"}
	all := func(what string, from <-chan string) {
		t.Helper()
		seen := map[string]bool{}
		for len(seen) < len(users) {
			select {
			case f := <-from:
				for _, u := range users {
					if strings.Contains(f, "sip:"+u+"@") {
						seen[u] = true
					}
				}
			case <-within(t).Done():
				t.Fatalf("%s: only %v", what, seen)
			}
		}
	}
	for _, u := range users {
		go func() {
			_ = phone.Register(within(t), voice.SIPAccount{Server: "udp://" + silent.LocalAddr().String(), User: u, Domain: "lab.test", Password: "secret"})
		}()
	}
	all("registering", asked)
	ctx, cancel := context.WithCancel(context.Background())
	closed := make(chan error, 1)
	go func() { closed <- phone.Close(ctx) }()
	all("taking back", gone)
	cancel()
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
