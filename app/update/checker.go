package update

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"offhook/app/settings"
	"offhook/voice/cleartext"
)

// FileName is the file in a profile's folder that holds when was asked last,
// and the answer.
const FileName = "update.json"

// Interval is the least time between two questions, whatever became of the
// first.
const Interval = 24 * time.Hour

// timeout bounds one question.
const timeout = 30 * time.Second

// Checker asks, and remembers over restarts that it has asked. It belongs to
// one goroutine.
type Checker struct {
	// Dir is the profile's folder.
	Dir string
	// Version is the running phone's.
	Version string
	HTTP    *http.Client
	Now     func() time.Time
}

// memory is the form of the file.
type memory struct {
	// Asked is when was asked last, From whom.
	Asked  time.Time `json:"asked"`
	From   string    `json:"from"`
	Newest *Release  `json:"newest,omitempty"`
}

// CheckAddress says why an address can't be asked: an answer must come over a
// connection that can't be forged, which is https, or this computer.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return errors.New("that is no address")
	}
	if u.Scheme != "https" && u.Scheme != "http" || cleartext.CheckURL(u, false) != nil {
		return errors.New("newer versions are asked for over https only")
	}
	return nil
}

// Newer returns the release at address if it is newer than the running phone,
// nil if there is none. It asks when a day has passed since the last question
// and answers from memory otherwise. An error comes with what memory holds.
func (c *Checker) Newer(ctx context.Context, address string) (*Release, error) {
	if err := CheckAddress(address); err != nil {
		return nil, err
	}
	m := c.read()
	if m.From != address {
		m = memory{From: address}
	}
	var failed error
	// A clock that was set back must not put the next question off for long.
	if since := c.Now().Sub(m.Asked); since >= Interval || since < 0 {
		m.Asked = c.Now().UTC()
		// Written first, so that a phone that ends in the middle does not ask
		// again at each start.
		if err := c.write(m); err != nil {
			return c.newer(m), err
		}
		r, err := c.ask(ctx, address)
		if err == nil {
			m.Newest = &r
			err = c.write(m)
		}
		failed = err
	}
	return c.newer(m), failed
}

func (c *Checker) newer(m memory) *Release {
	if m.Newest == nil || !m.Newest.NewerThan(c.Version) {
		return nil
	}
	return m.Newest
}

func (c *Checker) ask(ctx context.Context, address string) (Release, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Release{}, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", fmt.Sprintf("offhook/%s (%s; %s)", c.Version, runtime.GOOS, runtime.GOARCH))
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return Release{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Release{}, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	for asked := resp.Request; ; asked = asked.Response.Request {
		if err := CheckAddress(asked.URL.String()); err != nil {
			return Release{}, err // redirected by way of where it could be forged
		}
		if asked.Response == nil {
			break
		}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return Release{}, err
	}
	return Parse(data)
}

// read returns what is remembered; a file that is damaged is as good as none.
func (c *Checker) read() memory {
	var m memory
	data, err := os.ReadFile(filepath.Join(c.Dir, FileName))
	if err != nil || json.Unmarshal(data, &m) != nil {
		return memory{}
	}
	if m.Newest != nil {
		again, err := json.Marshal(m.Newest)
		if err != nil {
			return memory{}
		}
		r, err := Parse(again)
		if err != nil {
			return memory{}
		}
		m.Newest = &r
	}
	return m
}

func (c *Checker) write(m memory) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return settings.WriteFileAtomic(filepath.Join(c.Dir, FileName), data, 0o600)
}
