//go:build windows || darwin

package proxy

import (
	"context"
	"net/http"
	"net/url"

	"github.com/mattn/go-ieproxy"
)

// fromSystem asks WinHTTP and the registry, or macOS's configuration, scripts
// included.
func fromSystem(_ context.Context, target *url.URL) ([]*url.URL, error) {
	u, err := ieproxy.GetProxyFunc()(&http.Request{URL: target})
	if err != nil {
		return nil, err
	}
	return []*url.URL{u}, nil
}

// Refresh forgets what is remembered of the system's settings.
func Refresh() { ieproxy.ReloadConf() }
