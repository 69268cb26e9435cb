package provision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"offhook/app/settings"
	"offhook/assets/lang"
)

// CacheName is the file in a profile's folder that holds the last good policy
// that was fetched.
const CacheName = "policy.json"

// fetchLimit bounds the fetching of a policy, which a start waits for.
const fetchLimit = 5 * time.Second

// Load returns the policy that holds for a profile in dir, nil for none. from
// is a file or an https URL that the command line named; "" asks the system.
//
// A policy that names a URL is replaced by what is there. When that can't be
// fetched, the last one that could is used, and remark says so. A policy that
// is wrong is an error: a phone that an administrator meant to restrict must
// not start unrestricted.
func Load(ctx context.Context, hc *http.Client, dir, from string) (p *Policy, remark lang.Text, err error) {
	var data []byte
	switch {
	case strings.HasPrefix(from, "https://"), strings.HasPrefix(from, "http://"):
		return follow(ctx, hc, dir, from, nil)
	case from != "":
		if data, err = readFile(from); err != nil {
			return nil, remark, err
		}
	default:
		if data, err = fromSystem(); err != nil || data == nil {
			return nil, remark, err
		}
	}
	if p, err = Parse(data); err != nil || p.URL == "" {
		return p, remark, err
	}
	return follow(ctx, hc, dir, p.URL, p)
}

// follow fetches the policy at u; local is what holds if that never worked.
func follow(ctx context.Context, hc *http.Client, dir, u string, local *Policy) (p *Policy, remark lang.Text, err error) {
	if err := checkURL(u); err != nil {
		return nil, remark, err
	}
	cache := filepath.Join(dir, CacheName)
	data, err := fetch(ctx, hc, u)
	if err == nil {
		p, perr := Parse(data)
		if perr != nil {
			return nil, remark, fmt.Errorf("%s: %w", u, perr)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, remark, err
		}
		return p, remark, settings.WriteFileAtomic(cache, data, 0o600)
	}
	remark = lang.Of("settings.policy-unfetched")
	if old, rerr := readFile(cache); rerr == nil {
		if p, perr := Parse(old); perr == nil {
			return p, remark, nil
		}
	}
	if local != nil {
		return local, remark, nil
	}
	return nil, remark, fmt.Errorf("the policy at %s can't be fetched: %w", u, err)
}

func fetch(ctx context.Context, hc *http.Client, u string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	if err := checkURL(resp.Request.URL.String()); err != nil {
		return nil, err // redirected to where it could be forged
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxPolicy+1))
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxPolicy+1))
}

// firstFile returns the first of the files that is there, nil if none is.
func firstFile(paths ...string) ([]byte, error) {
	for _, path := range paths {
		data, err := readFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return data, err
	}
	return nil, nil
}
