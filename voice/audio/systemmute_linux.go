package audio

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jfreymuth/pulse/proto"
)

// askLimit is how long the sound server may take to answer.
const askLimit = time.Second

// systemMutes asks PulseAudio, or PipeWire in its place, which devices are muted:
// the library that plays and records does not know. It keeps one connection of its
// own, from the first call on.
type systemMutes struct {
	mu     sync.Mutex
	conn   net.Conn
	client *proto.Client
	closed bool
}

// ask reports whether a device is muted, and whether that is known. It may take
// askLimit.
func (s *systemMutes) ask(kind Kind, spec Spec) (muted, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.connect() {
		return false, false
	}
	name := spec.Value
	var err error
	if kind == Playback {
		if spec.Kind == SpecDefault {
			name = "@DEFAULT_SINK@"
		}
		var r proto.GetSinkInfoReply
		err = s.client.Request(&proto.GetSinkInfo{SinkIndex: proto.Undefined, SinkName: name}, &r)
		muted = r.Mute
	} else {
		if spec.Kind == SpecDefault {
			name = "@DEFAULT_SOURCE@"
		}
		var r proto.GetSourceInfoReply
		err = s.client.Request(&proto.GetSourceInfo{SourceIndex: proto.Undefined, SourceName: name}, &r)
		muted = r.Mute
	}
	if err == nil {
		return muted, true
	}
	if _, refused := err.(proto.Error); !refused { // the connection is of no more use
		s.drop()
	}
	return false, false
}

// connect makes the connection, if there is none. s.mu is held.
func (s *systemMutes) connect() bool {
	if s.client != nil {
		return true
	}
	for _, place := range mutePlaces() {
		conn, err := net.DialTimeout("unix", place, askLimit)
		if err != nil {
			continue
		}
		c := &proto.Client{Callback: func(any) {}}
		c.SetTimeout(askLimit)
		c.Open(conn)
		var welcome proto.AuthReply
		if err := c.Request(&proto.Auth{Version: c.Version(), Cookie: cookie()}, &welcome); err != nil {
			_ = conn.Close()
			continue
		}
		c.SetVersion(welcome.Version)
		props := proto.PropList{"application.name": proto.PropListString("Offhook")}
		if err := c.Request(&proto.SetClientName{Props: props}, &proto.SetClientNameReply{}); err != nil {
			_ = conn.Close()
			continue
		}
		s.conn, s.client = conn, c
		return true
	}
	return false
}

// mutePlaces are the sockets to try: that which PULSE_SERVER names, if it does. A
// server on another machine is not asked.
func mutePlaces() []string {
	named := os.Getenv("PULSE_SERVER")
	if named == "" {
		return soundServerPlaces()
	}
	var places []string
	for _, s := range strings.Fields(named) {
		if path := strings.TrimPrefix(s, "unix:"); strings.HasPrefix(path, "/") {
			places = append(places, path)
		}
	}
	return places
}

// cookie is what shows the server whose process this is; one that needs none takes
// any 256 bytes.
func cookie() []byte {
	places := []string{os.Getenv("PULSE_COOKIE")}
	if config, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(config, "pulse", "cookie"))
	}
	for _, p := range append(places, filepath.Join(os.Getenv("HOME"), ".pulse-cookie")) {
		if b, err := os.ReadFile(p); err == nil && len(b) == 256 {
			return b
		}
	}
	return make([]byte, 256)
}

func (s *systemMutes) drop() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.conn, s.client = nil, nil
}

// close ends the connection.
func (s *systemMutes) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.drop()
}
