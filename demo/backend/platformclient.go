package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"offhook/voice/wire"
	"time"
)

// Errors of the platform that the backend tells apart.
var (
	errRefused     = errors.New("the platform refuses")
	errInactive    = errors.New("the subscriber is inactive")
	errNotFound    = errors.New("the platform knows no such subscriber")
	errUnavailable = errors.New("the platform cannot be reached")
)

const (
	platformTimeout   = 10 * time.Second
	maxPlatformAnswer = 1 << 20
)

// platformClient speaks the platform's documented interfaces.
type platformClient struct {
	base       string // with /v2
	accountSID string
	key, token string
	http       *http.Client
}

type platformItem struct {
	Code      int             `json:"code"`
	Data      json.RawMessage `json:"data"`
	ErrorData *wire.ErrorData `json:"error_data"`
}

func (p *platformClient) path(elements ...string) string {
	path := p.base + "/accounts/" + url.PathEscape(p.accountSID)
	for _, e := range elements {
		path += "/" + url.PathEscape(e)
	}
	return path
}

// do makes a request and returns the envelope's response. With an empty bearer
// it goes with the account's key and token.
func (p *platformClient) do(ctx context.Context, method, path, bearer string, in any) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, platformTimeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	} else {
		req.SetBasicAuth(p.key, p.token)
	}
	res, err := p.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnavailable, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxPlatformAnswer))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnavailable, err)
	}
	var envelope struct {
		Response json.RawMessage `json:"response"`
	}
	if err := json.Unmarshal(text, &envelope); err != nil {
		return nil, fmt.Errorf("%w: status %d without an envelope", errUnavailable, res.StatusCode)
	}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return envelope.Response, nil
	}
	var item platformItem
	// What can't be read says nothing more than the status.
	_ = json.Unmarshal(envelope.Response, &item)
	return nil, refusal(res.StatusCode, item)
}

func refusal(status int, item platformItem) error {
	switch {
	case item.ErrorData != nil && item.ErrorData.Code == wire.CodeInactive:
		return errInactive
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("%w: status %d", errRefused, status)
	case status == http.StatusNotFound:
		return errNotFound
	case status >= http.StatusInternalServerError || status == http.StatusTooManyRequests:
		return fmt.Errorf("%w: status %d", errUnavailable, status)
	}
	return fmt.Errorf("the platform answered %d", status)
}

// subscriberToken asks for a token, which creates an unknown subscriber.
func (p *platformClient) subscriberToken(ctx context.Context, name, device string) (wire.TokenPair, error) {
	response, err := p.do(ctx, http.MethodPost, p.path("subscriber-token"), "",
		map[string]string{"platform": "desktop", "device_id": device, "subscriber_name": name})
	if err != nil {
		return wire.TokenPair{}, err
	}
	var item struct {
		Data struct {
			Pair wire.TokenPair `json:"subscriber_token"`
		} `json:"data"`
	}
	if err := json.Unmarshal(response, &item); err != nil {
		return wire.TokenPair{}, fmt.Errorf("subscriber token: %w", err)
	}
	return item.Data.Pair, nil
}

// checkAccess has the platform judge an access token, by asking for the profile
// with it.
func (p *platformClient) checkAccess(ctx context.Context, name, access string) error {
	_, err := p.do(ctx, http.MethodGet, p.path("subscribers", name, "profile"), access, nil)
	return err
}

// active tells whether a subscriber is there and active.
func (p *platformClient) active(ctx context.Context, name string) (bool, error) {
	response, err := p.do(ctx, http.MethodGet, p.path("subscribers", name), "", nil)
	if err != nil {
		return false, err
	}
	var item struct {
		Data struct {
			Status string `json:"status"`
		} `json:"data"`
	}
	err = json.Unmarshal(response, &item)
	return item.Data.Status == "active", err
}

// createSubscriber makes a subscriber that is not there yet.
func (p *platformClient) createSubscriber(ctx context.Context, name string) error {
	response, err := p.do(ctx, http.MethodPost, p.path("subscribers"), "", map[string]any{"subscribers": []any{map[string]string{"subscriber_name": name}}})
	if err != nil {
		return err
	}
	var items []platformItem
	if err := json.Unmarshal(response, &items); err != nil {
		return fmt.Errorf("create a subscriber: %w", err)
	}
	for _, item := range items {
		if item.ErrorData != nil && item.ErrorData.Code != wire.CodeDuplicate {
			return fmt.Errorf("create a subscriber: %s", item.ErrorData.Description)
		}
	}
	return nil
}
