package proxy

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/icholy/digest"

	"offhook/internal/crash"
	"offhook/voice/fault"
)

// maxAnswer bounds the head of a proxy's answer, and the page that comes with a
// refusal.
const maxAnswer = 64 << 10

// tunnel opens a tunnel to address with CONNECT (RFC 9110, section 9.3.6).
func (d *Dialer) tunnel(ctx context.Context, via *url.URL, address string) (net.Conn, error) {
	key := withPort(via)
	d.mu.Lock()
	eager := d.eager[key]
	d.mu.Unlock()
	authorization := ""
	if creds, ok := d.credentials(via); ok && (eager || via.User != nil) {
		authorization = basic(creds)
	}
	conn, resp, err := d.connect(ctx, via, address, authorization)
	if err == nil && resp.StatusCode == http.StatusProxyAuthRequired {
		d.noteBasic(key, false)
		creds, ok := d.credentials(via)
		if !ok {
			return nil, wantsCredentials(via, "proxy.wants-user")
		}
		authorization, err = answerTo(resp.Header.Values("Proxy-Authenticate"), creds, address)
		if err != nil {
			return nil, fault.Wrap(err, fault.NetworkError, "proxy.unknown-scheme", via.Host)
		}
		conn, resp, err = d.connect(ctx, via, address, authorization)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case conn != nil:
		d.noteBasic(key, strings.HasPrefix(authorization, "Basic "))
		return conn, nil
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return nil, wantsCredentials(via, "proxy.wrong-user")
	default:
		return nil, fault.Wrap(fmt.Errorf("CONNECT: status %d", resp.StatusCode), fault.NetworkError,
			"proxy.refuses", via.Host, address, resp.StatusCode)
	}
}

func (d *Dialer) noteBasic(key string, works bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.eager[key] = works
}

func wantsCredentials(via *url.URL, code string) error {
	return fault.Wrap(ErrCredentials, fault.NetworkError, code, via.Host)
}

func basic(c Credentials) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Password))
}

// answerTo answers the challenges of a proxy, Digest before Basic (RFC 7616,
// RFC 7617).
func answerTo(challenges []string, c Credentials, address string) (string, error) {
	canBasic := false
	for _, challenge := range challenges {
		if digest.IsDigest(challenge) {
			parsed, err := digest.ParseChallenge(challenge)
			if err != nil || !digest.CanDigest(parsed) {
				continue
			}
			answer, err := digest.Digest(parsed, digest.Options{Method: http.MethodConnect, URI: address, Username: c.User, Password: c.Password, Count: 1})
			if err != nil {
				continue
			}
			return answer.String(), nil
		}
		scheme, _, _ := strings.Cut(strings.TrimSpace(challenge), " ")
		canBasic = canBasic || strings.EqualFold(scheme, "Basic")
	}
	if canBasic {
		return basic(c), nil
	}
	return "", errors.New("proxy: neither Basic nor Digest")
}

// connect sends one CONNECT. conn is nil unless the proxy agreed.
func (d *Dialer) connect(ctx context.Context, via *url.URL, address, authorization string) (conn net.Conn, resp *http.Response, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	raw, err := d.reach(ctx, via)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if conn == nil {
			raw.Close()
		}
	}()
	// Ends the reading and the writing with ctx.
	stop := context.AfterFunc(ctx, crash.Guarded(func() { _ = raw.SetDeadline(time.Unix(1, 0)) }))
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{"User-Agent": {"Offhook"}}}
	if authorization != "" {
		req.Header.Set("Proxy-Authorization", authorization)
	}
	broke := func(err error) error {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fault.Wrap(err, fault.NetworkError, "proxy.no-proxy", via.Host)
	}
	if err := req.Write(raw); err != nil {
		stop()
		return nil, nil, broke(err)
	}
	limited := &io.LimitedReader{R: raw, N: maxAnswer}
	// No byte of the tunnel may be lost: what comes with the answer is kept.
	read := bufio.NewReader(limited)
	resp, err = http.ReadResponse(read, req)
	if !stop() || err != nil {
		return nil, nil, broke(err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		resp.Body.Close()
		return nil, resp, nil
	}
	early, _ := read.Peek(read.Buffered())
	return &tunnelled{Conn: raw, early: append([]byte(nil), early...)}, resp, nil
}

// tunnelled is a tunnel whose far side may have spoken at once.
type tunnelled struct {
	net.Conn
	early []byte
}

func (t *tunnelled) Read(p []byte) (int, error) {
	if len(t.early) > 0 {
		n := copy(p, t.early)
		t.early = t.early[n:]
		return n, nil
	}
	return t.Conn.Read(p)
}
