package demo

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"sync"
	"time"
)

// trustSelf makes a client configuration that takes the platform's own
// certificates as well as those of the system. The hats reach each other by a
// loopback address, for which no certificate is written, so the name is not
// compared for a certificate that is in the file.
func trustSelf(certFile string) (*tls.Config, error) {
	if _, err := os.Stat(certFile); err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// VerifyConnection below does the verification instead.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			leaf := state.PeerCertificates[0]
			if own(certFile, leaf) {
				return nil
			}
			rest := x509.NewCertPool()
			for _, c := range state.PeerCertificates[1:] {
				rest.AddCert(c)
			}
			_, err := leaf.Verify(x509.VerifyOptions{DNSName: state.ServerName, Intermediates: rest})
			return err
		},
	}, nil
}

// own tells whether leaf is the first certificate of the file.
func own(certFile string, leaf *x509.Certificate) bool {
	text, err := os.ReadFile(certFile)
	if err != nil {
		return false
	}
	block, _ := pem.Decode(text)
	return block != nil && block.Type == "CERTIFICATE" && bytes.Equal(block.Bytes, leaf.Raw)
}

// certificateFiles gives out the certificate in two files, and takes it up anew
// when they change, so that a renewed one needs no restart.
type certificateFiles struct {
	cert, key string

	mu     sync.Mutex
	loaded *tls.Certificate // guarded by mu, as is age
	age    [2]time.Time
}

// get implements tls.Config's GetCertificate. While the files are being
// exchanged, and don't fit each other, the old certificate stays.
func (c *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var age [2]time.Time
	for i, file := range []string{c.cert, c.key} {
		if info, err := os.Stat(file); err == nil {
			age[i] = info.ModTime()
		}
	}
	if c.loaded != nil && age == c.age {
		return c.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		if c.loaded != nil {
			return c.loaded, nil
		}
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	c.loaded, c.age = &pair, age
	return c.loaded, nil
}
