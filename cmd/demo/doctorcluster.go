package main

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// checkCluster says how many nodes of the cluster can be reached from here.
func (s *settings) checkCluster(ctx context.Context) finding {
	const check = "cluster"
	c := s.Cluster
	switch {
	case c.URL != "":
		return pass(check, "NATS is the operator's.")
	case c.Name == "":
		return pass(check, "This platform is alone.")
	}
	if err := c.CheckFiles(); err != nil {
		return fail(check, err.Error()+".", "Make the file readable for the user that runs the platform, and correct it.")
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var silent []string
	for _, peer := range c.Peers {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", peer)
		if err != nil {
			silent = append(silent, peer)
			continue
		}
		_ = conn.Close()
	}
	there := fmt.Sprintf("%d of %d nodes answer", len(c.Peers)-len(silent), len(c.Peers))
	switch most := len(c.Peers)/2 + 1; {
	case len(silent) == 0:
		return pass(check, there+".")
	case len(c.Peers)-len(silent) >= most:
		return warn(check, there+"; not "+strings.Join(silent, ", ")+".", "One of them may be this node, if it does not run; else start it, or check the network.")
	default:
		return warn(check, there+": a cluster needs most of its nodes to keep anything.", "That is right before the first start; else check the network between the nodes.")
	}
}
