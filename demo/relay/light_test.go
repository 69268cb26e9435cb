package relay_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"
	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4/packetio"
	"golang.org/x/net/ipv4"
)

// air carries what light phones send and hear: one socket, at which each phone has a
// loopback address of its own, 127.1.x.y, so that thousands cost the relay's machine
// little beside the relay.
type air struct {
	conn *net.UDPConn
	raw  *ipv4.PacketConn
	out  []ipv4.Message // those of the present batch
	done chan struct{}

	mu     sync.Mutex
	phones []*light
}

// airBatch is how many packets one system call takes.
const airBatch = 64

func newAir() (*air, error) {
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	a := &air{conn: conn, raw: ipv4.NewPacketConn(conn), done: make(chan struct{})}
	if err := a.raw.SetControlMessage(ipv4.FlagDst, true); err != nil {
		_ = conn.Close()
		return nil, err
	}
	go a.read()
	return a, nil
}

func (a *air) close() {
	_ = a.conn.Close()
	<-a.done
}

// join gives a phone its address.
func (a *air) join(p *light) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := len(a.phones) + 1
	a.phones = append(a.phones, p)
	p.air, p.control = a, (&ipv4.ControlMessage{Src: net.IPv4(127, 1, byte(i>>8), byte(i))}).Marshal()
}

// phone returns the phone with an address.
func (a *air) phone(at net.IP) *light {
	at = at.To4()
	a.mu.Lock()
	defer a.mu.Unlock()
	if at == nil || at[1] != 1 {
		return nil
	}
	if i := int(at[2])<<8 | int(at[3]); i > 0 && i <= len(a.phones) {
		return a.phones[i-1]
	}
	return nil
}

func (a *air) read() {
	defer close(a.done)
	list := make([]ipv4.Message, airBatch)
	for i := range list {
		list[i].Buffers, list[i].OOB = [][]byte{make([]byte, 2048)}, ipv4.NewControlMessage(ipv4.FlagDst)
	}
	for {
		n, err := a.raw.ReadBatch(list, 0)
		if err != nil {
			return
		}
		for _, m := range list[:n] {
			var to ipv4.ControlMessage
			if to.Parse(m.OOB[:m.NN]) != nil {
				continue
			}
			if p := a.phone(to.Dst); p != nil {
				p.take(m.Buffers[0][:m.N])
			}
		}
	}
}

// flush sends what is in the batch.
func (a *air) flush() error {
	for rest := a.out; len(rest) > 0; {
		n, err := a.raw.WriteBatch(rest, 0)
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	a.out = a.out[:0]
	return nil
}

// light is the least a phone can be: one ICE check, one DTLS handshake, and
// packets of noise. A benchmark can have thousands.
type light struct {
	air      *air
	control  []byte
	remote   *net.UDPAddr
	ufrag    string
	pwd      string
	dtls     *packetio.Buffer
	checked  chan struct{}
	once     sync.Once
	out      *srtp.Context
	seq      uint16
	sent     uint64
	received atomic.Uint64
	plain    []byte
	cipher   []byte
}

// lightIdentity is the certificate of all light phones.
type lightIdentity struct {
	cert  tls.Certificate
	print string
}

func newLightIdentity() (lightIdentity, error) {
	cert, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return lightIdentity{}, err
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return lightIdentity{}, err
	}
	print, err := fingerprint.Fingerprint(leaf, crypto.SHA256)
	return lightIdentity{cert, print}, err
}

func newLight(a *air) *light {
	p := &light{
		ufrag: fmt.Sprintf("u%08x", rand.Uint32()), pwd: fmt.Sprintf("p%032x", rand.Uint64()),
		dtls: packetio.NewBuffer(), checked: make(chan struct{}),
		plain: make([]byte, 0, 200), cipher: make([]byte, 0, 300),
	}
	a.join(p)
	return p
}

// write sends one packet.
func (p *light) write(b []byte) (int, error) {
	n, _, err := p.air.conn.WriteMsgUDP(b, p.control, p.remote)
	return n, err
}

func (p *light) offer(id lightIdentity) string {
	return strings.Join([]string{
		"v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0",
		"m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=mid:0", "a=rtcp-mux", "a=sendrecv",
		"a=ice-ufrag:" + p.ufrag, "a=ice-pwd:" + p.pwd, "a=fingerprint:sha-256 " + id.print, "a=setup:active",
		"a=rtpmap:111 opus/48000/2", "",
	}, "\r\n")
}

var answerLine = regexp.MustCompile(`a=(ice-ufrag|ice-pwd):(\S+)|a=candidate:\S+ 1 udp \d+ (\S+) (\d+)`)

// connect runs ICE and DTLS.
func (p *light) connect(id lightIdentity, answer string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var ufrag, pwd string
	for _, m := range answerLine.FindAllStringSubmatch(answer, -1) {
		switch {
		case m[1] == "ice-ufrag":
			ufrag = m[2]
		case m[1] == "ice-pwd":
			pwd = m[2]
		default:
			addr, err := net.ResolveUDPAddr("udp", m[3]+":"+m[4])
			if err != nil {
				return err
			}
			p.remote = addr
		}
	}
	check := func() error {
		m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(ufrag+":"+p.ufrag),
			ice.AttrControlling(1), ice.PriorityAttr(1<<24), ice.UseCandidate(),
			stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
		if err != nil {
			return err
		}
		_, err = p.write(m.Raw)
		return err
	}
	for checked := false; !checked; {
		if err := check(); err != nil {
			return err
		}
		select {
		case <-p.checked:
			checked = true
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c, err := dtls.ClientWithOptions(dtlsnet.PacketConnFromConn(lightPipe{p}), p.remote,
		dtls.WithCertificates(id.cert), dtls.WithInsecureSkipVerify(true),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM))
	if err != nil {
		return err
	}
	if err := c.HandshakeContext(ctx); err != nil {
		return err
	}
	state, _ := c.ConnectionState()
	k := srtp.Config{Profile: srtp.ProtectionProfileAeadAes128Gcm}
	if err := k.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		return err
	}
	p.out, err = srtp.CreateContext(k.Keys.LocalMasterKey, k.Keys.LocalMasterSalt, k.Profile)
	return err
}

func (p *light) take(b []byte) {
	switch {
	case len(b) == 0:
	case b[0] < 4:
		p.once.Do(func() { close(p.checked) })
	case b[0] >= 128:
		p.received.Add(1)
	default:
		_, _ = p.dtls.Write(b)
	}
}

// send puts one packet of 20 ms into the batch, which it sends when it is full.
func (p *light) send() error {
	p.seq++
	h := rtp.Header{Version: 2, PayloadType: 111, SequenceNumber: p.seq, Timestamp: uint32(p.seq) * 960, SSRC: 1}
	b := p.plain[:72]
	if _, err := h.MarshalTo(b); err != nil {
		return err
	}
	b[12] = 0x78 // one frame of 20 ms of Opus, as a recording of it sees
	out, err := p.out.EncryptRTP(p.cipher[:0], b, &h)
	if err != nil {
		return err
	}
	p.cipher = out
	p.sent++
	a := p.air
	a.out = append(a.out, ipv4.Message{Buffers: [][]byte{out}, OOB: p.control, Addr: p.remote})
	if len(a.out) < airBatch {
		return nil
	}
	return a.flush()
}

func (p *light) close() { _ = p.dtls.Close() }

type lightPipe struct{ p *light }

func (l lightPipe) Read(b []byte) (int, error)         { return l.p.dtls.Read(b) }
func (l lightPipe) Write(b []byte) (int, error)        { return l.p.write(b) }
func (l lightPipe) Close() error                       { return nil }
func (l lightPipe) LocalAddr() net.Addr                { return l.p.air.conn.LocalAddr() }
func (l lightPipe) RemoteAddr() net.Addr               { return l.p.remote }
func (l lightPipe) SetDeadline(t time.Time) error      { return l.p.dtls.SetReadDeadline(t) }
func (l lightPipe) SetReadDeadline(t time.Time) error  { return l.p.dtls.SetReadDeadline(t) }
func (l lightPipe) SetWriteDeadline(_ time.Time) error { return nil }
