package signin

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"offhook/app/backend"
	"offhook/voice/cleartext"
	"offhook/voice/fault"
)

// Company is what a company's code stands for.
type Company struct {
	// Name is the company's, Server its application backend, AccountSID its account,
	// which may be "".
	Name       string `json:"company"`
	Server     string `json:"server"`
	AccountSID string `json:"account_sid"`
}

// maxAnswer bounds what a discovery address says, discoveryLimit how long it may take.
const (
	maxAnswer      = 16 << 10
	discoveryLimit = 10 * time.Second
)

// CodeOf returns the company's code in what was typed as code or server; ok is false for
// a server's name or address.
func CodeOf(text string) (code string, ok bool) {
	code = strings.TrimSpace(text)
	return code, code != "" && len(code) <= 64 && !strings.ContainsAny(code, "./:@ \\?#%,") && !strings.EqualFold(code, "localhost")
}

// Discover asks a discovery address what a company's code stands for: it answers
// GET ADDRESS/CODE with a Company as JSON, and 404 for a code of nobody.
func Discover(ctx context.Context, client *http.Client, address, code string) (Company, error) {
	away := func(err error) (Company, error) {
		return Company{}, fault.Wrap(err, fault.NetworkError, "sign-in.no-discovery")
	}
	base, err := url.Parse(address)
	if err == nil {
		err = cleartext.CheckURL(base, false) // who answers decides where the password goes
	}
	if err != nil {
		return away(err)
	}
	ctx, cancel := context.WithTimeout(ctx, discoveryLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath(url.PathEscape(strings.ToLower(code))).String(), nil)
	if err != nil {
		return away(err)
	}
	res, err := client.Do(req)
	if err != nil {
		return away(err)
	}
	defer res.Body.Close()
	var c Company
	switch {
	case res.StatusCode == http.StatusNotFound:
		return c, fault.New(fault.InvalidParameter, "sign-in.unknown-code")
	case res.StatusCode != http.StatusOK:
		return away(nil)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&c); err != nil {
		return away(err)
	}
	if _, err := backend.ParseServer(c.Server); err != nil {
		return away(err)
	}
	return c, nil
}
