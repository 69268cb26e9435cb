package diagnosis

import (
	"crypto/x509"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// publicRoots are the authorities that browsers trust (Mozilla's list). They
// only tell a public certificate from a company's own; what is trusted is the
// system's store.
var publicRoots = sync.OnceValue(func() *x509.CertPool {
	pool := x509.NewCertPool()
	for r := range bundle.Roots() {
		if c, err := x509.ParseCertificate(r.Certificate); err == nil {
			pool.AddCert(c)
		}
	}
	return pool
})

// publiclyTrusted reports whether a server's certificates lead to a public
// authority. Where they do not, although this machine trusts them, somebody
// installed an authority here: the company, for its own servers or to inspect
// what passes.
func publiclyTrusted(chain []*x509.Certificate) bool {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: publicRoots(), Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}

// issuerOf names who issued a certificate.
func issuerOf(c *x509.Certificate) string {
	for _, s := range append(append([]string{}, c.Issuer.Organization...), c.Issuer.CommonName) {
		if s != "" {
			return s
		}
	}
	return "an unnamed authority"
}
