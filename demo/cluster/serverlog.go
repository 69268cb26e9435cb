package cluster

import (
	"errors"
	"fmt"
	"strings"
)

// serverLog takes the embedded server's log into the platform's.
type serverLog struct{ n *Node }

// refusals are the errors by which nodes keep each other out, with what is to be done.
// What strangers can bring about, too, ends nothing.
var refusals = []struct {
	sign, text string
	forGood    bool
}{
	{"duplicate name", "another node of the cluster has the name that --node gives: each needs its own", true},
	{"Authorization Violation", "--cluster-secret must be the same on all nodes", false},
	{"TLS", "nodes must trust each other's certificates: look at --cluster-tls", false},
}

// Errorf is for server.Logger. What keeps this node out of the cluster for good ends
// the waiting for it.
func (l *serverLog) Errorf(format string, v ...any) {
	text, remedy := fmt.Sprintf(format, v...), ""
	for _, r := range refusals {
		if !strings.Contains(text, r.sign) {
			continue
		}
		remedy = r.text
		if r.forGood {
			l.n.refuse(errors.New(r.text))
		}
	}
	l.n.log.Warn("cluster", "error", text, "remedy", remedy)
}

// Fatalf is for server.Logger. The server calls it where it can't go on; the platform
// then finds it not ready.
func (l *serverLog) Fatalf(format string, v ...any) {
	err := fmt.Errorf(format, v...)
	l.n.log.Error("cluster", "error", err)
	l.n.refuse(err)
}

// Warnf is for server.Logger.
func (l *serverLog) Warnf(format string, v ...any) {
	l.n.log.Warn("cluster", "error", fmt.Sprintf(format, v...))
}

// Noticef is for server.Logger.
func (l *serverLog) Noticef(format string, v ...any) {
	l.n.log.Debug("cluster", "notice", fmt.Sprintf(format, v...))
}

// Debugf is for server.Logger.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef is for server.Logger.
func (l *serverLog) Tracef(string, ...any) {}
