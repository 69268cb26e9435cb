package media

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/packetio"

	"offhook/voice/sdp"
)

const (
	// dtlsFlight is the first wait before a flight is sent again (RFC 6347,
	// section 4.2.4 says 1 s and lets a medium with a known round trip use less:
	// ICE has just measured ours).
	dtlsFlight  = 200 * time.Millisecond
	dtlsTimeout = 15 * time.Second
)

// association is one DTLS association with the peer (RFC 5764). It outlives
// ICE restarts.
type association struct {
	pipe   *dtlsPipe
	client bool
	prints []sdp.Fingerprint
	cancel context.CancelFunc
}

// same reports whether the peer's description still means this association
// (RFC 8842, section 5.5).
func (a *association) same(client bool, prints []sdp.Fingerprint) bool {
	if a == nil || a.client != client || len(a.prints) != len(prints) {
		return false
	}
	for i := range prints {
		if a.prints[i] != prints[i] {
			return false
		}
	}
	return true
}

// handshake agrees keys over the pipe.
func (a *association) handshake(ctx context.Context, cert tls.Certificate) (*dtls.Conn, *srtpKeys, error) {
	conn, err := a.dial(cert)
	if err != nil {
		return nil, nil, err
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	keys, err := keysOf(conn, a.client)
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, keys, nil
}

func (a *association) dial(cert tls.Certificate) (*dtls.Conn, error) {
	certs := dtls.WithCertificates(cert)
	profiles := dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	ems := dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret)
	flight := dtls.WithFlightInterval(dtlsFlight)
	verify := dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
		return checkFingerprint(raw, a.prints)
	})
	// The certificates are self-signed: the fingerprint is what is trusted.
	trust := dtls.WithInsecureSkipVerify(true)
	if a.client {
		return dtls.ClientWithOptions(a.pipe, a.pipe.remote(), certs, profiles, ems, flight, verify, trust)
	}
	return dtls.ServerWithOptions(a.pipe, a.pipe.remote(), certs, profiles, ems, flight, verify, trust,
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		// ICE has proven the peer's address, which is all that a cookie would do.
		dtls.WithInsecureSkipVerifyHello(true))
}

var errFingerprint = errors.New("the peer's certificate is not the one that it announced")

// checkFingerprint holds the certificate against the description (RFC 8122,
// section 5).
func checkFingerprint(raw [][]byte, prints []sdp.Fingerprint) error {
	if len(raw) == 0 {
		return errFingerprint
	}
	cert, err := x509.ParseCertificate(raw[0])
	if err != nil {
		return err
	}
	for _, p := range prints {
		algo, ok := printHash(p)
		if !ok {
			continue
		}
		got, err := fingerprint.Fingerprint(cert, algo)
		if err == nil && subtle.ConstantTimeCompare([]byte(strings.ToUpper(got)), []byte(p.Value)) == 1 {
			return nil
		}
	}
	return errFingerprint
}

// srtpKeys are the four contexts of a session: each belongs to one goroutine,
// or stands behind the link's inbound lock.
type srtpKeys struct {
	sendRTP, sendRTCP, recvRTP, recvRTCP *srtp.Context
}

func keysOf(conn *dtls.Conn, client bool) (*srtpKeys, error) {
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return nil, errors.New("no SRTP profile in common")
	}
	cfg := &srtp.Config{}
	switch chosen {
	case dtls.SRTP_AEAD_AES_128_GCM:
		cfg.Profile = srtp.ProtectionProfileAeadAes128Gcm
	case dtls.SRTP_AES128_CM_HMAC_SHA1_80:
		cfg.Profile = srtp.ProtectionProfileAes128CmHmacSha1_80
	default:
		return nil, fmt.Errorf("unknown SRTP profile %v", chosen)
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return nil, errors.New("no DTLS state")
	}
	if err := cfg.ExtractSessionKeysFromDTLS(&state, client); err != nil {
		return nil, err
	}
	k := cfg.Keys
	return newKeys(cfg.Profile, k.LocalMasterKey, k.LocalMasterSalt, k.RemoteMasterKey, k.RemoteMasterSalt)
}

// newKeys makes the contexts from key and salt of both directions.
func newKeys(p srtp.ProtectionProfile, key, salt, peerKey, peerSalt []byte) (*srtpKeys, error) {
	var k srtpKeys
	var err error
	if k.sendRTP, err = srtp.CreateContext(key, salt, p); err != nil {
		return nil, err
	}
	if k.sendRTCP, err = srtp.CreateContext(key, salt, p); err != nil {
		return nil, err
	}
	if k.recvRTP, err = srtp.CreateContext(peerKey, peerSalt, p, srtp.SRTPReplayProtection(256)); err != nil {
		return nil, err
	}
	k.recvRTCP, err = srtp.CreateContext(peerKey, peerSalt, p, srtp.SRTCPReplayProtection(64))
	return &k, err
}

// dtlsPipe is the packet connection under DTLS: what the link reads goes in,
// what DTLS writes goes out on whatever path is in use.
type dtlsPipe struct {
	in  *packetio.Buffer
	out func([]byte) (int, error)
}

func newDTLSPipe(out func([]byte) (int, error)) *dtlsPipe {
	in := packetio.NewBuffer()
	in.SetLimitSize(64 << 10)
	return &dtlsPipe{in: in, out: out}
}

type dtlsAddr struct{}

func (dtlsAddr) Network() string { return "ice" }
func (dtlsAddr) String() string  { return "peer" }

func (p *dtlsPipe) remote() net.Addr { return dtlsAddr{} }

// ReadFrom implements net.PacketConn.
func (p *dtlsPipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.in.Read(b)
	return n, dtlsAddr{}, err
}

// WriteTo implements net.PacketConn. A packet that can't be sent is one that
// was lost: DTLS sends it again.
func (p *dtlsPipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	_, _ = p.out(b)
	return len(b), nil
}

// Close implements net.PacketConn.
func (p *dtlsPipe) Close() error { return p.in.Close() }

// LocalAddr implements net.PacketConn.
func (p *dtlsPipe) LocalAddr() net.Addr { return dtlsAddr{} }

// SetDeadline implements net.PacketConn.
func (p *dtlsPipe) SetDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (p *dtlsPipe) SetReadDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }

// SetWriteDeadline implements net.PacketConn.
func (p *dtlsPipe) SetWriteDeadline(time.Time) error { return nil }
