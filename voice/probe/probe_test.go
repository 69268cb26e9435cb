package probe

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/stdnet"
	"github.com/pion/turn/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// samePort listens at a port that is free for UDP and for TCP.
func samePort(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		tcp, err := net.Listen("tcp4", udp.LocalAddr().String())
		if err == nil {
			return udp, tcp
		}
		_ = udp.Close() // another's; the next one
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
}

// server runs a STUN and TURN server on UDP and TCP of one port.
func server(t *testing.T) (address string) {
	t.Helper()
	udp, tcp := samePort(t)
	relay := func() turn.RelayAddressGenerator {
		return &turn.RelayAddressGeneratorStatic{RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1"}
	}
	s, err := turn.NewServer(turn.ServerConfig{
		Realm: "test",
		AuthHandler: func(a *turn.RequestAttributes) (string, []byte, bool) {
			return a.Username, turn.GenerateAuthKey(a.Username, "test", "secret"), a.Username == "alice"
		},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: udp, RelayAddressGenerator: relay()}},
		ListenerConfigs:   []turn.ListenerConfig{{Listener: tcp, RelayAddressGenerator: relay()}},
		LoggerFactory:     &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return udp.LocalAddr().String()
}

func TestServer(t *testing.T) {
	t.Parallel()
	n, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	address := server(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, c := range []struct {
		uri, user, password string
		open                bool
	}{
		{"stun:" + address, "", "", true},
		{"turn:" + address, "alice", "secret", true},
		{"turn:" + address + "?transport=tcp", "alice", "secret", true},
		{"turn:" + address, "alice", "wrong", false},
		{"turn:" + address, "mallory", "secret", false},
		{"turns:" + address + "?transport=udp", "alice", "secret", false},
		{"http://" + address, "", "", false},
		{"", "", "", false},
	} {
		took, err := Server(ctx, n, c.uri, c.user, c.password)
		if (err == nil) != c.open || c.open && took <= 0 {
			t.Errorf("%s as %s: %v, %v", c.uri, c.user, took, err)
		}
	}
	if _, err := STUN(ctx, n, "tcp", address, Credentials{}); err != nil {
		t.Errorf("STUN over TCP: %v", err)
	}
}

// TestClosedWays: nobody answers, and the question ends with its context.
func TestClosedWays(t *testing.T) {
	t.Parallel()
	n, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	deaf, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	mute, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for _, uri := range []string{
		"stun:" + deaf.LocalAddr().String(), "turn:" + deaf.LocalAddr().String(),
		"turn:" + mute.Addr().String() + "?transport=tcp", "turns:" + mute.Addr().String() + "?transport=tcp",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
		_, err := Server(ctx, n, uri, "alice", "secret")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", uri, err)
		}
		cancel()
	}
	_ = mute.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := STUN(ctx, n, "tcp", mute.Addr().String(), Credentials{}); err == nil {
		t.Error("a closed port answered")
	}
}

// TestStrangeAnswers: what is no answer is passed over, and a refusal is one.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	n, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			k, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = c.WriteTo([]byte("hello"), from)
			refusal := append([]byte(nil), buf[:k]...)
			refusal[0], refusal[1] = 0x01, 0x11 // Binding error response
			_, _ = c.WriteTo(refusal, from)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = STUN(ctx, n, "udp", c.LocalAddr().String(), Credentials{Ufrag: "a", Password: "b", OwnUfrag: "c"})
	if !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
	_ = c.Close()
	<-done
}
