package app

import (
	"errors"
	"net"
	"net/http"
	"time"

	"offhook/app/backend"
)

// NewHTTPClient returns the client for the phone's requests: the proxy of the
// environment, the system's certificate authorities, and few idle connections,
// which are given up before a proxy or a firewall would cut them silently.
func NewHTTPClient() *http.Client {
	return &http.Client{
		Timeout: backend.Timeout,
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          4,
			MaxIdleConnsPerHost:   2,
			IdleConnTimeout:       30 * time.Second,
			TLSHandshakeTimeout:   5 * time.Second,
			ExpectContinueTimeout: time.Second,
		},
	}
}

// noKeyring stands for a phone that was given none.
type noKeyring struct{}

var errNoKeyring = errors.New("app: no keyring")

func (noKeyring) Get(string) (string, error) { return "", errNoKeyring }
func (noKeyring) Set(string, string) error   { return errNoKeyring }
func (noKeyring) Delete(string) error        { return errNoKeyring }
