package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"offhook/demo"
	"offhook/demo/backend"
	"offhook/demo/store"
)

// finding is what doctor says of one thing.
type finding struct {
	Check  string `json:"check"`
	Result string `json:"result"` // pass, warn or fail
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

func pass(check, text string) finding { return finding{check, "pass", text, ""} }

func warn(check, text, remedy string) finding { return finding{check, "warn", text, remedy} }

func fail(check, text, remedy string) finding { return finding{check, "fail", text, remedy} }

const (
	lookTimeout = 5 * time.Second
	// renewSoon is how long before its end a certificate is worth a warning.
	renewSoon = 14 * 24 * time.Hour
	// wantFiles is how many open files let thousands of phones in.
	wantFiles = 16384
)

var errUnwell = errors.New("something is wrong: see above")

const doctorAbout = "Checks what serve would run with the same flags and says what to do."

// doctor checks what serve would run with the same flags.
func doctor(ctx context.Context, args []string, stdout, stderr io.Writer) (asJSON bool, err error) {
	s := settings{command: "doctor", about: doctorAbout}
	if err := s.parse(args, stdout, stderr); err != nil {
		return s.flags.JSON, err
	}
	if _, err := demo.New(s.Config); err != nil {
		return s.flags.JSON, usageError{err}
	}
	findings := []finding{s.checkPort(ctx), s.checkMedia(), s.checkData(ctx), s.checkUsers(ctx), s.checkCertificate(), s.checkPublic(ctx), s.checkCluster(ctx),
		checkBackend(ctx, "dial-whom-url", s.DialWhomURL), checkBackend(ctx, "push-url", s.PushURL), checkFiles()}
	well := true
	var lines []string
	for _, f := range findings {
		well = well && f.Result != "fail"
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%-4s  %-14s  %s %s", f.Result, f.Check, f.Text, f.Remedy)))
	}
	if err := said(stdout, s.flags.JSON, map[string]any{"ok": well, "checks": findings}, strings.Join(lines, "\n")); err != nil {
		return s.flags.JSON, err
	}
	if !well {
		if s.flags.JSON {
			return true, errSaid // the object was printed
		}
		return false, errUnwell
	}
	return s.flags.JSON, nil
}

// checkPort finds the port free, or this platform on it.
func (s *settings) checkPort(ctx context.Context) finding {
	l, err := net.Listen("tcp", s.Listen)
	if err == nil {
		return checked(l.Close(), "listen", "TCP "+s.Listen+" is free.")
	}
	if errors.Is(err, os.ErrPermission) {
		return fail("listen", "This user may not listen on "+s.Listen+".", "Give the service CAP_NET_BIND_SERVICE, or take a port above 1023.")
	}
	scheme := "http"
	if s.TLSCertFile != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(s.Listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	// Which certificate the port shows is another check.
	client := &http.Client{Timeout: lookTimeout, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	if healthy(ctx, client, scheme+"://"+net.JoinHostPort(host, port)) == nil {
		return pass("listen", "The platform answers on "+s.Listen+".")
	}
	return fail("listen", "TCP "+s.Listen+" can't be listened on, and no platform answers there.", "End the program that has the port, or choose another with --listen.")
}

func checked(err error, check, text string) finding {
	if err != nil {
		return fail(check, err.Error(), "")
	}
	return pass(check, text)
}

func (s *settings) checkMedia() finding {
	conn, err := net.ListenPacket("udp", s.MediaListen)
	if err == nil {
		return checked(conn.Close(), "media-listen", "UDP "+s.MediaListen+" is free.")
	}
	return warn("media-listen", "UDP "+s.MediaListen+" can't be listened on.", "That is right while the platform runs; else end the program that has the port.")
}

func (s *settings) checkData(ctx context.Context) finding {
	if s.DataDir == "" {
		return warn("data", "Everything is in memory and gone at the end.", "Name a folder with --data.")
	}
	if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
		return fail("data", "The folder can't be made.", "Make "+s.DataDir+" and give it to the user that runs the platform.")
	}
	probe, err := os.CreateTemp(s.DataDir, "doctor-*")
	if err != nil {
		return fail("data", "The folder can't be written to.", "Give "+s.DataDir+" to the user that runs the platform.")
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return fail("data", err.Error(), "")
	}
	for _, name := range []string{"platform", "backend"} {
		if err := store.Check(ctx, s.DataDir, name); err != nil {
			return fail("data", fmt.Sprintf("The database %s is damaged: %v.", name, err), "Restore it from a backup, or move it away and start anew.")
		}
	}
	return pass("data", "The folder can be written to and the databases are whole.")
}

// checkUsers warns of users whose password the whole world knows, where the
// world may reach them.
func (s *settings) checkUsers(ctx context.Context) finding {
	host, _, _ := net.SplitHostPort(s.Listen)
	ip := net.ParseIP(host)
	if s.account.SID != demo.DemoAccount || s.PublicURL == "" && ip != nil && ip.IsLoopback() {
		return pass("users", "No password is public where strangers could use it.")
	}
	const text, remedy = "The demo's users sign in with a public password.", "Remove them with offhook-demo user remove, or choose an --account of your own."
	if s.DataDir == "" {
		return warn("users", text, remedy)
	}
	if _, err := os.Stat(filepath.Join(s.DataDir, "backend.db")); err != nil {
		return warn("users", text, remedy) // they will be there at the first start
	}
	db, err := store.Open(ctx, s.DataDir, "backend", backend.Migrations)
	if err != nil {
		return fail("users", "The users can't be read.", "Look at the check of the data folder.")
	}
	list, err := backend.Users{DB: db}.List(ctx)
	if err = errors.Join(err, db.Close()); err != nil {
		return fail("users", "The users can't be read.", "Look at the check of the data folder.")
	}
	for _, user := range list {
		for _, known := range demo.DemoUsers() {
			if user.Name == known.Name {
				return warn("users", text, remedy)
			}
		}
	}
	return pass("users", "The demo's users are gone.")
}

func (s *settings) checkCertificate() finding {
	if s.TLSCertFile == "" {
		if strings.HasPrefix(s.PublicURL, "https://") {
			return pass("tls", "TLS ends at a proxy in front of the platform.")
		}
		return warn("tls", "The platform speaks plain HTTP: passwords and tokens can be read on the way.", "Use --tls-cert and --tls-key, or a proxy and --public-url https://….")
	}
	pair, err := tls.LoadX509KeyPair(s.TLSCertFile, s.TLSKeyFile)
	if err != nil {
		return fail("tls", err.Error()+".", "Name a PEM chain and its key.")
	}
	cert := pair.Leaf
	left := time.Until(cert.NotAfter)
	switch {
	case left <= 0:
		return fail("tls", "The certificate expired on "+cert.NotAfter.Format(time.DateOnly)+".", "Renew it; the platform takes the new file up by itself.")
	case time.Now().Before(cert.NotBefore):
		return fail("tls", "The certificate is not valid before "+cert.NotBefore.Format(time.DateOnly)+".", "Check the clock.")
	}
	if f, ok := s.checkName(cert); !ok {
		return f
	}
	if left < renewSoon {
		return warn("tls", "The certificate expires on "+cert.NotAfter.Format(time.DateOnly)+".", "Renew it soon.")
	}
	return pass("tls", "The certificate is valid until "+cert.NotAfter.Format(time.DateOnly)+".")
}

func (s *settings) checkName(cert *x509.Certificate) (finding, bool) {
	u, err := url.Parse(s.PublicURL)
	if s.PublicURL == "" || err != nil {
		return finding{}, true
	}
	if err := cert.VerifyHostname(u.Hostname()); err != nil {
		return fail("tls", "The certificate is not for "+u.Hostname()+".", "Get one for that name, or correct --public-url."), false
	}
	return finding{}, true
}

func (s *settings) checkPublic(ctx context.Context) finding {
	if s.PublicURL == "" {
		return warn("public-url", "Phones are told the address listened on.", "Set --public-url to what phones reach, if that is another.")
	}
	client := &http.Client{Timeout: lookTimeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	if err := healthy(ctx, client, s.PublicURL); err != nil {
		return warn("public-url", "The platform does not answer at "+s.PublicURL+" from here.", "That is right while it does not run, or where the firewall lets nothing come back; else check DNS, proxy and firewall.")
	}
	return pass("public-url", "The platform answers at "+s.PublicURL+".")
}

// healthy asks for /healthz.
func healthy(ctx context.Context, client *http.Client, base string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}

// checkBackend connects to an application backend, without a request that it
// would take for a call.
func checkBackend(ctx context.Context, check, text string) finding {
	if text == "" {
		return pass(check, "The embedded backend is used.")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return fail(check, "It is not a URL.", "Write https://key:token@host/path.")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return fail(check, "Nothing answers at "+net.JoinHostPort(u.Hostname(), port)+".", "Start the backend, or check its address and the firewall.")
	}
	_ = conn.Close()
	if u.User == nil {
		return warn(check, "The URL has no credentials: anybody may call the backend.", "Write them into the URL.")
	}
	return pass(check, "The backend's port answers.")
}
