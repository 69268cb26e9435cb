package demo

import (
	"context"
	"net/http"
	"testing"
)

// A platform that only lets calls end is alive, and not ready for more.
func TestHealth(t *testing.T) {
	t.Parallel()
	p := startPlatform(t, Config{})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(path string, want int) {
		t.Helper()
		res, err := client.Get(p.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
	for _, path := range []string{"/livez", "/readyz", "/healthz"} {
		ask(path, http.StatusOK)
	}
	if err := p.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
	ask("/livez", http.StatusOK)
	ask("/healthz", http.StatusOK)
	ask("/readyz", http.StatusServiceUnavailable)
}
