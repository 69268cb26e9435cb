package exophone_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"offhook/demo/relay/relaytest"
)

// phone is a SIP phone that writes its messages itself, so that a test can
// write wrong ones.
type phone struct {
	t         testing.TB
	p         *platform
	name      string
	password  string
	device    string
	algorithm string // of the digest; the first offered if empty
	mangled   bool   // the phone's own garbage comes back in responses
	conn      *websocket.Conn
	cancel    context.CancelFunc
	done      chan struct{}

	mu    sync.Mutex
	calls map[string]*call
	// invited, if set, gets the INVITEs, ACKs and CANCELs of calls that the
	// platform places to this phone.
	invited chan *sip.Request
}

// connect opens a WebSocket for name.
func (p *platform) connect(name string) *phone {
	p.t.Helper()
	h := &phone{
		t: p.t, p: p, name: name, password: name + "-sip", device: "device-of-" + name,
		calls: make(map[string]*call),
	}
	h.open()
	p.t.Cleanup(h.close)
	return h
}

func (h *phone) open() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitTime)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, h.p.ws, &websocket.DialOptions{Subprotocols: []string{"sip"}})
	if err != nil {
		h.t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	h.conn = conn
	run, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	h.cancel, h.done = stop, done
	go func() {
		defer close(done)
		h.read(run, conn)
	}()
}

// close drops the connection without a word.
func (h *phone) close() {
	h.cancel()
	_ = h.conn.CloseNow()
	<-h.done
}

// reopen comes back over a new connection.
func (h *phone) reopen() {
	h.t.Helper()
	h.close()
	h.open()
}

func (h *phone) read(ctx context.Context, conn *websocket.Conn) {
	for {
		_, b, err := conn.Read(ctx)
		if err != nil {
			return
		}
		m, err := sip.ParseMessage(b)
		if err != nil {
			if !h.mangled {
				h.t.Errorf("%s received what is no SIP: %v", h.name, err)
			}
			continue
		}
		if m.CallID() == nil {
			continue
		}
		h.mu.Lock()
		c := h.calls[m.CallID().Value()]
		h.mu.Unlock()
		switch m := m.(type) {
		case *sip.Response:
			switch {
			case c != nil && m.StatusCode > 100:
				select {
				case c.responses <- m:
				default: // more than any test looks at
				}
			}
		case *sip.Request:
			if h.invited != nil && (m.Method == sip.INVITE || m.Method == sip.CANCEL || m.Method == sip.ACK) {
				h.invited <- m
				continue
			}
			status := 200
			if c == nil {
				status = 481
			}
			if m.Method != sip.ACK {
				res := sip.NewResponseFromRequest(m, status, "OK", nil)
				if c != nil {
					h.mu.Lock()
					reply := c.reply
					h.mu.Unlock()
					if reply != nil {
						reply(m, res)
					}
				}
				_ = conn.Write(ctx, websocket.MessageText, []byte(res.String()))
				if c != nil {
					c.requests <- m
				}
			}
		}
	}
}

func (h *phone) write(message string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitTime)
	defer cancel()
	if err := h.conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		h.t.Fatalf("%s: %v", h.name, err)
	}
}

// call is one dialog of a phone.
type call struct {
	h         *phone
	id, tag   string
	toTag     string
	target    string
	cseq      int
	nc        int
	challenge *digest.Challenge
	media     *relaytest.Phone
	offer     string
	branch    string
	inviteSeq int
	responses chan *sip.Response
	requests  chan *sip.Request
	reply     func(*sip.Request, *sip.Response)
}

// start makes a call with a media session of its own.
func (h *phone) start(target string, opts relaytest.Options) *call {
	h.t.Helper()
	c := h.prepare(target)
	c.media = relaytest.New(h.t, opts)
	c.offer = c.media.Offer(false)
	return c
}

func (h *phone) prepare(target string) *call {
	c := &call{
		h: h, id: rand.Text(), tag: rand.Text()[:10], target: target, cseq: 1,
		responses: make(chan *sip.Response, 100), requests: make(chan *sip.Request, 100),
	}
	h.mu.Lock()
	h.calls[c.id] = c
	h.mu.Unlock()
	return c
}

// message writes a request; a Content-Type among the headers goes with body.
func (c *call) message(method, uri string, cseq int, branch, body string, headers ...string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	to := ""
	if c.toTag != "" {
		to = ";tag=" + c.toTag
	}
	line("%s %s SIP/2.0", method, uri)
	line("Via: SIP/2.0/WS %s.invalid;branch=%s", c.h.name, branch)
	line("Max-Forwards: 70")
	line("From: <sip:%s@%s>;tag=%s", c.h.name, domain, c.tag)
	line("To: <sip:%s@%s>%s", c.target, domain, to)
	line("Call-ID: %s", c.id)
	line("CSeq: %d %s", cseq, method)
	line("Contact: <sip:%s@%s.invalid;transport=ws>", c.h.name, c.h.name)
	line("X-Device-ID: %s", c.h.device)
	line("Allow: INVITE, ACK, BYE, CANCEL, UPDATE, INFO")
	for i := 0; i+1 < len(headers); i += 2 {
		line("%s: %s", headers[i], headers[i+1])
	}
	line("Content-Length: %d", len(body))
	line("")
	b.WriteString(body)
	return b.String()
}

func (c *call) uri() string { return "sip:" + c.target + "@" + domain }

func newBranch() string { return "z9hG4bK" + rand.Text() }

// authorization is the digest for the latest challenge.
func (c *call) authorization(method string) []string {
	if c.challenge == nil {
		return nil
	}
	c.nc++
	cred, err := digest.Digest(c.challenge, digest.Options{
		Method: method, URI: c.uri(), Username: c.h.name, Password: c.h.password, Count: c.nc,
	})
	if err != nil {
		c.h.t.Fatal(err)
	}
	return []string{"Authorization", cred.String()}
}

// challenged takes the challenge of a 401.
func (c *call) challenged(res *sip.Response) {
	c.h.t.Helper()
	c.challenge = nil
	for _, h := range res.GetHeaders("WWW-Authenticate") {
		chal, err := digest.ParseChallenge(h.Value())
		if err != nil {
			c.h.t.Fatal(err)
		}
		if c.h.algorithm == "" || chal.Algorithm == c.h.algorithm {
			c.challenge, c.nc = chal, 0
			return
		}
	}
	c.h.t.Fatalf("no challenge for %q", c.h.algorithm)
}

// invite sends the INVITE and answers its challenge.
func (c *call) invite(headers ...string) *call {
	c.h.t.Helper()
	send := func() {
		c.cseq++
		c.inviteSeq, c.branch = c.cseq, newBranch()
		all := slices.Concat(headers, c.authorization("INVITE"), []string{"Content-Type", "application/sdp"})
		c.h.write(c.message("INVITE", c.uri(), c.cseq, c.branch, c.offer, all...))
	}
	send()
	if c.challenge != nil {
		return c
	}
	res := c.response()
	if res.StatusCode == 401 {
		c.ack()
		c.challenged(res)
		send()
		return c
	}
	c.responses <- res
	return c
}

// response waits for the next one above 100.
func (c *call) response() *sip.Response {
	c.h.t.Helper()
	select {
	case r := <-c.responses:
		return r
	case <-time.After(waitTime):
		c.h.t.Fatalf("%s waits in vain for a response", c.h.name)
		return nil
	}
}

// expect waits for the status, gives its SDP to the media, and acknowledges a
// final answer.
func (c *call) expect(status int) *sip.Response {
	c.h.t.Helper()
	r := c.response()
	// The stack's goroutines may let a 200 overtake its 180.
	for r.StatusCode != status && r.StatusCode < 200 && status >= 200 {
		c.take(r)
		r = c.response()
	}
	if r.StatusCode != status {
		c.h.t.Fatalf("%s: %d %s, want %d", c.h.name, r.StatusCode, r.Reason, status)
	}
	c.take(r)
	return r
}

func (c *call) take(r *sip.Response) {
	if tag, ok := r.To().Params.Get("tag"); ok {
		c.toTag = tag
	}
	if len(r.Body()) > 0 && c.media != nil {
		c.media.SetAnswer(string(r.Body()))
	}
	if r.StatusCode >= 200 && r.CSeq().MethodName == sip.INVITE {
		c.ackTo(r)
	}
}

func (c *call) ackTo(r *sip.Response) {
	if r.StatusCode >= 300 {
		c.ack()
		return
	}
	c.h.write(c.message("ACK", c.uri(), c.inviteSeq, newBranch(), ""))
}

// ack acknowledges a refusal: same branch as the INVITE.
func (c *call) ack() { c.h.write(c.message("ACK", c.uri(), c.inviteSeq, c.branch, "")) }

// replies changes what the phone says to the requests of the platform from now on.
func (c *call) replies(f func(*sip.Request, *sip.Response)) {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	c.reply = f
}

// hangup says BYE and waits for its 200.
func (c *call) hangup() {
	c.h.t.Helper()
	c.send("BYE", "")
	c.expect(200)
}

// send sends a request within the dialog.
func (c *call) send(method, body string, headers ...string) {
	c.h.t.Helper()
	c.cseq++
	if method == "INVITE" {
		c.inviteSeq, c.branch = c.cseq, newBranch()
		c.h.write(c.message(method, c.uri(), c.cseq, c.branch, body, headers...))
		return
	}
	c.h.write(c.message(method, c.uri(), c.cseq, newBranch(), body, headers...))
}

// giveUp sends CANCEL.
func (c *call) giveUp() {
	c.h.t.Helper()
	tag := c.toTag
	c.toTag = ""
	c.h.write(c.message("CANCEL", c.uri(), c.inviteSeq, c.branch, ""))
	c.toTag = tag
}

// ended waits for the platform's BYE and returns its X-End-Reason.
func (c *call) ended() string {
	c.h.t.Helper()
	for {
		select {
		case r := <-c.requests:
			if r.Method == sip.BYE {
				return value(r, "X-End-Reason")
			}
		case <-time.After(waitTime):
			c.h.t.Fatalf("%s waits in vain for BYE", c.h.name)
		}
	}
}

func value(m sip.Message, name string) string {
	if hs := m.GetHeaders(name); len(hs) > 0 {
		return hs[0].Value()
	}
	return ""
}

// dial calls someone through the exophone.
func (h *phone) dial(whom string) *call {
	h.t.Helper()
	return h.start(exophon, relaytest.Options{}).invite("X-Custom-Field", whom)
}

// join takes a call by its payload; later lets the phone ring first.
func (h *phone) join(later bool) *call {
	h.t.Helper()
	token, claims := h.p.pushed(h.name)
	return h.joinWith(token, claims.SessionID, later)
}

func (h *phone) joinWith(token, session string, later bool) *call {
	h.t.Helper()
	headers := []string{"X-Session-Token", token}
	if later {
		headers = append(headers, "X-Answer", "later")
	}
	return h.start(session, relaytest.Options{}).invite(headers...)
}

// answer is the INFO of a phone that rings.
func (c *call) answer() {
	c.h.t.Helper()
	c.send("INFO", "", "Content-Type", "application/offhook-answer")
	c.expect(200)
}
