//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// relays are the ways to coturn; turnURL fills in the ports.
var relays = []struct{ way, url string }{
	{"UDP", "turn:127.0.0.1:PORT?transport=udp"},
	{"TCP", "turn:127.0.0.1:PORT?transport=tcp"},
	{"TLS", "turns:127.0.0.1:SECURE?transport=tcp"},
}

// coturn starts a TURN server with the certificate of k and returns what fills
// in its ports.
func (b *bench) coturn(k *kamailio) (*strings.Replacer, error) {
	dir := b.folder("coturn")
	p, err := b.ports(2)
	if err != nil {
		return nil, err
	}
	turn, err := b.start(dir, nil, "turnserver", "-n", "--no-cli", "--log-file=stdout", "--lt-cred-mech", "--realm=lab.test", "--user=web:secret", "--listening-ip=127.0.0.1", "--relay-ip="+relayAddress(),
		fmt.Sprintf("--listening-port=%d", p[0]), fmt.Sprintf("--tls-listening-port=%d", p[1]), "--cert="+k.cert, "--pkey="+filepath.Join(filepath.Dir(k.cert), "key.pem"), "--allow-loopback-peers",
		"--min-port=31000", "--max-port=31999", "--pidfile="+filepath.Join(dir, "pid"), "--userdb="+filepath.Join(dir, "db"))
	if err != nil {
		return nil, err
	}
	return strings.NewReplacer("PORT", fmt.Sprint(p[0]), "SECURE", fmt.Sprint(p[1])), listening(p[0], turn)
}

// relayAddress is where coturn relays: this machine's address beside loopback,
// at which the browser is, if there is one.
func relayAddress() string {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP.String()
		}
	}
	return "127.0.0.1"
}

// coturnRows are calls of which the media of one side may only go through a TURN
// server: the browser's, then the phone's.
func coturnRows() []row {
	story := func(peer, what, url string, browser bool, parts ...func(pair) error) row {
		return row{peer, what, []string{"kamailio", "chromium", "turnserver"}, func(b *bench) error {
			k, err := b.kamailio(false)
			if err != nil {
				return err
			}
			defer func() { b.collect(peer, what, k) }()
			at, err := b.coturn(k)
			if err != nil {
				return err
			}
			server, ws := at.Replace(url), fmt.Sprintf("ws://127.0.0.1:%d", k.ws)
			web := webAccount{user: "web", domain: "lab.test", password: "secret", ws: ws}
			var phone []string
			if browser {
				web.relay, web.ice = true, []map[string]string{{"urls": server, "username": "web", "credential": "secret"}}
			} else {
				password := filepath.Join(b.folder("turn"), "password")
				if err := os.WriteFile(password, []byte("secret"), 0o600); err != nil {
					return err
				}
				phone = []string{"--ice-server", server, "--ice-user", "web", "--ice-password-file", password, "--relay-only"}
			}
			s := pair{k: k}
			if s.w, err = b.webPhone(web); err != nil {
				return err
			}
			if s.p, err = b.phone("desk", ws, k, phone...); err != nil {
				return err
			}
			for _, part := range parts {
				if err := part(s); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	// relayed checks one end of the path that the browser has chosen.
	relayed := func(end, whose string) func(pair) error {
		return func(s pair) error {
			var kind string
			if err := s.w.call(&kind, end); err != nil {
				return err
			}
			if !strings.HasPrefix(kind, "relay") {
				return fmt.Errorf("%s end of the path is %q", whose, kind)
			}
			return nil
		}
	}
	var rows []row
	for _, r := range relays {
		rows = append(rows, story("coturn, JsSIP in Chromium", "relay only over "+r.way+": call, sound both ways", r.url, true,
			pair.called, relayed("pair", "the browser's"), pair.hungUpHere))
	}
	for _, r := range relays {
		rows = append(rows, story("coturn, the phone relay only", r.way+": call and be called, sound both ways", r.url, false,
			pair.dialled, relayed("far", "the phone's"), pair.hungUpHere, pair.called, relayed("far", "the phone's"), pair.hungUpThere))
	}
	return rows
}
