package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"offhook/voice/cleartext"
)

// Config says how a platform shares what it keeps. The zero value is a platform
// alone, in memory.
type Config struct {
	// Name is the cluster's, the same on all its nodes; "" means a platform alone.
	// Streams and subjects begin with it.
	Name string
	// ID names this node; no two nodes of a cluster may have the same.
	ID string
	// Listen is the TCP address to which the other nodes connect, Peers are those of
	// all nodes as they reach each other: three or more.
	Listen string
	Peers  []string
	// URL is a NATS server that the operator runs, which is used instead of an
	// embedded one.
	URL string
	// TLSFile is a PEM file with this node's certificate, its key and the certificates
	// of those who may have signed another node's. "" means that nodes speak clear
	// text to each other.
	TLSFile string
	// SecretFile holds what nodes must know to be let in.
	SecretFile string
	// AllowClearText lets nodes on different computers do without TLS.
	AllowClearText bool
	// Dir keeps the streams; "" means memory.
	Dir string
	// Logger may be nil.
	Logger *slog.Logger
}

// leastNodes is how many nodes a cluster has at least: of two, neither could go on
// once the other is gone.
const leastNodes = 3

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// Check returns an error that names the flag that is wrong or missing.
func (c *Config) Check() error {
	switch {
	case c.Name == "" && c.URL == "":
		for _, flag := range []struct {
			name  string
			given bool
		}{{"node", c.ID != ""}, {"cluster-listen", c.Listen != ""}, {"peers", len(c.Peers) > 0}, {"cluster-tls", c.TLSFile != ""}, {"cluster-secret", c.SecretFile != ""}} {
			if flag.given {
				return fmt.Errorf("--%s is of use with --cluster only: give the cluster a name, the same on all nodes", flag.name)
			}
		}
		return nil
	case c.Name != "" && !nameForm.MatchString(c.Name):
		return errors.New("--cluster must be 1 to 32 letters, digits, - and _")
	case !nameForm.MatchString(c.ID):
		return errors.New("--node must name this node by 1 to 32 letters, digits, - and _, differently from every other node of the cluster")
	case c.URL != "":
		return c.checkURL()
	case c.Listen == "":
		return errors.New("--cluster-listen is missing: the address to which the other nodes connect, such as 192.0.2.10:6222")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("--cluster-listen: %q is not HOST:PORT", c.Listen)
	}
	if len(c.Peers) < leastNodes {
		return fmt.Errorf("--peers must name all nodes, this one included, and there must be at least %d: of two, neither could go on without the other", leastNodes)
	}
	for i, peer := range c.Peers {
		host, port, err := net.SplitHostPort(peer)
		switch {
		case err != nil || host == "" || port == "":
			return fmt.Errorf("--peers: %q is not HOST:PORT", peer)
		case slices.Contains(c.Peers[:i], peer):
			return fmt.Errorf("--peers names %s twice", peer)
		case c.TLSFile == "" && cleartext.Check("nats", host, c.AllowClearText) != nil:
			return fmt.Errorf("--peers: %s is another computer and what nodes tell each other could be read on the way: give --cluster-tls, or --cluster-clear-text if the network between them is yours alone", peer)
		case c.TLSFile == "" && c.SecretFile == "" && !cleartext.Loopback(host):
			return errors.New("--cluster-secret is missing: without it, or --cluster-tls, whatever reaches --cluster-listen would be a node")
		}
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	if c.TLSFile == "" && c.SecretFile == "" && !cleartext.Loopback(host) {
		return errors.New("--cluster-listen is open to other computers: give --cluster-secret or --cluster-tls, or listen on 127.0.0.1")
	}
	return nil
}

func (c *Config) checkURL() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme):
		return errors.New("--nats must be nats://HOST:PORT or tls://HOST:PORT")
	case c.Listen != "" || len(c.Peers) > 0:
		return errors.New("--nats uses a server that is there: leave --cluster-listen and --peers out")
	case cleartext.CheckURL(u, c.AllowClearText) != nil:
		return fmt.Errorf("--nats: %s is another computer: use tls://, or --cluster-clear-text if the network to it is yours alone", u.Host)
	}
	return nil
}

// CheckFiles returns an error that names the file that can't be used.
func (c *Config) CheckFiles() error {
	_, err := c.secret()
	_, tlsErr := c.tls()
	return errors.Join(err, tlsErr)
}

// secret is what nodes show each other, "" for nothing.
func (c *Config) secret() (string, error) {
	if c.SecretFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return "", fmt.Errorf("--cluster-secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if len(secret) < leastSecret {
		return "", fmt.Errorf("--cluster-secret: %s must hold at least %d characters", c.SecretFile, leastSecret)
	}
	return secret, nil
}

const leastSecret = 16

// tls is how nodes speak to each other, nil for clear text. Each shows its
// certificate.
func (c *Config) tls() (*tls.Config, error) {
	if c.TLSFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.TLSFile)
	if err != nil {
		return nil, fmt.Errorf("--cluster-tls: %w", err)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("--cluster-tls: %s: %w", c.TLSFile, err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(text)
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair},
		RootCAs: trusted, ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert,
	}, nil
}
