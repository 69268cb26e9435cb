package demo

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"offhook/demo/backend"
	"offhook/demo/cluster"
	"offhook/demo/platform"
	"offhook/demo/relay/relaytest"
	"offhook/demo/store"
	"offhook/voice/wire"
)

// oneCluster has one test at a time run a cluster: three nodes elect leaders by the
// clock, and a busy machine with several clusters elects without end.
var oneCluster sync.Mutex

func lockCluster(t *testing.T) {
	oneCluster.Lock()
	t.Cleanup(oneCluster.Unlock)
}

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
		cfg := Config{Accounts: []platform.Account{{SID: DemoAccount, Exophone: DemoExophone, VoIP: true, APIKey: "key", APIToken: "token"}}, Users: DemoUsers(), DataDir: t.TempDir(), Cluster: cluster.Config{Name: "test", ID: fmt.Sprint("n", i+1), Listen: peers[i], Peers: peers}}
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
	lockCluster(t)
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

// What is known of users and subscribers is the same on all nodes: who was added at
// one signs in at another, and goes on with the tokens at a third. Whose rights end at
// one has none at the others.
func TestUsersAreShared(t *testing.T) {
	t.Parallel()
	lockCluster(t)
	nodes := startNodes(t, nil)
	if err := nodes[0].Backend().Users().Add(t.Context(), backend.User{Name: "dave", Password: DemoPassword}); err != nil {
		t.Fatal(err)
	}
	var dave *phone
	for dave == nil { // the change is on its way to the second node
		ph := newPhone(t, nodes[1], "dave")
		if a := ph.login(DemoPassword); a.status == http.StatusOK {
			dave = ph
		} else if a.status != http.StatusForbidden && a.status != http.StatusTooManyRequests {
			t.Fatalf("login: %d %s", a.status, a.body)
		}
	}
	socket, _ := dave.openPush()
	moved := *dave
	moved.url, moved.host = nodes[2].URL(), nodes[2].URL()+"/v2"
	password := func(ph *phone) string {
		var profile struct {
			Password string `json:"sip_password"`
		}
		for {
			if a := ph.do(http.MethodGet, ph.voice("profile"), ph.access, nil); a.status == http.StatusOK {
				a.data(t, &profile)
				return profile.Password
			} else if a.status != http.StatusUnauthorized {
				t.Fatalf("profile: %d %s", a.status, a.body)
			}
		}
	}
	if one, other := password(dave), password(&moved); one != other || one == "" {
		t.Error("the nodes know different passwords")
	}
	if err := nodes[2].Backend().Users().Revoke(t.Context(), "dave"); err != nil {
		t.Fatal(err)
	}
	var rest frame
	for rest.Type == "" || rest.Type == wire.FrameAgents {
		rest = frame{}
		if err := readFrame(socket, &rest); err != nil {
			if code := websocket.CloseStatus(err); code != wire.CloseRefused {
				t.Errorf("the socket closes with %d: %v", code, err)
			}
			return
		}
	}
	t.Errorf("the socket says %+v", rest)
}

// What a platform alone has kept comes into the cluster that it joins, and another
// process changes users of a running node. A node that was away finds both.
func TestJoining(t *testing.T) {
	t.Parallel()
	lockCluster(t)
	var dirs [3]string
	for i := range dirs {
		dirs[i] = t.TempDir()
	}
	alone := startPlatform(t, Config{DataDir: dirs[0]})
	if err := alone.Backend().Users().Add(t.Context(), backend.User{Name: "erin", Password: DemoPassword}); err != nil {
		t.Fatal(err)
	}
	closePlatform(t, alone)
	inDirs := func(i int, c *Config) { c.DataDir = dirs[i] }
	nodes := startNodes(t, inDirs)
	signedIn(t, nodes[1], "erin")
	db, err := store.Open(t.Context(), dirs[1], "backend", backend.Migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := (backend.Users{DB: db}).Add(t.Context(), backend.User{Name: "frank", Password: DemoPassword}); err != nil {
		t.Fatal(err)
	}
	known := func(p *Platform) {
		for {
			users, err := p.Backend().Users().List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(users, func(u backend.User) bool { return u.Name == "frank" }) {
				return
			}
		}
	}
	known(nodes[2])
	for _, p := range nodes {
		closePlatform(t, p)
	}
	if err := mustFail(t, Config{DataDir: dirs[0]}); !strings.Contains(err.Error(), "--cluster") {
		t.Errorf("a node's folder without its cluster: %v", err)
	}
	again := startNodes(t, inDirs)
	known(again[0])
	signedIn(t, again[0], "erin")
}

// mustFail starts a platform that must not start.
func mustFail(t *testing.T, cfg Config) error {
	t.Helper()
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err = p.Start(t.Context()); err == nil {
		closePlatform(t, p)
		t.Fatal("started")
	}
	return err
}
