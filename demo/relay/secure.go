package relay

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/packetio"
)

func joinHostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// secure is the DTLS association of a leg (RFC 5764). It reads what the leg
// hands it and writes through the leg, so that it outlives the path it began
// on.
type secure struct {
	in    *packetio.Buffer
	write func([]byte) error
	conn  *dtls.Conn
}

// keys are the two SRTP contexts that a handshake gives.
type keys struct{ in, out *srtp.Context }

var errFingerprint = errors.New("certificate does not match the fingerprint of the offer")

// newSecure prepares the association; run does the handshake.
func newSecure(r *Relay, o *Offer, active bool, write func([]byte) error) (*secure, error) {
	s := &secure{in: packetio.NewBuffer(), write: write}
	s.in.SetLimitSize(64 << 10)
	options := []dtls.Option{
		dtls.WithCertificates(r.certificate),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithInsecureSkipVerify(true), // the fingerprint is what identifies the phone
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			return verify(o, raw)
		}),
		dtls.WithLoggerFactory(r.pionLog),
		dtls.WithFlightInterval(200 * time.Millisecond),
	}
	var err error
	pc := dtlsnet.PacketConnFromConn(dtlsPipe{s})
	if active {
		client := make([]dtls.ClientOption, len(options))
		for i, opt := range options {
			client[i] = opt
		}
		s.conn, err = dtls.ClientWithOptions(pc, pipeAddr{}, client...)
	} else {
		server := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(true)}
		for _, opt := range options {
			server = append(server, opt)
		}
		s.conn, err = dtls.ServerWithOptions(pc, pipeAddr{}, server...)
	}
	return s, err
}

// verify holds the certificate against the offer's fingerprint (RFC 8122).
func verify(o *Offer, raw [][]byte) error {
	if len(raw) == 0 {
		return errFingerprint
	}
	cert, err := x509.ParseCertificate(raw[0])
	if err != nil {
		return err
	}
	hash, err := fingerprint.HashFromString(o.hash)
	if err != nil {
		return err
	}
	print, err := fingerprint.Fingerprint(cert, hash)
	if err != nil {
		return err
	}
	if !strings.EqualFold(print, o.fingerprint) {
		return errFingerprint
	}
	return nil
}

// handshake returns the SRTP contexts.
func (s *secure) handshake(ctx context.Context, active bool) (*keys, error) {
	if err := s.conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	state, ok := s.conn.ConnectionState()
	if !ok {
		return nil, errors.New("no DTLS state")
	}
	selected, ok := s.conn.SelectedSRTPProtectionProfile()
	if !ok {
		return nil, errors.New("no SRTP profile in common")
	}
	var profile srtp.ProtectionProfile
	switch selected {
	case dtls.SRTP_AEAD_AES_128_GCM:
		profile = srtp.ProtectionProfileAeadAes128Gcm
	case dtls.SRTP_AES128_CM_HMAC_SHA1_80:
		profile = srtp.ProtectionProfileAes128CmHmacSha1_80
	default:
		return nil, fmt.Errorf("SRTP profile %v", selected)
	}
	c := srtp.Config{Profile: profile}
	if err := c.ExtractSessionKeysFromDTLS(&state, active); err != nil {
		return nil, err
	}
	in, err := srtp.CreateContext(c.Keys.RemoteMasterKey, c.Keys.RemoteMasterSalt, profile,
		srtp.SRTPReplayProtection(256), srtp.SRTCPReplayProtection(64))
	if err != nil {
		return nil, err
	}
	out, err := srtp.CreateContext(c.Keys.LocalMasterKey, c.Keys.LocalMasterSalt, profile)
	if err != nil {
		return nil, err
	}
	return &keys{in: in, out: out}, nil
}

func (s *secure) close() {
	_ = s.conn.Close()
	_ = s.in.Close()
}

// dtlsPipe is the packet pipe under the association.
type dtlsPipe struct{ s *secure }

func (p dtlsPipe) Read(b []byte) (int, error) { return p.s.in.Read(b) }
func (p dtlsPipe) Write(b []byte) (int, error) {
	// A packet that cannot go out is a lost packet: DTLS sends it again.
	_ = p.s.write(b)
	return len(b), nil
}
func (p dtlsPipe) Close() error                       { return p.s.in.Close() }
func (p dtlsPipe) LocalAddr() net.Addr                { return pipeAddr{} }
func (p dtlsPipe) RemoteAddr() net.Addr               { return pipeAddr{} }
func (p dtlsPipe) SetDeadline(t time.Time) error      { return p.s.in.SetReadDeadline(t) }
func (p dtlsPipe) SetReadDeadline(t time.Time) error  { return p.s.in.SetReadDeadline(t) }
func (p dtlsPipe) SetWriteDeadline(_ time.Time) error { return nil }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "dtls" }
func (pipeAddr) String() string  { return "leg" }
