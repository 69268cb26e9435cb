package push

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"

	"offhook/internal/crash"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// errOtherInbox says that the server has a new inbox for us, so that the
// connection must be made again without the old one's numbers.
var errOtherInbox = errors.New("push: the server has another inbox")

// connection is one WebSocket to the inbox.
type connection struct {
	r     *Receiver
	ws    *websocket.Conn
	inbox string
	write sync.Mutex
}

// connect makes a connection and serves it until it ends.
func (r *Receiver) connect(ctx context.Context) failure {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	giveUp := func() { cancel(context.DeadlineExceeded) }
	unbounded := r.boundAfterRetry(giveUp)
	defer unbounded()
	r.offered = ""
	token, err := r.cfg.AccessToken(ctx, r.rejected)
	if err != nil {
		return judge(because(ctx, err), nil)
	}
	r.offered, r.rejected = token, ""
	stopTimer := time.AfterFunc(r.cfg.DialTimeout, crash.Guarded(giveUp)).Stop
	defer stopTimer()

	ws, res, err := websocket.Dial(ctx, r.target(), &websocket.DialOptions{
		HTTPClient: r.cfg.HTTPClient,
		HTTPHeader: http.Header{
			"Authorization":        {"Bearer " + token},
			wire.HeaderDeviceToken: {r.cfg.DeviceToken},
		},
		Subprotocols: []string{wire.Subprotocol},
	})
	if err != nil {
		return judge(because(ctx, err), res)
	}
	c := &connection{r: r, ws: ws}
	// The goroutines below use the context; they are gone when this returns.
	var pinging sync.WaitGroup
	defer pinging.Wait()
	defer func() { cancel(nil); _ = ws.CloseNow() }()
	if ws.Subprotocol() != wire.Subprotocol {
		return judge(fault.New(fault.ServerError, "inbox.other-protocol"), nil)
	}
	ws.SetReadLimit(-1) // readFrame skips what is too large
	if err := c.greet(ctx); err != nil {
		if errors.Is(err, errOtherInbox) {
			return failure{err: err}
		}
		return judge(because(ctx, err), nil)
	}
	stopTimer()
	unbounded()
	r.renewed = false
	r.set(func(s *Status) {
		s.Phase, s.Err, s.Attempts = Connected, nil, 0
		s.LastPong, s.RoundTrip = time.Now(), 0
	})
	r.deliver.attach(c)
	defer r.deliver.detach(c)
	pinging.Go(crash.Guarded(func() { c.ping(ctx, cancel) }))
	return judge(because(ctx, c.read(ctx)), nil)
}

// because prefers the cause for which the context was cancelled.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// boundAfterRetry gives an attempt that a Retry finds under way no more than RetryTimeout: it
// may have begun on a network that is gone. The Retry then goes to what comes next,
// the ping of the new connection or the pause before the next attempt.
func (r *Receiver) boundAfterRetry(giveUp func()) (stop func()) {
	done := make(chan struct{})
	go func() {
		defer crash.Guard()
		select {
		case <-done:
			return
		case <-r.retries:
		}
		select {
		case <-done:
		case <-time.After(r.cfg.RetryTimeout):
			giveUp()
		}
		r.Retry()
	}()
	return sync.OnceFunc(func() { close(done) })
}

// target is the inbox's address with what we have of it.
func (r *Receiver) target() string {
	u, _ := url.Parse(r.cfg.URL) // New has parsed it before
	q := u.Query()
	if inbox, since := r.deliver.position(); inbox != "" {
		q.Set("inbox", inbox)
		q.Set("since", strconv.FormatInt(since, 10))
	} else {
		q.Set("since", "0")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// greet waits for the hello. What comes before it belongs to no inbox yet.
func (c *connection) greet(ctx context.Context) error {
	for {
		frame, err := c.readFrame(ctx)
		if err != nil {
			return err
		}
		h, ok := frame.(hello)
		if !ok {
			continue
		}
		c.inbox = h.Inbox
		if !h.Now.IsZero() {
			offset := time.Until(h.Now)
			c.r.set(func(s *Status) { s.ClockOffset = offset })
		}
		if c.r.deliver.enter(h.Inbox) {
			return errOtherInbox
		}
		return nil
	}
}

// read takes messages in until the connection ends.
func (c *connection) read(ctx context.Context) error {
	for {
		frame, err := c.readFrame(ctx)
		if err != nil {
			return err
		}
		switch f := frame.(type) {
		case *Message:
			if err := c.r.deliver.take(c, *f); err != nil {
				return err
			}
		case []wire.Agent:
			if c.r.cfg.Agents != nil {
				c.r.cfg.Agents(f)
			}
		case hello:
			if f.Inbox != c.inbox {
				return errors.New("push: a second hello for another inbox")
			}
		}
	}
}

// readFrame reads one frame; what is not understood is logged and nil.
func (c *connection) readFrame(ctx context.Context) (any, error) {
	_, reader, err := c.ws.Reader(ctx)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(reader, maxFrame+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFrame {
		n, err := io.Copy(io.Discard, reader)
		if err != nil {
			return nil, err
		}
		c.r.cfg.Logger.Warn("skipped a frame", "bytes", int64(len(text))+n, "error", errTooLarge)
		return nil, nil
	}
	frame, err := parseFrame(text)
	if err != nil {
		c.r.cfg.Logger.Warn("skipped a frame", "bytes", len(text), "error", err)
		return nil, nil
	}
	return frame, nil
}

// ping proves the connection alive, every interval and at every Retry.
func (c *connection) ping(ctx context.Context, fail context.CancelCauseFunc) {
	r := c.r
	for {
		timeout, asked := r.cfg.PongTimeout, false
		select {
		case <-ctx.Done():
			return
		case <-r.retries:
			timeout, asked = min(timeout, r.cfg.RetryTimeout), true
		case <-time.After(r.cfg.PingInterval):
		}
		sent := time.Now()
		stop := time.AfterFunc(timeout, crash.Guarded(func() { fail(errPong) })).Stop
		err := c.ws.Ping(ctx)
		stop()
		if err != nil {
			_ = c.ws.CloseNow() // the reader says why
			if asked {
				r.Retry() // so that the next attempt comes at once
			}
			return
		}
		now := time.Now()
		r.set(func(s *Status) { s.LastPong, s.RoundTrip = now, now.Sub(sent) })
	}
}

// ack tells the server that a message is done. If it can't be told the message
// comes again and is dropped.
func (c *connection) ack(ctx context.Context, id int64) {
	c.write.Lock()
	defer c.write.Unlock()
	ctx, cancel := context.WithTimeout(ctx, c.r.cfg.PongTimeout)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, ackFrame(id)); err != nil {
		_ = c.ws.CloseNow()
	}
}
