//go:build unix

package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed peers/kamailio.cfg
var kamailioConfig string

// kamailio is a registrar and proxy.
type kamailio struct {
	*process
	sip, tls, ws, wss, sipp int
	cert                    string
}

// kamailio starts a server; through puts media through rtpengine.
func (b *bench) kamailio(through bool) (*kamailio, error) {
	dir := b.folder("kamailio")
	p, err := b.ports(6)
	if err != nil {
		return nil, err
	}
	k := &kamailio{sip: p[0], tls: p[1], ws: p[2], wss: p[3], sipp: p[4]}
	key, cert, err := certificate(dir)
	if err != nil {
		return nil, err
	}
	k.cert = cert
	config := strings.NewReplacer("PORT_SIPP", fmt.Sprint(k.sipp), "PORT_SIP", fmt.Sprint(k.sip), "PORT_TLS", fmt.Sprint(k.tls),
		"PORT_WSS", fmt.Sprint(k.wss), "PORT_WS", fmt.Sprint(k.ws), "PORT_NG", fmt.Sprint(p[5]), "FILE_KEY", key, "FILE_CERT", cert).Replace(kamailioConfig)
	file := filepath.Join(dir, "kamailio.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	args := []string{"-DD", "-E", "-m", "64", "-M", "8", "-f", file, "-P", filepath.Join(dir, "pid"), "-Y", dir}
	if through {
		args = append(args, "-A", "RTPENGINE")
		low, err := b.ports(1)
		if err != nil {
			return nil, err
		}
		if _, err := b.start(dir, nil, "rtpengine", "--foreground", "--log-stderr", "--log-level=4", "--table=-1", "--interface=127.0.0.1",
			fmt.Sprintf("--listen-ng=127.0.0.1:%d", p[5]), fmt.Sprintf("--port-min=%d", 20000+low[0]%10000), fmt.Sprintf("--port-max=%d", 20400+low[0]%10000),
			"--pidfile="+filepath.Join(dir, "rtpengine.pid")); err != nil {
			return nil, err
		}
	}
	k.process, err = b.start(dir, nil, "kamailio", args...)
	if err != nil {
		return nil, err
	}
	return k, listening(k.ws, k.process)
}

// descriptions are the SDPs that passed the server, with the line that says
// whose they are.
func (k *kamailio) descriptions() (all [][2]string) {
	for part := range strings.SplitSeq(k.out.String(), "<<<SDP ") {
		text, _, ok := strings.Cut(part, "\n>>>SDP")
		head, sdp, two := strings.Cut(text, "\n")
		if ok && two {
			all = append(all, [2]string{strings.TrimSpace(head), strings.TrimRight(sdp, "\r\n") + "\r\n"})
		}
	}
	return all
}
