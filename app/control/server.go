package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"offhook/app"
	"offhook/app/secrets"
	"offhook/app/settings"
	"offhook/internal/crash"
	"offhook/voice/fault"
)

// Server lets other programs of the same user work the phone.
type Server struct {
	cfg      Config
	listener net.Listener
	path     string
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	slots    chan struct{}
	// closed is closed when the phone is closed: quit returns then.
	closed chan struct{}
	once   sync.Once
	web    *web
}

// Config is what a Server is made of.
type Config struct {
	// Dir is the profile's folder, whose Lock the caller holds.
	Dir   string
	Phone *app.Phone
	// Quit asks the program to end. It must not wait for it.
	Quit func()
	Log  *slog.Logger
	// Secrets keeps the pairings of the Desk API; nil keeps them in memory.
	Secrets secrets.Store
	// now is the clock of the Desk API's rates, and ping how often its sockets are asked
	// whether their page is there; nil and 0 are the usual ones.
	now  func() time.Time
	ping time.Duration
}

// maxClients bounds the programs that are connected at one time.
const maxClients = 64

// requestLimit is how long a client may take to say what it wants.
const requestLimit = 5 * time.Second

// Serve begins to listen. The caller calls Finish when the phone is closed.
func Serve(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.now == nil {
		cfg.now = time.Now
	}
	if cfg.ping <= 0 {
		cfg.ping = webPing
	}
	l, path, err := listen(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, listener: l, path: path, slots: make(chan struct{}, maxClients), closed: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if cfg.Secrets == nil {
		cfg.Secrets = &secrets.Memory{}
	}
	s.web = newWeb(s, cfg.Secrets)
	s.wg.Go(crash.Guarded(s.accept))
	cfg.Phone.FollowSettings(func(set settings.Settings) { s.web.follow(set.DeskAPI) })
	return s, nil
}

// Finish answers those who wait for the end of the phone, and stops listening.
func (s *Server) Finish() {
	s.once.Do(func() {
		close(s.closed)
		s.listener.Close()
		s.web.close()
		// The answers to quit are a few bytes; a client that does not read them
		// is cut off.
		done := make(chan struct{})
		go func() {
			defer crash.Guard()
			s.wg.Wait()
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(time.Second):
		}
		s.cancel()
		<-done
		_ = os.Remove(s.path)
		_ = os.Remove(filepath.Join(s.cfg.Dir, pointerName))
	})
}

// acceptAgain is the delay after a connection could not be accepted, as while the
// process has no descriptors left.
const acceptAgain = 100 * time.Millisecond

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.cfg.Log.Warn("a connection can't be accepted", "err", err)
			select {
			case <-time.After(acceptAgain):
				continue
			case <-s.ctx.Done():
				return
			}
		}
		select {
		case s.slots <- struct{}{}:
		default:
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
			_ = json.NewEncoder(conn).Encode(answer{Error: failure(string(fault.SystemBusy), "ctl.too-many")})
			conn.Close()
			continue
		}
		s.wg.Go(func() {
			defer crash.Guard()
			defer func() { <-s.slots }()
			s.serve(conn)
		})
	}
}

func (s *Server) serve(conn net.Conn) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, crash.Guarded(func() { conn.Close() }))()

	_ = conn.SetReadDeadline(time.Now().Add(requestLimit))
	in := bufio.NewReaderSize(conn, maxLine)
	out := json.NewEncoder(conn)
	send := func(a answer) error {
		_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
		return out.Encode(a)
	}
	line, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		_ = send(answer{Error: usage("That is too long for one command.")})
	}
	if err != nil {
		return
	}
	var req request
	if err := json.Unmarshal(line, &req); err != nil {
		_ = send(answer{Error: usage("That is no request.")})
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	// A client that goes away gives up what it asked for.
	gone := make(chan struct{})
	go func() {
		defer crash.Guard()
		defer close(gone)
		_, _ = in.ReadByte()
		cancel()
	}()
	defer func() { conn.Close(); <-gone }()

	result, err := s.run(ctx, req, func(v any) error {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return send(answer{Item: data})
	})
	if err != nil {
		f := failureOf(err)
		s.cfg.Log.Info("control", "command", req.Command, "code", f.Code)
		_ = send(answer{Error: f})
		return
	}
	s.cfg.Log.Debug("control", "command", req.Command)
	data, err := json.Marshal(result)
	if err != nil {
		_ = send(answer{Error: failureOf(err)})
		return
	}
	_ = send(answer{Result: data})
}
