package media

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/srtp/v3"

	"offhook/internal/crash"
	"offhook/voice/sdp"
)

// handshakeLimit is how long the keys may take to be agreed.
const handshakeLimit = 15 * time.Second

// plainDTLS is one DTLS association on a plain link's socket, for a peer that offers
// DTLS-SRTP without ICE (RFC 5763; some SIP servers do).
type plainDTLS struct {
	prints []sdp.Fingerprint // the peer's
	setup  string            // our side: "active" or "passive"
	wire   *iceWire
	cancel context.CancelFunc
}

// dtlsWithoutICE reports whether a section wants keys by DTLS on the bare socket.
func dtlsWithoutICE(m *sdp.Media) bool { return m.Secure() && m.Ufrag == "" }

// isDTLS tells DTLS from RTP and STUN by the first byte (RFC 7983).
func isDTLS(b []byte) bool { return len(b) > 0 && b[0] >= 20 && b[0] <= 63 }

// describeDTLS writes our certificate into a section. It is made when first wanted.
func (l *plainLink) describeDTLS(ours *sdp.Media) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.certificate == nil {
		made, err := selfsign.GenerateSelfSigned()
		if err != nil {
			return err
		}
		leaf, err := x509.ParseCertificate(made.Certificate[0])
		if err != nil {
			return err
		}
		print, err := fingerprint.Fingerprint(leaf, crypto.SHA256)
		if err != nil {
			return err
		}
		l.certificate = &made
		l.print = sdp.Fingerprint{Hash: "sha-256", Value: strings.ToUpper(print)}
	}
	ours.Fingerprints, ours.RTCPMux, ours.RTCPPort = []sdp.Fingerprint{l.print}, true, 0
	return nil
}

// connectDTLS takes up the peer's end. The association goes on if the peer's
// certificate is the same, else another begins. ours is our answer, nil if the peer's
// section is one.
func (l *plainLink) connectDTLS(peer *sdp.Description, theirs, ours *sdp.Media) error {
	l.mu.Lock()
	d := l.dtls
	l.peerProto = theirs.Proto
	l.mu.Unlock()
	anew := d == nil || !slices.ContainsFunc(d.prints, func(f sdp.Fingerprint) bool { return slices.Contains(theirs.Fingerprints, f) })
	if anew {
		d = &plainDTLS{prints: theirs.Fingerprints, setup: "active", wire: newICEWire(l.media)}
		if theirs.Setup == "active" || ours == nil && theirs.Setup != "passive" {
			d.setup = "passive"
		}
		l.keyless.Store(true) // from now on, nothing goes out in clear text
	}
	if ours != nil {
		ours.Setup = d.setup
	}
	if err := l.connect(peer, theirs, sdp.Crypto{}, sdp.Crypto{}, nil, ours == nil); err != nil {
		return err
	}
	if anew {
		l.beginDTLS(d)
	}
	return nil
}

// beginDTLS takes up an association: nothing goes out or comes in before it has its
// keys.
func (l *plainLink) beginDTLS(d *plainDTLS) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeLimit)
	d.cancel = cancel
	l.mu.Lock()
	old, closed := l.dtls, l.closed
	renewals := l.renewals
	if !closed {
		if l.dtls = d; old != nil {
			l.renewals++
			renewals++
		}
		l.keyless.Store(true)
		l.sendBy.Store(nil)
		l.receiveBy.Store(nil)
		l.tasks.Go(func() {
			defer crash.Guard()
			defer cancel()
			l.agreeKeys(ctx, d, renewals)
		})
	}
	l.mu.Unlock()
	if closed {
		cancel()
	}
	if old != nil {
		old.end()
	}
}

func (d *plainDTLS) end() {
	d.cancel()
	_ = d.wire.Close()
}

// agreeKeys runs the handshake and puts its keys into force.
func (l *plainLink) agreeKeys(ctx context.Context, d *plainDTLS, renewals int) {
	stop := context.AfterFunc(ctx, crash.Guarded(func() { _ = d.wire.Close() }))
	out, in, err := l.handshake(ctx, d)
	stop()
	l.mu.Lock()
	current := l.dtls == d && !l.closed
	if current && err == nil {
		l.sendBy.Store(out)
		l.receiveBy.Store(in)
		l.keyless.Store(false)
	}
	l.mu.Unlock()
	switch {
	case !current:
	case err != nil:
		l.cfg.Logger.Warn("media: no keys by DTLS", "error", err)
		l.h.state(Failed, ErrHandshake)
	default:
		l.h.secured(Security{Keys: KeysDTLS, Renewals: renewals})
		l.h.state(Connected, nil)
	}
}

func (l *plainLink) handshake(ctx context.Context, d *plainDTLS) (*sendKeys, *receiveKeys, error) {
	to := l.mediaTo.Load()
	if to == nil {
		return nil, nil, ErrPathLost
	}
	both := []dtls.Option{
		dtls.WithCertificates(*l.certificate), dtls.WithInsecureSkipVerify(true),
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error { return verifyPrint(raw, d.prints) }),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithFlightInterval(dtlsFlight), dtls.WithLoggerFactory(quiet{}),
	}
	conn, err := associate(d, net.UDPAddrFromAddrPort(*to), both)
	if err != nil {
		return nil, nil, err
	}
	// The association has done its work with the keys; the socket is the link's.
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	d.keep(conn)
	chosen, _ := conn.SelectedSRTPProtectionProfile()
	profile := srtp.ProtectionProfileAes128CmHmacSha1_80
	if chosen == dtls.SRTP_AEAD_AES_128_GCM {
		profile = srtp.ProtectionProfileAeadAes128Gcm
	}
	state, ok := conn.ConnectionState()
	keys := srtp.Config{Profile: profile}
	if !ok {
		return nil, nil, errors.New("no state after the handshake")
	}
	if err := keys.ExtractSessionKeysFromDTLS(&state, d.setup == "active"); err != nil {
		return nil, nil, err
	}
	return contextsOf(profile, keys.Keys)
}

// associate makes the client's or the server's side of an association, as the
// descriptions have agreed (RFC 8842, section 5).
func associate(d *plainDTLS, to net.Addr, both []dtls.Option) (*dtls.Conn, error) {
	if d.setup == "active" {
		client := make([]dtls.ClientOption, len(both))
		for i, o := range both {
			client[i] = o
		}
		return dtls.ClientWithOptions(d.wire, to, client...)
	}
	server := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert)}
	for _, o := range both {
		server = append(server, o)
	}
	return dtls.ServerWithOptions(d.wire, to, server...)
}

// keep lets the association answer what the peer sends again, until its wire ends.
func (d *plainDTLS) keep(conn *dtls.Conn) {
	go func() {
		defer crash.Guard()
		b := make([]byte, readSize)
		for {
			if _, err := conn.Read(b); err != nil {
				_ = conn.Close()
				return
			}
		}
	}()
}

func contextsOf(p srtp.ProtectionProfile, k srtp.SessionKeys) (*sendKeys, *receiveKeys, error) {
	var made [4]*srtp.Context
	var errs [4]error
	made[0], errs[0] = srtp.CreateContext(k.LocalMasterKey, k.LocalMasterSalt, p)
	made[1], errs[1] = srtp.CreateContext(k.LocalMasterKey, k.LocalMasterSalt, p)
	made[2], errs[2] = srtp.CreateContext(k.RemoteMasterKey, k.RemoteMasterSalt, p, srtp.SRTPReplayProtection(256))
	made[3], errs[3] = srtp.CreateContext(k.RemoteMasterKey, k.RemoteMasterSalt, p, srtp.SRTCPReplayProtection(64))
	return &sendKeys{made[0], made[1]}, &receiveKeys{made[2], made[3]}, errors.Join(errs[:]...)
}

// verifyPrint checks the peer's certificate against what its description says (RFC
// 8122, section 5).
func verifyPrint(raw [][]byte, prints []sdp.Fingerprint) error {
	if len(raw) == 0 {
		return fmt.Errorf("%w: no certificate", ErrHandshake)
	}
	for _, f := range prints {
		var sum []byte
		switch f.Hash {
		case "sha-256":
			s := sha256.Sum256(raw[0])
			sum = s[:]
		case "sha-384":
			s := sha512.Sum384(raw[0])
			sum = s[:]
		case "sha-512":
			s := sha512.Sum512(raw[0])
			sum = s[:]
		default:
			continue
		}
		if strings.EqualFold(strings.ReplaceAll(f.Value, ":", ""), hex.EncodeToString(sum)) {
			return nil
		}
	}
	return fmt.Errorf("%w: the certificate is another than was described", ErrHandshake)
}
