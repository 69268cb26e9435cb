package integration

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"offhook/internal/backoff"
	"offhook/internal/crash"
	"offhook/internal/version"
	"offhook/voice/cleartext"
)

// The bounds of webhooks: how many wait for one server, how often one is tried, how
// long a try may take, and the longest delay before the next.
const (
	maxWaiting   = 256
	hookTries    = 6
	hookTimeout  = 10 * time.Second
	maxHookDelay = time.Minute
)

// SignatureHeader carries t=UNIX,v1=HEX: the time and the HMAC-SHA-256, by the secret,
// of the time, a full stop and the body.
const SignatureHeader = "Offhook-Signature"

// queue is what waits for one server, in order. Its goroutine lives while there is
// something.
type queue struct {
	waiting []delivery
	running bool
}

// delivery is one webhook.
type delivery struct {
	id, event string
	body      []byte
}

// send puts a webhook into the queue of its server. The oldest is dropped when too
// many wait.
func (t *Teller) send(to, when string, values map[string]string) {
	id := rand.Text()
	call := map[string]string{}
	for k, v := range values {
		if k != "event" {
			call[k] = v
		}
	}
	body, err := json.Marshal(map[string]any{"id": id, "event": when, "time": t.cfg.Now().UTC().Format(time.RFC3339Nano), "call": call})
	if err != nil {
		t.cfg.Log.Warn("webhook", "err", err)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() != nil {
		return
	}
	q := t.queues[to]
	if q == nil {
		q = &queue{}
		t.queues[to] = q
	}
	if len(q.waiting) >= maxWaiting {
		t.cfg.Log.Warn("a webhook is dropped: too many wait for its server", "server", hostOf(to), "event", q.waiting[0].event)
		q.waiting = q.waiting[1:]
	}
	q.waiting = append(q.waiting, delivery{id, when, body})
	if !q.running {
		q.running = true
		t.wg.Go(crash.Guarded(func() { t.deliver(to, q) }))
	}
}

// deliver sends what waits for a server, one after the other.
func (t *Teller) deliver(to string, q *queue) {
	for {
		t.mu.Lock()
		if len(q.waiting) == 0 || t.ctx.Err() != nil {
			q.running = false
			delete(t.queues, to)
			t.mu.Unlock()
			return
		}
		d := q.waiting[0]
		q.waiting = q.waiting[1:]
		t.mu.Unlock()
		delay := t.cfg.Retry
		for try := 1; ; try++ {
			again, after, err := t.post(to, d)
			if err == nil {
				t.cfg.Log.Info("webhook sent", "server", hostOf(to), "event", d.event)
				break
			}
			if !again || try == hookTries {
				t.cfg.Log.Warn("a webhook is dropped", "server", hostOf(to), "event", d.event, "tries", try, "err", err)
				break
			}
			timer := time.NewTimer(max(delay, min(after, maxHookDelay)))
			select {
			case <-timer.C:
			case <-t.ctx.Done():
				timer.Stop()
			}
			if t.ctx.Err() != nil {
				break
			}
			delay = min(2*delay, maxHookDelay)
		}
	}
}

// post sends a webhook once. again says that another try may help, after how long the
// server asks to be left alone.
func (t *Teller) post(to string, d delivery) (again bool, after time.Duration, err error) {
	u, err := url.Parse(to)
	if err != nil {
		return false, 0, err
	}
	if err := cleartext.CheckURL(u, false); err != nil {
		return false, 0, err
	}
	secret := t.cfg.Secret()
	if secret == "" {
		return false, 0, fmt.Errorf("there is no secret to sign it with")
	}
	ctx, cancel := context.WithTimeout(t.ctx, hookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(d.body))
	if err != nil {
		return false, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Offhook/"+version.Number())
	req.Header.Set("Offhook-Event", d.event)
	req.Header.Set("Offhook-Delivery", d.id)
	req.Header.Set(SignatureHeader, Sign(secret, t.cfg.Now(), d.body))
	hc := *t.cfg.HTTP
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a signed body goes nowhere else
	res, err := hc.Do(req)
	if err != nil {
		return true, 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	res.Body.Close()
	after = backoff.RetryAfter(res.Header.Get("Retry-After"), t.cfg.Now(), time.Hour)
	switch {
	case res.StatusCode < 300:
		return false, 0, nil
	case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout:
		return true, after, fmt.Errorf("status %d", res.StatusCode)
	}
	return false, 0, fmt.Errorf("status %d", res.StatusCode)
}

// Sign returns what SignatureHeader says of a body at a time.
func Sign(secret string, at time.Time, body []byte) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// hostOf is what a log may say of a URL.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Host
}
