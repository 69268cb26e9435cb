package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"offhook/demo/platform"
	"offhook/demo/relay/relaytest"
)

// dialog is one call over raw SIP, as seen by its caller.
type dialog struct {
	t        *testing.T
	ph       *phone
	conn     *websocket.Conn
	uri      string
	domain   string
	id, tag  string
	toTag    string
	seq      int
	password string
}

// dial opens a SIP connection of the phone's, for one call.
func (ph *phone) dial(t *testing.T) *dialog {
	t.Helper()
	var profile struct {
		Password string `json:"sip_password"`
		Domain   string `json:"sip_domain"`
		Exophone string `json:"exophone"`
	}
	ph.do(http.MethodGet, ph.voice("profile"), ph.access, nil).data(t, &profile)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, ph.url+"/sip", &websocket.DialOptions{HTTPClient: ph.client, Subprotocols: []string{"sip"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &dialog{t: t, ph: ph, conn: conn, uri: "sip:" + profile.Exophone + "@" + profile.Domain, domain: profile.Domain, id: rand.Text(), tag: rand.Text()[:10], password: profile.Password}
}

func (d *dialog) send(method, branch, body string, headers ...string) {
	d.t.Helper()
	to := ""
	if d.toTag != "" {
		to = ";tag=" + d.toTag
	}
	text := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/WS phone.invalid;branch=%s\r\nMax-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=%s\r\nTo: <%s>%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:%s@phone.invalid;transport=ws>\r\nX-Device-ID: %s\r\n",
		method, d.uri, branch, d.ph.name, d.domain, d.tag, d.uri, to, d.id, d.seq, method, d.ph.name, d.ph.device)
	for _, h := range headers {
		text += h + "\r\n"
	}
	text += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := d.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		d.t.Fatal(err)
	}
}

// final reads the final response to the present request.
func (d *dialog) final() *sip.Response {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		_, text, err := d.conn.Read(ctx)
		if err != nil {
			d.t.Fatal(err)
		}
		m, err := sip.ParseMessage(text)
		if err != nil {
			d.t.Fatal(err)
		}
		if res, ok := m.(*sip.Response); ok && res.StatusCode >= 200 && int(res.CSeq().SeqNo) == d.seq {
			return res
		}
	}
}

// invite sends an INVITE and acknowledges its final response.
func (d *dialog) invite(offer string, headers ...string) *sip.Response {
	d.t.Helper()
	d.seq++
	branch := "z9hG4bK" + rand.Text()
	d.send("INVITE", branch, offer, append([]string{"Content-Type: application/sdp"}, headers...)...)
	res := d.final()
	if tag, ok := res.To().Params.Get("tag"); ok {
		d.toTag = tag
	}
	if res.StatusCode < 300 {
		branch = "z9hG4bK" + rand.Text() // an ACK to 2xx is a transaction of its own
	}
	d.send("ACK", branch, "")
	if res.StatusCode >= 300 {
		d.toTag = ""
	}
	return res
}

// call places a call, answers the challenge and returns the final response.
func (d *dialog) call(offer string, headers ...string) *sip.Response {
	d.t.Helper()
	res := d.invite(offer, headers...)
	if res.StatusCode != 401 {
		return res
	}
	challenge, err := digest.ParseChallenge(res.GetHeader("WWW-Authenticate").Value())
	if err != nil {
		d.t.Fatal(err)
	}
	credentials, err := digest.Digest(challenge, digest.Options{Method: "INVITE", URI: d.uri, Username: d.ph.name, Password: d.password, Count: 1})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.invite(offer, append(headers, "Authorization: "+credentials.String())...)
}

// call places one call with a message and returns its final status.
func (ph *phone) call(t *testing.T, message string) int {
	t.Helper()
	var headers []string
	if message != "" {
		headers = append(headers, "X-Custom-Field: "+message)
	}
	return ph.dial(t).call(relaytest.New(t, relaytest.Options{}).Offer(false), headers...).StatusCode
}

// Media over ICE-TCP passes through the port that HTTP and SIP use, with TLS on
// it and without.
func TestMediaOverTheSamePort(t *testing.T) {
	t.Parallel()
	certFile, keyFile, _ := certificate(t)
	for name, cfg := range map[string]Config{"plain": {}, "TLS": {TLSCertFile: certFile, TLSKeyFile: keyFile}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg.Accounts = []platform.Account{{SID: "demo", APIKey: "key", APIToken: "token", Exophone: DemoExophone, VoIP: true}}
			p := startPlatform(t, cfg)
			alice := newPhone(t, p, "alice")
			if cfg.TLSCertFile != "" {
				config, err := trustSelf(certFile)
				if err != nil {
					t.Fatal(err)
				}
				alice.client.Transport.(*http.Transport).TLSClientConfig = config
			}
			if a := alice.login("demo"); a.status != http.StatusOK {
				t.Fatal(a.status)
			}
			alice.do(http.MethodPost, alice.desk("alice", "context"), alice.access, map[string]string{"dialToNumber": "sip:announcer"})
			media := relaytest.New(t, relaytest.Options{TCPOnly: true})
			d := alice.dial(t)
			res := d.call(media.Offer(false))
			if res.StatusCode != 200 {
				t.Fatalf("the announcer answers %d", res.StatusCode)
			}
			media.SetAnswer(string(res.Body()))
			media.WaitConnected()
			media.WaitPackets(20)
			d.seq++
			d.send("BYE", "z9hG4bK"+rand.Text(), "")
			if bye := d.final(); bye.StatusCode != 200 {
				t.Errorf("BYE: %d", bye.StatusCode)
			}
			var call platform.Call
			relaytest.Eventually(t, "record", func() bool {
				calls, _, err := p.platform.Calls(t.Context(), "demo", false, 1, 0)
				if err != nil {
					t.Fatal(err)
				}
				if len(calls) == 1 {
					call = calls[0]
				}
				return call.Ended != ""
			})
			if call.EndedBy != "caller" || call.Answered == "" || call.CallerLeg.PacketsSent < 20 {
				t.Errorf("record %+v", call)
			}
		})
	}
}

// At the end a call in progress is hung up, push sockets are told, and nobody
// waits for a poll.
func TestCloseInTheMiddle(t *testing.T) {
	t.Parallel()
	p := startPlatform(t, Config{})
	alice, bob := signedIn(t, p, "alice"), signedIn(t, p, "bob")
	push, _ := bob.openPush()
	alice.do(http.MethodPost, alice.desk("alice", "context"), alice.access, map[string]string{"dialToNumber": "sip:announcer"})
	media := relaytest.New(t, relaytest.Options{})
	d := alice.dial(t)
	res := d.call(media.Offer(false))
	if res.StatusCode != 200 {
		t.Fatalf("the announcer answers %d", res.StatusCode)
	}
	media.SetAnswer(string(res.Body()))
	media.WaitConnected()

	// Draining takes no new call and leaves this one.
	draining, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Drain(draining); err == nil || len(p.Calls()) != 1 {
		t.Errorf("drained with %d calls, %v", len(p.Calls()), err)
	}
	if status := bob.call(t, ""); status != 503 {
		t.Errorf("a new call while draining gets %d", status)
	}

	told := make(chan websocket.StatusCode, 1)
	go func() {
		told <- websocket.CloseStatus(endOf(context.Background(), push))
	}()
	bye := make(chan bool, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for {
			_, text, err := d.conn.Read(ctx)
			if err != nil {
				bye <- false
				return
			}
			if m, err := sip.ParseMessage(text); err == nil {
				if req, ok := m.(*sip.Request); ok && req.Method == sip.BYE {
					_ = d.conn.Write(ctx, websocket.MessageText, []byte(sip.NewResponseFromRequest(req, 200, "OK", nil).String()))
					bye <- true
					return
				}
			}
		}
	}()
	started := time.Now()
	closePlatform(t, p)
	if took := time.Since(started); took > 8*time.Second {
		t.Errorf("closing took %v", took)
	}
	if !<-bye {
		t.Error("the caller heard no BYE")
	}
	if code := <-told; code != websocket.StatusGoingAway {
		t.Errorf("the push socket closes with %d", code)
	}
}

// talkToWith says something to a bot, and hangs up.
func talkToWith(t *testing.T, ph *phone, bot string, said []int16) string {
	t.Helper()
	ph.do(http.MethodPost, ph.desk(ph.name, "context"), ph.access, map[string]string{"dialToNumber": "sip:" + bot})
	media := relaytest.New(t, relaytest.Options{})
	d := ph.dial(t)
	res := d.call(media.Offer(false))
	if res.StatusCode != 200 {
		t.Fatalf("%s answers %d", bot, res.StatusCode)
	}
	media.SetAnswer(string(res.Body()))
	media.WaitConnected()
	media.Speak(said, nil)
	d.seq++
	d.send("BYE", "z9hG4bK"+rand.Text(), "")
	if bye := d.final(); bye.StatusCode != 200 {
		t.Errorf("BYE: %d", bye.StatusCode)
	}
	return res.GetHeader("X-Call-Sid").Value()
}
