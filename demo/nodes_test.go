package demo

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket/wsjson"

	"offhook/demo/cluster"
	"offhook/demo/relay/relaytest"
	"offhook/voice/wire"
)

// startNodes runs a cluster of three.
func startNodes(t *testing.T, change func(i int, c *Config)) [3]*Platform {
	t.Helper()
	var nodes [3]*Platform
	var peers []string
	for range nodes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		peers = append(peers, l.Addr().String())
		l.Close()
	}
	var starting sync.WaitGroup
	for i := range nodes {
		cfg := Config{Cluster: cluster.Config{Name: "test", ID: fmt.Sprint("n", i+1), Listen: peers[i], Peers: peers}}
		if change != nil {
			change(i, &cfg)
		}
		p, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		nodes[i] = p
		starting.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := p.Start(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	t.Cleanup(func() {
		for _, p := range nodes {
			closePlatform(t, p)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return nodes
}

// A phone of one node is rung by a call that began at another, once, and what it has
// acknowledged does not come again at a third.
func TestRungAcrossNodes(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, func(_ int, c *Config) { c.RingLimit = time.Second })
	alice, bob := signedIn(t, nodes[0], "alice"), signedIn(t, nodes[1], "bob")
	socket, _ := bob.openPush()
	alice.do(http.MethodPost, alice.desk("alice", "context"), alice.access, map[string]string{"dialToNumber": "sip:bob"})
	var calling sync.WaitGroup
	defer calling.Wait()
	calls := func() {
		call, offer := alice.dial(t), relaytest.New(t, relaytest.Options{}).Offer(false)
		calling.Go(func() {
			if res := call.call(offer); res.StatusCode != 480 {
				t.Errorf("the call ends with %d", res.StatusCode)
			}
		})
	}
	calls()
	f := bob.next(socket)
	if f.Type != wire.FrameMessage || f.Data.SubscriberName != "bob" || f.Data.Payload == "" {
		t.Fatalf("%+v", f)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := wsjson.Write(ctx, socket, wire.AckFrame{Type: wire.FrameAck, ID: f.ID}); err != nil {
		t.Fatal(err)
	}
	// The next message is the next call's: the first does not come twice.
	calls()
	second := bob.next(socket)
	if second.Type != wire.FrameMessage || second.ID <= f.ID {
		t.Fatalf("%+v after %+v", second, f)
	}
	// At the third node only the second waits; the older socket is told to go.
	moved := signedIn(t, nodes[2], "bob")
	last, _ := moved.openPush()
	if again := moved.next(last); again.ID != second.ID {
		t.Errorf("%+v, want %+v", again, second)
	}
	var rest frame
	if err := wsjson.Read(ctx, socket, &rest); err == nil {
		t.Errorf("the older socket is told %+v", rest)
	}
}
