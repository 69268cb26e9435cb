package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"offhook/demo/endpoint"
	"offhook/demo/exophone"
	"offhook/voice/wire"
)

const pushTimeout = 5 * time.Second

// Pusher posts call data to an application backend's push endpoint (reference,
// section 5).
type Pusher struct {
	// URL is the endpoint; user and password in it become Basic credentials,
	// and no header of our own goes with them.
	URL *url.URL
	// Client may be nil.
	Client *http.Client
}

// Push implements exophone.Pusher: only 200 means accepted. A backend that
// cannot be reached is exophone.ErrUnavailable, one that does not know the
// subscriber (404) exophone.ErrUnknownSubscriber.
func (p *Pusher) Push(ctx context.Context, subscriberName, payload, payloadVersion string) error {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	body, err := json.Marshal(wire.PushData{SubscriberName: subscriberName, Payload: payload, PayloadVersion: payloadVersion})
	if err != nil {
		return err
	}
	u := *p.URL
	u.User = nil
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return withoutQuery(err)
	}
	req.Header.Set("Content-Type", "application/json")
	setBasic(req, p.URL)
	res, err := orDefault(p.Client).Do(req)
	if err != nil {
		return fmt.Errorf("push: %w: %w", exophone.ErrUnavailable, withoutQuery(err))
	}
	defer res.Body.Close()
	// Reading to the end lets the connection be used again.
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, endpoint.MaxBody)); err != nil {
		return fmt.Errorf("push: %w: %w", exophone.ErrUnavailable, err)
	}
	switch {
	case res.StatusCode == http.StatusOK:
		return nil
	case res.StatusCode == http.StatusNotFound:
		return fmt.Errorf("push answered 404: %w", exophone.ErrUnknownSubscriber)
	case res.StatusCode >= http.StatusInternalServerError || res.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("push answered %d: %w", res.StatusCode, exophone.ErrUnavailable)
	}
	return fmt.Errorf("push answered %d, want 200", res.StatusCode)
}
