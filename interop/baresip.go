//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"offhook/app"
	"offhook/internal/listen"
)

// baresip is a console phone, driven over its TCP control.
type baresip struct {
	*process
	conn net.Conn
	dir  string

	mu     sync.Mutex
	events []string
	digits string
}

// baresipOptions are the parts of its account that rows change.
type baresipOptions struct {
	codecs, encryption, transport string
	// ice has it speak ICE (RFC 8445), which it does not on loopback addresses.
	ice bool
}

// baresip starts the phone as user bare and waits until it has registered. Its
// microphone is a tone of aufile, and its module sndfile writes what it hears.
func (b *bench) baresip(k *kamailio, o baresipOptions) (*baresip, error) {
	dir := b.folder("baresip")
	p, err := b.ports(2)
	if err != nil {
		return nil, err
	}
	// aufile takes a file only as the codec wants it.
	rate, channels := 8000, 1
	if strings.HasPrefix(o.codecs, "opus") {
		rate, channels = 48000, 2
	}
	if err := os.WriteFile(filepath.Join(dir, "tone.wav"), toneWAV(peerTone, rate, channels, 90*time.Second), 0o600); err != nil {
		return nil, err
	}
	modules, err := filepath.Glob("/usr/lib/*baresip/modules")
	if more, _ := filepath.Glob("/usr/lib/*/baresip/modules"); len(modules) == 0 {
		modules = more
	}
	if err != nil || len(modules) == 0 {
		return nil, notHere("baresip's modules are not where they were looked for")
	}
	server := fmt.Sprintf("sip:127.0.0.1:%d;transport=%s", k.sip, o.transport)
	account := fmt.Sprintf("<sip:bare@lab.test>;auth_user=bare;auth_pass=secret;outbound=\"%s\";regint=600;answermode=manual;audio_codecs=%s;ptime=20", server, o.codecs)
	if o.encryption != "" {
		account += ";mediaenc=" + o.encryption
	}
	more := "net_interface 127.0.0.1\n"
	if o.ice {
		account += ";medianat=ice"
		more = "module ice.so\nmodule stun.so\n"
	}
	config := fmt.Sprintf(`poll_method epoll
sip_listen 127.0.0.1:%d
module_path %s
audio_source aufile,%s/tone.wav
audio_player aubridge,nothing
audio_alert aubridge,nothing
module aufile.so
module aubridge.so
module sndfile.so
module opus.so
module g711.so
module auconv.so
module auresamp.so
module srtp.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path %s
ctrl_tcp_listen 127.0.0.1:%d
opus_bitrate 32000
rtp_ports 21000-29998
ring_aufile none
ringback_aufile none
%s`, p[0], modules[0], dir, dir, p[1], more)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600),
		os.WriteFile(filepath.Join(dir, "accounts"), []byte(account+"\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "contacts"), nil, 0o600)); err != nil {
		return nil, err
	}
	s := &baresip{dir: dir}
	if s.process, err = b.start(dir, []string{"HOME=" + dir}, "baresip", "-f", dir, "-v"); err != nil {
		return nil, err
	}
	if err := listening(p[1], s.process); err != nil {
		return nil, err
	}
	if s.conn, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p[1])); err != nil {
		return nil, err
	}
	go s.read()
	return s, until("baresip has registered", func() (bool, error) {
		return s.saw("REGISTER_OK") || strings.Contains(s.out.String(), "200 OK"), errors.New(tail(s.out.String(), 300))
	})
}

// read takes in the netstrings of the control (ctrl_tcp).
func (s *baresip) read() {
	r := bufio.NewReader(s.conn)
	for {
		size, err := r.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
		if err != nil || n > 1<<20 {
			return
		}
		raw := make([]byte, n+1)
		if _, err := io.ReadFull(r, raw); err != nil {
			return
		}
		var m struct{ Type, Param string }
		if json.Unmarshal(raw[:n], &m) != nil || m.Type == "" {
			continue
		}
		s.mu.Lock()
		s.events = append(s.events, m.Type)
		if m.Type == "CALL_DTMF_START" {
			s.digits += m.Param
		}
		s.mu.Unlock()
	}
}

func (s *baresip) saw(event string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e == event {
			return true
		}
	}
	return false
}

func (s *baresip) wait(event string) error {
	return until("baresip reports "+event, func() (bool, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return strings.Contains(strings.Join(s.events, " "), event), fmt.Errorf("it reported %s", strings.Join(s.events, " "))
	})
}

func (s *baresip) do(command, params string) error {
	raw, err := json.Marshal(map[string]string{"command": command, "params": params, "token": "t"})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.conn, "%d:%s,", len(raw), raw)
	return err
}

// hears looks for a tone in what baresip decodes from now on. It writes that down only
// until the first re-INVITE; see receives.
func (s *baresip) hears(hz float64) error {
	from := time.Now()
	return until(fmt.Sprintf("baresip hears %.0f Hz", hz), func() (bool, error) {
		files, err := filepath.Glob(filepath.Join(s.dir, "dump-*-dec.wav"))
		if err != nil || len(files) == 0 {
			return false, errors.Join(err, errors.New("it has written no sound"))
		}
		newest := files[len(files)-1]
		if info, err := os.Stat(newest); err != nil || info.ModTime().Before(from) {
			return false, errors.Join(err, errors.New("it writes no more sound"))
		}
		sound, err := listen.ReadWAV(newest)
		if err != nil || sound.Duration() < time.Second {
			return false, err
		}
		level := sound.Cut(sound.Duration()-time.Second, sound.Duration()).Tone(hz)
		return level > audible, fmt.Errorf("its level is %.3f", level)
	})
}

// counted is what baresip says a few times a second: the bits a second that it sends and
// receives.
var counted = regexp.MustCompile(`audio=\d+/(\d+) \(bit/s\)`)

// receives waits until baresip counts sound that comes in, over at least twenty of its
// readings from now on.
func (s *baresip) receives() error {
	from := len(s.out.String())
	return until("baresip receives sound", func() (bool, error) {
		readings := counted.FindAllStringSubmatch(s.out.String()[from:], -1)
		if len(readings) < 20 {
			return false, errors.New("it counts nothing")
		}
		bits, err := strconv.Atoi(readings[len(readings)-1][1])
		return bits > 10_000, errors.Join(err, fmt.Errorf("it counts %d bit/s", bits))
	})
}

// baresipRows are the rows of plain RTP.
func baresipRows() []row {
	const peer = "baresip over UDP"
	story := func(what string, o baresipOptions, media, server string, parts ...func(*phone, *baresip) error) row {
		return row{peer, what, []string{"kamailio", "baresip"}, func(b *bench) error {
			k, err := b.kamailio(false)
			if err != nil {
				return err
			}
			defer func() { b.collect(peer, what, k) }()
			if o.transport == "" {
				o.transport = "udp"
			}
			s, err := b.baresip(k, o)
			if err != nil {
				return err
			}
			port := k.sip
			if server == "tls" {
				port = k.tls
			}
			args := []string{"--sip-media", media}
			if o.ice {
				args = append(args, "--sip-ice")
			}
			p, err := b.phone("desk", fmt.Sprintf("%s://127.0.0.1:%d", server, port), k, args...)
			if err != nil {
				return err
			}
			for _, part := range parts {
				if err := part(p, s); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	const opus, pcmu, pcma = "opus/48000/2", "pcmu/8000/1", "pcma/8000/1"
	talking := func(p *phone, s *baresip) error {
		return steps(func() error { return s.hears(phoneTone) }, func() error { return p.hears(peerTone, true) })
	}
	dialled := func(p *phone, s *baresip) error {
		return steps(
			func() error { return p.do("dial", "bare") },
			func() error { return s.wait("CALL_INCOMING") },
			func() error { return p.state("RINGING") },
			func() error { return s.do("accept", "") },
			func() error { return p.state("ESTABLISHED") },
			func() error { return talking(p, s) },
		)
	}
	called := func(p *phone, s *baresip) error {
		return steps(
			func() error { return s.do("dial", "sip:desk@lab.test") },
			func() error { return p.state("INCOMING") },
			func() error { return s.wait("CALL_RINGING") },
			func() error { return p.do("answer") },
			func() error { return p.state("ESTABLISHED") },
			func() error { return s.wait("CALL_ESTABLISHED") },
			func() error { return talking(p, s) },
		)
	}
	here := func(p *phone, s *baresip) error {
		return steps(func() error { return p.do("hangup") }, func() error { return s.wait("CALL_CLOSED") })
	}
	there := func(p *phone, s *baresip) error {
		return steps(func() error { return s.do("hangup", "") }, func() error { return p.ended("REMOTE_HANGUP") })
	}
	held := func(p *phone, s *baresip) error {
		return steps(
			func() error { return p.do("hold") },
			func() error { return p.has("holding", func(c *app.Call) bool { return c.Held }) },
			func() error { return p.hears(peerTone, false) },
			func() error { return p.do("resume") },
			s.receives,
			func() error { return p.hears(peerTone, true) },
			func() error { return s.do("hold", "") },
			func() error { return p.has("on hold", func(c *app.Call) bool { return c.RemoteHeld }) },
			func() error { return s.do("resume", "") },
			func() error { return p.has("no longer on hold", func(c *app.Call) bool { return !c.RemoteHeld }) },
			s.receives,
			func() error { return p.hears(peerTone, true) },
		)
	}
	byICE := func(_ *phone, s *baresip) error {
		const said = "mnat 'ice' connected"
		return until("baresip says that ICE is connected", func() (bool, error) {
			return strings.Contains(s.out.String(), said), errors.New(tail(s.out.String(), 300))
		})
	}
	digits := func(p *phone, s *baresip) error {
		return steps(
			func() error { return p.do("dtmf", "15#") },
			func() error {
				return until("baresip is told the digits", func() (bool, error) {
					s.mu.Lock()
					defer s.mu.Unlock()
					return s.digits == "15#", fmt.Errorf("it was told %q", s.digits)
				})
			},
			func() error {
				for _, d := range "42" {
					if err := s.do("sndcode", string(d)); err != nil {
						return err
					}
				}
				return nil
			},
			func() error {
				return p.has("told the digits", func(c *app.Call) bool { return c.DTMFReceived == "42" })
			},
		)
	}
	declined := func(p *phone, s *baresip) error {
		return steps(
			func() error { return p.do("dial", "bare") },
			func() error { return s.wait("CALL_INCOMING") },
			func() error { return s.do("hangup", "") },
			func() error { return p.ended("BUSY") },
		)
	}
	gaveUp := func(p *phone, s *baresip) error {
		return steps(
			func() error { return s.do("dial", "sip:desk@lab.test") },
			func() error { return p.state("INCOMING") },
			func() error { return s.do("hangup", "") },
			func() error { return p.ended("REMOTE_HANGUP") },
		)
	}
	return []row{
		story("Opus: call, sound both ways, hang up", baresipOptions{codecs: opus}, "rtp", "udp", dialled, here),
		story("Opus: be called, sound both ways, be hung up", baresipOptions{codecs: opus}, "rtp", "udp", called, there),
		story("PCMU: call and be called", baresipOptions{codecs: pcmu}, "rtp", "udp", dialled, here),
		story("PCMA: be called", baresipOptions{codecs: pcma}, "rtp", "udp", called, here),
		story("SDES (RTP/SAVP): call", baresipOptions{codecs: opus, encryption: "srtp-mand"}, "srtp", "udp", dialled, here),
		story("SDES (RTP/SAVP): be called", baresipOptions{codecs: pcmu, encryption: "srtp-mand"}, "srtp", "udp", called, there),
		story("ICE (RTP/AVP): call, hold and resume by each side", baresipOptions{codecs: opus, ice: true}, "rtp", "udp", dialled, byICE, held, here),
		story("ICE (RTP/AVP): be called", baresipOptions{codecs: pcmu, ice: true}, "rtp", "udp", called, byICE, there),
		story("ICE (RTP/SAVP with SDES): call", baresipOptions{codecs: opus, encryption: "srtp-mand", ice: true}, "srtp", "udp", dialled, byICE, here),
		story("over TCP", baresipOptions{codecs: opus, transport: "tcp"}, "rtp", "tcp", dialled, here),
		story("the phone over TLS", baresipOptions{codecs: opus}, "rtp", "tls", called, here),
		story("hold and resume, by each side", baresipOptions{codecs: opus}, "rtp", "udp", dialled, held, here),
		story("digits both ways", baresipOptions{codecs: pcmu}, "rtp", "udp", dialled, digits, here),
		story("declined there; given up there", baresipOptions{codecs: opus}, "rtp", "udp", declined, gaveUp),
		swapRow(),
		conferenceRow(),
	}
}
