//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	random "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// timeout is how long something may take that is waited for.
const timeout = 30 * time.Second

// bench is where rows run: a folder, the programs, and what is running.
type bench struct {
	bin  string // folder of offhook and offhook-demo
	dir  string // of this run
	page string // the bundle of the web phone, "" if there is none
	why  string // why there is none
	keep bool

	mu      sync.Mutex
	running []*process
	n       int
	given   map[int]bool // ports
}

// process is a program that a row started.
type process struct {
	name string
	cmd  *exec.Cmd
	out  *output
	done chan struct{}
}

// output collects what a program prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// folder makes a new folder of the run.
func (b *bench) folder(name string) string {
	b.mu.Lock()
	b.n++
	dir := filepath.Join(b.dir, fmt.Sprintf("%02d-%s", b.n, name))
	b.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		panic(err)
	}
	return dir
}

// start runs a program until the row ends. A program has its own process group,
// so that what it starts ends with it.
func (b *bench) start(dir string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: filepath.Base(program), cmd: exec.Command(program, args...), out: &output{}, done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = 2 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	b.mu.Lock()
	b.running = append(b.running, p)
	b.mu.Unlock()
	return p, nil
}

func (p *process) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop ends a program and what it started.
func (p *process) stop() {
	if !p.over() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(5 * time.Second):
		}
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// guarded runs a row, ends what it started, and turns a panic into a failure.
func (b *bench) guarded(run func(*bench) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the row broke: %v", r)
		}
		b.mu.Lock()
		running := b.running
		b.running = nil
		b.mu.Unlock()
		for i := len(running) - 1; i >= 0; i-- {
			running[i].stop()
			name := filepath.Join(b.dir, fmt.Sprintf("%s-%d.log", running[i].name, running[i].cmd.Process.Pid))
			_ = os.WriteFile(name, []byte(running[i].out.String()), 0o600)
		}
	}()
	return run(b)
}

// until polls until what it waits for is there; the error says what never was.
func until(what string, ok func() (bool, error)) error {
	var last error
	for limit := time.Now().Add(timeout); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		done, err := ok()
		if done {
			return nil
		}
		if last = err; errors.Is(err, errOver) {
			break
		}
	}
	return errors.Join(fmt.Errorf("never: %s", what), last)
}

// errOver says that there is nothing to wait for any more.
var errOver = errors.New("it has ended")

// Ports are given out below those that the system gives to programs that ask for any
// (from 32768 on), so that nobody's client takes one before its program has
// opened it.
const (
	firstPort = 10000
	lastPort  = 19999
)

// ports finds n free ports, of UDP and TCP at once, none twice in a run.
func (b *bench) ports(n int) ([]int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.given == nil {
		b.given = map[int]bool{}
	}
	var found []int
	for tries := 0; len(found) < n; tries++ {
		if tries == 1000 {
			return nil, errors.New("no free ports")
		}
		port := firstPort + random.IntN(lastPort-firstPort+1)
		if !b.given[port] && free(port) {
			b.given[port] = true
			found = append(found, port)
		}
	}
	return found, nil
}

func free(port int) bool {
	at := fmt.Sprintf("127.0.0.1:%d", port)
	l, err := net.Listen("tcp", at)
	if err != nil {
		return false
	}
	defer l.Close()
	pc, err := net.ListenPacket("udp", at)
	if err != nil {
		return false
	}
	return pc.Close() == nil
}

// listening waits until something accepts TCP connections at a port.
func listening(port int, by *process) error {
	return until(fmt.Sprintf("%s listens at port %d", by.name, port), func() (bool, error) {
		if by.over() {
			return false, fmt.Errorf("%w: %s", errOver, tail(by.out.String(), 400))
		}
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil, err
	})
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// certificate makes a self-signed certificate for loopback and returns the
// paths of its key and itself.
func certificate(dir string) (key, cert string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		DNSNames: []string{"lab.test", "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return "", "", err
	}
	raw, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return "", "", err
	}
	key, cert = filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	return key, cert, errors.Join(
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}), 0o600),
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
}
