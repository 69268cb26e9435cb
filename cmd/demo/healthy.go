package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"offhook/internal/cmdline"
)

const healthyAbout = "Asks a platform whether calls may come, for a container's health check: exit code 0 if they may."

// healthyFlags is the declaration of the flags of healthy.
type healthyFlags struct {
	URL  string `name:"url" placeholder:"URL" default:"http://127.0.0.1:8080" help:"where the platform answers; the certificate of this computer's own addresses is not checked"`
	Live bool   `name:"live" help:"ask only whether the process answers"`
}

func (f *healthyFlags) declare() *cmdline.Program {
	return cmdline.New("offhook-demo healthy", healthyAbout, f)
}

// healthyTime bounds the answer.
const healthyTime = 5 * time.Second

// askHealth is the command healthy.
func askHealth(ctx context.Context, args []string, stdout, _ io.Writer) (asJSON bool, err error) {
	var f healthyFlags
	if _, _, err := f.declare().Parse(args, stdout); err != nil {
		return false, wrongUse(err)
	}
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" {
		return false, usageError{errors.New("--url is a URL such as http://127.0.0.1:8080")}
	}
	path := "/readyz"
	if f.Live {
		path = "/livez"
	}
	ctx, cancel := context.WithTimeout(ctx, healthyTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath(path).String(), nil)
	if err != nil {
		return false, usageError{err}
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip.IsLoopback() {
		// What answers here is this computer, whatever name its certificate has.
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}
	}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return false, fmt.Errorf("%s does not answer", u.Redacted())
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return false, err
	}
	if res.StatusCode != http.StatusOK {
		return false, fmt.Errorf("%s: %s", res.Status, strings.TrimSpace(string(text)))
	}
	fmt.Fprintln(stdout, strings.TrimSpace(string(text)))
	return false, nil
}
