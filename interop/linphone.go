//go:build unix

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"offhook/app"
	"offhook/internal/listen"
)

// linphone is Linphone's console phone, driven by linphonecsh over a socket that
// each user of the machine has one of. Its microphone and its ear are files.
type linphone struct {
	*process
	heard string
}

// linphone starts the phone as user lin and waits until it has registered.
func (b *bench) linphone(k *kamailio, encryption string) (*linphone, error) {
	dir := b.folder("linphone")
	p, err := b.ports(2)
	if err != nil {
		return nil, err
	}
	tone := filepath.Join(dir, "tone.wav")
	config := fmt.Sprintf(`[sip]
sip_port=%d
sip_tcp_port=%d
sip_tls_port=0
media_encryption=%s
media_encryption_mandatory=%d
guess_hostname=1
default_proxy=0
[rtp]
audio_rtp_port=%d
[net]
mtu=1300
[auth_info_0]
username=lin
passwd=secret
realm=lab.test
domain=lab.test
[proxy_0]
reg_proxy=<sip:127.0.0.1:%d;transport=udp>
reg_route=<sip:127.0.0.1:%d;transport=udp;lr>
reg_identity=sip:lin@lab.test
reg_expires=600
reg_sendregister=1
`, p[0], p[0], or(encryption, "none"), len(encryption)/max(len(encryption), 1), p[1]&^1, k.sip, k.sip)
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, ".local/share/linphone"), 0o700),
		os.WriteFile(tone, toneWAV(peerTone, 16000, 1, 90*time.Second), 0o600),
		os.WriteFile(filepath.Join(dir, "rc"), []byte(config), 0o600)); err != nil {
		return nil, err
	}
	l := &linphone{heard: filepath.Join(dir, "heard.wav")}
	// Only with --pipe does it work on while nobody types.
	if l.process, err = b.start(dir, []string{"HOME=" + dir}, "linphonec", "--pipe", "-S", "-c", filepath.Join(dir, "rc")); err != nil {
		return nil, err
	}
	return l, steps(
		func() error { return l.waits("status register", "identity=sip:lin@lab.test") },
		func() error { return l.says("soundcard use files") },
		func() error { return l.says("play " + tone) },
		func() error { return l.says("record " + l.heard) },
	)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// asks gives a command and returns what it printed.
func (l *linphone) asks(command string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, "linphonecsh", "generic", command).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("linphonecsh %s: %w: %s", command, err, tail(string(out), 200))
	}
	return string(out), nil
}

// says gives a command.
func (l *linphone) says(command string) error {
	_, err := l.asks(command)
	return err
}

// waits until what a command prints has a text.
func (l *linphone) waits(command, text string) error {
	return until("linphonec's "+command+" has "+text, func() (bool, error) {
		if l.over() {
			return false, fmt.Errorf("%w: %s", errOver, tail(l.out.String(), 400))
		}
		out, err := l.asks(command)
		return strings.Contains(out, text), errors.Join(err, errors.New(tail(out, 400)))
	})
}

// hears looks for a tone at the end of what the phone records: 16 bit, mono, and
// 48 kHz with Opus. It writes the header only when it closes the file.
func (l *linphone) hears(hz float64) error {
	return until(fmt.Sprintf("linphonec hears %.0f Hz", hz), func() (bool, error) {
		raw, err := os.ReadFile(l.heard)
		if err != nil || len(raw) < 44 {
			return false, errors.Join(err, errors.New("it has recorded nothing"))
		}
		sound := listen.Sound{Rate: 48000}
		for raw = raw[44:]; len(raw) >= 2; raw = raw[2:] {
			sound.Samples = append(sound.Samples, float64(int16(binary.LittleEndian.Uint16(raw)))/32768)
		}
		if sound.Duration() < time.Second {
			return false, fmt.Errorf("it has recorded %v", sound.Duration())
		}
		level := sound.Cut(sound.Duration()-time.Second, sound.Duration()).Tone(hz)
		return level > audible, fmt.Errorf("its level is %.3f", level)
	})
}

// linphoneRows are calls with Linphone over plain RTP.
func linphoneRows() []row {
	const peer = "Linphone over UDP"
	story := func(what, encryption, media string, parts ...func(*phone, *linphone) error) row {
		return row{peer, what, []string{"kamailio", "linphonec", "linphonecsh"}, func(b *bench) error {
			k, err := b.kamailio(false)
			if err != nil {
				return err
			}
			defer func() { b.collect(peer, what, k) }()
			l, err := b.linphone(k, encryption)
			if err != nil {
				return err
			}
			p, err := b.phone("desk", fmt.Sprintf("udp://127.0.0.1:%d", k.sip), k, "--sip-media", media)
			if err != nil {
				return err
			}
			for _, part := range parts {
				if err := part(p, l); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	talking := func(p *phone, l *linphone) error {
		return steps(func() error { return p.hears(peerTone, true) }, func() error { return l.hears(phoneTone) })
	}
	dialled := func(p *phone, l *linphone) error {
		return steps(
			func() error { return p.do("dial", "lin") },
			func() error { return l.waits("calls", "IncomingReceived") },
			func() error { return p.state("RINGING") },
			func() error { return l.says("answer") },
			func() error { return p.state("ESTABLISHED") },
			func() error { return talking(p, l) },
		)
	}
	called := func(p *phone, l *linphone) error {
		return steps(
			func() error { return l.says("call sip:desk@lab.test") },
			func() error { return p.state("INCOMING") },
			func() error { return p.do("answer") },
			func() error { return p.state("ESTABLISHED") },
			func() error { return talking(p, l) },
		)
	}
	here := func(p *phone, l *linphone) error {
		return steps(func() error { return p.do("hangup") }, func() error { return l.waits("calls", "No active call") })
	}
	there := func(p *phone, l *linphone) error {
		return steps(func() error { return l.says("terminate") }, func() error { return p.ended("REMOTE_HANGUP") })
	}
	held := func(p *phone, l *linphone) error {
		return steps(
			func() error { return p.do("hold") },
			func() error { return p.hears(peerTone, false) },
			func() error { return p.do("resume") },
			func() error { return p.hears(peerTone, true) },
			func() error { return l.says("pause") },
			func() error { return p.has("on hold", func(c *app.Call) bool { return c.RemoteHeld }) },
			// It resumes nothing before it has the answer to its hold.
			func() error { return l.waits("calls", "Paused") },
			func() error { return l.says("resume") },
			func() error { return p.has("no longer on hold", func(c *app.Call) bool { return !c.RemoteHeld }) },
			func() error { return talking(p, l) },
		)
	}
	return []row{
		story("call, sound both ways, hang up", "", "rtp", dialled, here),
		story("be called, sound both ways, be hung up", "", "rtp", called, there),
		story("SDES (RTP/SAVP): call", "srtp", "srtp", dialled, here),
		story("SDES (RTP/SAVP): be called", "srtp", "srtp", called, there),
		story("hold and resume, by each side", "", "rtp", dialled, held, here),
	}
}
