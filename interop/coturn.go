package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// coturnRows are calls of which the browser's media may only go through a TURN
// server.
func coturnRows() []row {
	story := func(way, url string) row {
		what := "relay only over " + way + ": call, sound both ways"
		return row{"coturn, JsSIP in Chromium", what, []string{"kamailio", "chromium", "turnserver"}, func(b *bench) error {
			dir := b.folder("coturn")
			p, err := ports(2)
			if err != nil {
				return err
			}
			key, cert, err := certificate(dir)
			if err != nil {
				return err
			}
			turn, err := b.start(dir, nil, "turnserver", "-n", "--no-cli", "--log-file=stdout", "--lt-cred-mech", "--realm=lab.test", "--user=web:secret", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1",
				fmt.Sprintf("--listening-port=%d", p[0]), fmt.Sprintf("--tls-listening-port=%d", p[1]), "--cert="+cert, "--pkey="+key, "--allow-loopback-peers",
				"--min-port=41000", "--max-port=41999", "--pidfile="+filepath.Join(dir, "pid"), "--userdb="+filepath.Join(dir, "db"))
			if err != nil {
				return err
			}
			if err := listening(p[0], turn); err != nil {
				return err
			}
			k, err := b.kamailio(false)
			if err != nil {
				return err
			}
			server := strings.NewReplacer("PORT", fmt.Sprint(p[0]), "SECURE", fmt.Sprint(p[1])).Replace(url)
			var s pair
			s.k = k
			if s.w, err = b.webPhone(webAccount{user: "web", domain: "lab.test", password: "secret", ws: fmt.Sprintf("ws://127.0.0.1:%d", k.ws), relay: true,
				ice: []map[string]string{{"urls": server, "username": "web", "credential": "secret"}}}); err != nil {
				return err
			}
			if s.p, err = b.phone("desk", fmt.Sprintf("ws://127.0.0.1:%d", k.ws), k); err != nil {
				return err
			}
			defer func() { b.collect("coturn", what, k) }()
			return steps(s.called, func() error {
				var pair string
				if err := s.w.call(&pair, "pair"); err != nil {
					return err
				}
				if !strings.HasPrefix(pair, "relay") {
					return fmt.Errorf("the browser's end of the path is %q", pair)
				}
				return nil
			}, s.hungUpHere)
		}}
	}
	return []row{
		story("UDP", "turn:127.0.0.1:PORT?transport=udp"),
		story("TCP", "turn:127.0.0.1:PORT?transport=tcp"),
		story("TLS", "turns:127.0.0.1:SECURE?transport=tcp"),
	}
}
