package control

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"offhook/app"
	"offhook/app/retry"
	"offhook/internal/crash"
)

// The WebSocket of the Desk API speaks webProtocol; a page, which can set no header,
// shows its token as a second subprotocol.
const (
	webProtocol    = "offhook.desk.v1"
	webTokenPrefix = "token."
	webWrite       = 10 * time.Second
	webPing        = 30 * time.Second
	// webQueue is how many commands of a page may wait behind the one that runs.
	webQueue = 64
)

// webMessage is one frame of the WebSocket to the page: a snapshot, or the answer to
// the command with that id.
type webMessage struct {
	Type     string        `json:"type"` // snapshot or answer
	Snapshot *app.Snapshot `json:"snapshot,omitempty"`
	ID       string        `json:"id,omitempty"`
	Result   any           `json:"result,omitempty"`
	Error    *Failure      `json:"error,omitempty"`
}

// webCall is one frame from the page: a command with its body.
type webCall struct {
	ID      string          `json:"id"`
	Command string          `json:"command"`
	Body    json.RawMessage `json:"body"`
}

// events is GET /v1/events: a WebSocket of snapshots, the present one first, and of
// commands.
func (w *web) events(rw http.ResponseWriter, r *http.Request) {
	token := ""
	for p := range strings.SplitSeq(r.Header.Get("Sec-WebSocket-Protocol"), ",") {
		if given, ok := strings.CutPrefix(strings.TrimSpace(p), webTokenPrefix); ok {
			token = given
		}
	}
	p := w.known(rw, r, token)
	if p == nil {
		return
	}
	// The origin was checked by guard, and is part of what the token is bound to.
	conn, err := websocket.Accept(rw, r, &websocket.AcceptOptions{Subprotocols: []string{webProtocol}, InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxLine)
	ctx, cancel := context.WithCancel(w.lifetime())
	// The page's frames are read while a command runs: its answers to pings are among
	// them.
	send, calls := make(chan webMessage), make(chan webCall, webQueue)
	var working sync.WaitGroup
	working.Go(crash.Guarded(func() {
		defer close(calls)
		hear(ctx, conn, calls)
	}))
	working.Go(crash.Guarded(func() {
		defer cancel()
		w.obey(ctx, calls, p, send)
	}))
	defer func() { cancel(); conn.CloseNow(); working.Wait() }()
	// Each state is sent; a page that does not read is cut off after webWrite.
	snaps := w.server.cfg.Phone.Watch(ctx)
	ping := time.NewTicker(w.server.cfg.ping)
	defer ping.Stop()
	for {
		var m webMessage
		select {
		case <-ctx.Done():
			_ = conn.Close(websocket.StatusGoingAway, "")
			return
		case <-p.gone:
			_ = conn.Close(websocket.StatusPolicyViolation, "no longer paired")
			return
		case <-ping.C:
			limit, stop := context.WithTimeout(ctx, webWrite)
			err := conn.Ping(limit)
			if stop(); err != nil {
				return
			}
			continue
		case s, ok := <-snaps:
			if !ok {
				_ = conn.Close(websocket.StatusGoingAway, "")
				return
			}
			m = webMessage{Type: "snapshot", Snapshot: forWeb(s)}
		case m = <-send:
		}
		limit, stop := context.WithTimeout(ctx, webWrite)
		err := wsjson.Write(limit, conn, m)
		if stop(); err != nil {
			return
		}
	}
}

// hear reads the commands of a page until it goes or sends something else.
func hear(ctx context.Context, conn *websocket.Conn, calls chan<- webCall) {
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var c webCall
		if kind != websocket.MessageText || json.Unmarshal(data, &c) != nil {
			_ = conn.Close(websocket.StatusPolicyViolation, "no command")
			return
		}
		select {
		case calls <- c:
		case <-ctx.Done():
			return
		}
	}
}

// obey runs the commands that a page has sent, in their order, while it is paired.
func (w *web) obey(ctx context.Context, calls <-chan webCall, p *pairing, send chan<- webMessage) {
	for c := range calls {
		now := w.server.cfg.now()
		if retry.Wait(ctx, p.limit.ReserveN(now, 1).DelayFrom(now), p.gone) != nil || ctx.Err() != nil || p.ended() {
			return
		}
		m := webMessage{Type: "answer", ID: c.ID}
		var err error
		if m.Result, err = w.run(ctx, p, c.Command, c.Body); err != nil {
			m.Error, m.Result = failureOf(err), nil
		}
		select {
		case send <- m:
		case <-ctx.Done():
			return
		}
	}
}
