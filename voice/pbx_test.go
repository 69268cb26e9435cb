package voice_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/icholy/digest"

	"offhook/voice"
)

// pbx is a registrar and stateless proxy over UDP (RFC 3261, sections 10 and
// 16.11), as small as it can be.
type pbx struct {
	t    testing.TB
	conn *net.UDPConn

	mu       sync.Mutex
	contacts map[string]*net.UDPAddr // by user
	sources  map[string]*net.UDPAddr // by the branch that was put on top
	// password is asked for by digest if it is set.
	password string
	// change, if set, sees every request before it is forwarded; nil drops it.
	change func(m *sipText) *sipText
	// answer, if set, refuses a request with a status line and headers; "" lets it
	// pass. asked counts requests by method.
	answer func(method string) (status string, more []string)
	asked  map[string]int
	// judge is answer with a look at the whole request.
	judge func(m *sipText) (status string, more []string)
	// refuse, if it is set, is the status line and further headers with which
	// every INVITE is refused.
	refuse []string
	// described is the latest description in a 2xx.
	described string
	done      chan struct{}
}

// sipText is a SIP message as lines.
type sipText struct {
	lines []string
	body  string
}

func parseText(b []byte) *sipText {
	head, body, _ := strings.Cut(string(b), "\r\n\r\n")
	return &sipText{strings.Split(head, "\r\n"), body}
}

func (m *sipText) bytes() []byte {
	return []byte(strings.Join(m.lines, "\r\n") + "\r\n\r\n" + m.body)
}

// get returns the first value of a header.
func (m *sipText) get(name string) string {
	for _, l := range m.lines[1:] {
		if n, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// top returns the index of the topmost Via.
func (m *sipText) top() int {
	for i, l := range m.lines {
		if strings.HasPrefix(strings.ToLower(l), "via:") {
			return i
		}
	}
	return 1
}

func (m *sipText) branch() string {
	_, b, _ := strings.Cut(m.lines[m.top()], "branch=")
	b, _, _ = strings.Cut(b, ";")
	return b
}

func (m *sipText) add(line string) {
	m.lines = append(m.lines, line)
}

func newPBX(t testing.TB) *pbx {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p := &pbx{t: t, conn: conn, contacts: map[string]*net.UDPAddr{}, sources: map[string]*net.UDPAddr{}, asked: map[string]int{}, done: make(chan struct{})}
	go p.run()
	t.Cleanup(func() {
		conn.Close()
		<-p.done
	})
	return p
}

func (p *pbx) url() string { return "udp://" + p.conn.LocalAddr().String() }

func (p *pbx) account(user string) voice.SIPAccount {
	return voice.SIPAccount{Server: p.url(), User: user, Domain: "lab.test", Password: "secret", DisplayName: strings.ToUpper(user)}
}

func (p *pbx) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *pbx) count(method string) (n int) {
	p.set(func() { n = p.asked[method] })
	return n
}

func (p *pbx) run() {
	defer close(p.done)
	b := make([]byte, 1<<16)
	for {
		n, from, err := p.conn.ReadFromUDP(b)
		if err != nil {
			return
		}
		if n < 10 {
			continue // a keepalive
		}
		p.mu.Lock()
		p.take(parseText(b[:n]), from)
		p.mu.Unlock()
	}
}

func (p *pbx) take(m *sipText, from *net.UDPAddr) {
	if strings.HasPrefix(m.lines[0], "SIP/2.0") {
		i := m.top()
		to := p.sources[m.branch()]
		m.lines = append(m.lines[:i:i], m.lines[i+1:]...)
		if strings.HasPrefix(m.lines[0], "SIP/2.0 2") && m.body != "" {
			p.described = m.body
		}
		if to != nil {
			_, _ = p.conn.WriteToUDP(m.bytes(), to)
		}
		return
	}
	method, rest, _ := strings.Cut(m.lines[0], " ")
	p.asked[method]++
	if p.answer != nil && method != "ACK" {
		if status, more := p.answer(method); status != "" {
			p.reply(m, from, status, more...)
			return
		}
	}
	if p.judge != nil && method != "ACK" {
		if status, more := p.judge(m); status != "" {
			p.reply(m, from, status, more...)
			return
		}
	}
	if method == "REGISTER" {
		p.register(m, from)
		return
	}
	if method == "INVITE" && len(p.refuse) > 0 {
		p.reply(m, from, p.refuse[0], p.refuse[1:]...)
		return
	}
	if p.change != nil {
		if m = p.change(m); m == nil {
			return
		}
	}
	uri, _, _ := strings.Cut(rest, " ")
	_, uri, _ = strings.Cut(uri, ":")
	user, _, _ := strings.Cut(uri, "@")
	to := p.contacts[user]
	if to == nil {
		if method != "ACK" {
			p.reply(m, from, "404 Not Found")
		}
		return
	}
	sum := md5.Sum([]byte(m.branch()))
	branch := "z9hG4bK" + hex.EncodeToString(sum[:])
	p.sources[branch] = from
	i := m.top()
	via := fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=%s", p.conn.LocalAddr(), branch)
	m.lines = append(m.lines[:i:i], append([]string{via}, m.lines[i:]...)...)
	_, _ = p.conn.WriteToUDP(m.bytes(), to)
}

// reply answers a request.
func (p *pbx) reply(m *sipText, to *net.UDPAddr, status string, more ...string) {
	p.replyWith("", m, to, status, more...)
}

// replyWith answers a request with a description.
func (p *pbx) replyWith(description string, m *sipText, to *net.UDPAddr, status string, more ...string) {
	out := []string{"SIP/2.0 " + status}
	for _, l := range m.lines[1:] {
		name, _, _ := strings.Cut(l, ":")
		switch strings.ToLower(name) {
		case "to":
			if !strings.Contains(l, ";tag=") {
				l += ";tag=pbx"
			}
			out = append(out, l)
		case "via", "from", "call-id", "cseq":
			out = append(out, l)
		}
	}
	out = append(out, more...)
	if description != "" {
		out = append(out, "Content-Type: application/sdp")
	}
	out = append(out, fmt.Sprintf("Content-Length: %d", len(description)))
	_, _ = p.conn.WriteToUDP((&sipText{lines: out, body: description}).bytes(), to)
}

func (p *pbx) register(m *sipText, from *net.UDPAddr) {
	if p.password != "" {
		const challenge = `Digest realm="lab.test", nonce="n1", algorithm=MD5, qop="auth"`
		cred, err := digest.ParseCredentials(m.get("Authorization"))
		if err != nil {
			p.reply(m, from, "401 Unauthorized", "WWW-Authenticate: "+challenge)
			return
		}
		ch, _ := digest.ParseChallenge(challenge)
		want, _ := digest.Digest(ch, digest.Options{Method: "REGISTER", URI: cred.URI, Username: cred.Username, Password: p.password, Count: cred.Nc, Cnonce: cred.Cnonce})
		if want == nil || want.Response != cred.Response {
			p.reply(m, from, "401 Unauthorized", "WWW-Authenticate: "+challenge)
			return
		}
	}
	_, user, _ := strings.Cut(m.get("To"), "sip:")
	user, _, _ = strings.Cut(user, "@")
	expires := m.get("Expires")
	if expires == "0" {
		delete(p.contacts, user)
	} else {
		p.contacts[user] = from
	}
	p.reply(m, from, "200 OK", "Contact: "+m.get("Contact"), "Expires: "+expires)
}
