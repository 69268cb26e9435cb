//go:build unix

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

//go:embed peers/page.js
var pageScript string

const (
	jssip   = "jssip@3.13.8"
	esbuild = "esbuild@0.28.2"
)

// bundle makes the web phone's page with npm, in a folder of the user's cache.
func (b *bench) bundle() error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	dir := filepath.Join(cache, "offhook-interop", "page")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "jssip")); err != nil {
		if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private":true}`), 0o644); err != nil {
			return err
		}
		npm := exec.Command("npm", "install", "--no-audit", "--no-fund", jssip, esbuild)
		npm.Dir = dir
		if out, err := npm.CombinedOutput(); err != nil {
			return fmt.Errorf("npm install: %w: %s", err, tail(string(out), 300))
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "page.js"), []byte(pageScript), 0o644); err != nil {
		return err
	}
	out := filepath.Join(b.dir, "bundle.js")
	build := exec.Command(filepath.Join(dir, "node_modules", ".bin", "esbuild"), "page.js", "--bundle", "--format=iife", "--log-level=warning", "--outfile="+out)
	build.Dir = dir
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("esbuild: %w: %s", err, tail(string(text), 300))
	}
	script, err := os.ReadFile(out)
	b.page = string(script)
	return err
}

// webPhone is JsSIP in Chromium, driven by the DevTools protocol.
type webPhone struct {
	*process
	conn    *websocket.Conn
	session string
	mu      sync.Mutex
	id      int
}

// webAccount is whose phone it is.
type webAccount struct {
	user, auth, domain, password, ws string
	ice                              any
	relay                            bool
}

var devTools = regexp.MustCompile(`DevTools listening on (ws://\S+)`)

// webPhone opens the page in a browser of its own and waits until it has
// registered.
func (b *bench) webPhone(a webAccount) (*webPhone, error) {
	if b.page == "" {
		return nil, notHere(b.why)
	}
	dir := b.folder("chromium")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte(b.page))
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><meta charset="utf-8"><title>web phone</title><body><script src="/page.js"></script>`))
	})}
	go func() { _ = server.Serve(listener) }()
	p, err := b.start(dir, []string{"HOME=" + dir}, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--ignore-certificate-errors", "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection",
		"--disable-features=WebRtcHideLocalIpsWithMdns", "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
		"--remote-debugging-port=0", "--user-data-dir="+filepath.Join(dir, "profile"), "about:blank")
	if err != nil {
		return nil, err
	}
	go func() { <-p.done; _ = server.Close() }()
	w := &webPhone{process: p}
	address := ""
	if err := until("Chromium's DevTools listen", func() (bool, error) {
		if m := devTools.FindStringSubmatch(p.out.String()); m != nil {
			address = m[1]
		}
		return address != "", nil
	}); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if w.conn, _, err = websocket.Dial(ctx, address, nil); err != nil {
		return nil, err
	}
	w.conn.SetReadLimit(64 << 20)
	ice, err := json.Marshal(a.ice)
	if err != nil {
		return nil, err
	}
	q := url.Values{"user": {a.user}, "auth": {a.auth}, "domain": {a.domain}, "password": {a.password}, "ws": {a.ws}, "hz": {fmt.Sprint(peerTone)}}
	if a.ice != nil {
		q.Set("ice", string(ice))
	}
	if a.relay {
		q.Set("relay", "1")
	}
	var target struct{ TargetID string }
	if err := w.command("Target.createTarget", map[string]any{"url": "http://" + listener.Addr().String() + "/?" + q.Encode()}, &target); err != nil {
		return nil, err
	}
	var attached struct{ SessionID string }
	if err := w.command("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached); err != nil {
		return nil, err
	}
	w.session = attached.SessionID
	return w, w.state("ready")
}

// command sends a command of the DevTools protocol and decodes its result.
func (w *webPhone) command(method string, params, result any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	w.id++
	command := map[string]any{"id": w.id, "method": method, "params": params}
	if w.session != "" {
		command["sessionId"] = w.session
	}
	if err := wsjson.Write(ctx, w.conn, command); err != nil {
		return err
	}
	for {
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := wsjson.Read(ctx, w.conn, &answer); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		switch {
		case answer.ID != w.id:
		case answer.Error != nil:
			return errors.New(answer.Error.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(answer.Result, result)
		}
	}
}

// call calls a function of the page's phone and decodes what it returns.
func (w *webPhone) call(into any, function string, args ...any) error {
	list, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		return err
	}
	var out struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	expression := fmt.Sprintf("Promise.resolve(window.phone.%s(...%s)).then(v => v === undefined ? null : v)", function, list)
	if err := w.command("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true}, &out); err != nil {
		return err
	}
	if out.ExceptionDetails != nil {
		return fmt.Errorf("the web phone: %s: %s", function, out.ExceptionDetails.Exception.Description)
	}
	if into == nil || len(out.Result.Value) == 0 {
		return nil
	}
	return json.Unmarshal(out.Result.Value, into)
}

// webSeen is what the page saw.
type webSeen struct {
	State, Digits, Error, Cause string
	Held                        bool
	Offers                      []struct{ Who, Type, SDP string }
}

func (w *webPhone) seen(what string, fits func(webSeen) bool) error {
	return until("the web phone "+what, func() (bool, error) {
		var s webSeen
		if err := w.call(&s, "seen"); err != nil {
			return false, err
		}
		return fits(s), fmt.Errorf("it is %s, %s%s, digits %q, held %v", s.State, s.Error, s.Cause, s.Digits, s.Held)
	})
}

func (w *webPhone) state(state string) error {
	return w.seen("is "+state, func(s webSeen) bool { return s.State == state })
}

// hears waits until a tone is, or is no more, in what the page plays now.
func (w *webPhone) hears(hz float64, yes bool) error {
	type level struct {
		Level   float64
		Samples int
	}
	var from level
	if err := w.call(&from, "level", hz); err != nil {
		return err
	}
	what := fmt.Sprintf("the web phone hears %.0f Hz", hz)
	if !yes {
		what = fmt.Sprintf("the web phone no longer hears %.0f Hz", hz)
	}
	return until(what, func() (bool, error) {
		var now level
		if err := w.call(&now, "level", hz); err != nil {
			return false, err
		}
		fresh := now.Samples > from.Samples+48000 || now.Samples == 0 && !yes
		return fresh && (yes && now.Level > audible || !yes && now.Level < inaudible), fmt.Errorf("its level is %.3f", now.Level)
	})
}
