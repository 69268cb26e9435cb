package platform

import (
	"bytes"
	"encoding/json"
	"net/http"
	"offhook/voice/wire"
	"strings"
)

// envelope is the form of every answer (reference, section 4).
type envelope struct {
	RequestID string          `json:"request_id"`
	HTTPCode  int             `json:"http_code"`
	Response  json.RawMessage `json:"response"`
}

type item struct {
	Code      int             `json:"code"`
	Status    string          `json:"status"`
	ErrorData *wire.ErrorData `json:"error_data"`
	Data      json.RawMessage `json:"data"`
}

// readEnvelope judges an answer and decodes its data. A body without an
// envelope is taken as the data itself: the long poll answers so.
func readEnvelope(res *http.Response, text []byte, host string, out any) error {
	var env envelope
	text = bytes.TrimSpace(text)
	parseErr := json.Unmarshal(text, &env)
	var it item
	if parseErr == nil && len(env.Response) > 0 {
		// A list is not asked for; an item of another form is no item.
		if json.Unmarshal(env.Response, &it) != nil {
			it = item{}
		}
	}
	if res.StatusCode < 200 || res.StatusCode > 299 || it.Status == "failure" {
		return statusFault(res, env.RequestID, it, host)
	}
	if out == nil || res.StatusCode == http.StatusNoContent {
		return nil
	}
	if parseErr != nil {
		// A page in place of JSON is how captive portals and proxies answer.
		if strings.Contains(res.Header.Get("Content-Type"), "html") || bytes.HasPrefix(text, []byte("<")) {
			return portalFault(host)
		}
		return formFault(host, parseErr)
	}
	data := it.Data
	if len(env.Response) == 0 {
		data = text
	}
	if len(data) == 0 {
		data = []byte("null")
	}
	if err := json.Unmarshal(data, out); err != nil {
		return formFault(host, err)
	}
	return nil
}
