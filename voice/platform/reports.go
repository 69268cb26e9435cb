package platform

import (
	"context"
	"encoding/json"
	"net/http"
)

// Feedback is what the user says of a call (reference, section 1.5).
type Feedback struct {
	SessionID string `json:"session_id"`
	// Rating is 1 (unusable) to 5 (excellent).
	Rating int    `json:"rating"`
	Issue  string `json:"issue"`
	Note   string `json:"note,omitempty"`
}

// PostFeedback sends feedback; a second one for the same session replaces the
// first.
func (c *Client) PostFeedback(ctx context.Context, f Feedback) error {
	return c.call(ctx, http.MethodPost, c.path("feedback"), f, nil)
}

// PostEvents sends a batch of client events.
func (c *Client) PostEvents(ctx context.Context, events []json.RawMessage) error {
	in := struct {
		Events []json.RawMessage `json:"events"`
	}{events}
	return c.call(ctx, http.MethodPost, c.path("events"), in, nil)
}

// LogDestination is where a log archive may be put.
type LogDestination struct {
	// URL is signed and needs no token.
	URL       string `json:"url"`
	FileName  string `json:"file_name"`
	Reference string `json:"reference"`
}

// LogDestination asks where to put a log archive of size bytes.
func (c *Client) LogDestination(ctx context.Context, size int64, description string) (LogDestination, error) {
	in := struct {
		Size        int64  `json:"size"`
		Description string `json:"description"`
	}{size, description}
	var out LogDestination
	if err := c.call(ctx, http.MethodPost, c.path("logdestination"), in, &out); err != nil {
		return LogDestination{}, err
	}
	if out.URL == "" {
		return LogDestination{}, formFault(c.cfg.Base.Host, nil)
	}
	return out, nil
}
