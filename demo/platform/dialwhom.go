package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"offhook/demo/exophone"
)

// Bounds of an answer of Dial-Whom.
const (
	maxDialWhomAnswer = 64 << 10
	maxNumbers        = 10
	maxRinging        = 10 * time.Minute
	maxConversation   = 24 * time.Hour
	dialWhomTimeout   = 5 * time.Second
)

// DialWhom asks an application backend whom a call is for (reference, section
// 5).
type DialWhom struct {
	// URL is the backend's endpoint; user and password in it become Basic
	// credentials. Fallback, if not nil, is asked when URL gives no answer that
	// is one.
	URL, Fallback *url.URL
	// Client must not follow redirects to other hosts with credentials; nil
	// means one with a timeout of 5 s for each endpoint.
	Client *http.Client
	// Location is the zone of the times; nil means that of the documents.
	Location *time.Location
	// Now is the clock; nil means time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Ask sends the query, completed with every documented parameter that it lacks,
// and reads the answer. It returns exophone.ErrUnknownDestination if the
// backend knows nobody, exophone.ErrUnavailable if it gave no answer in time,
// and another error for an answer that is none of the documented ones.
func (d *DialWhom) Ask(ctx context.Context, query url.Values) (exophone.Destination, error) {
	query = d.complete(query)
	destination, err := d.ask(ctx, d.URL, query)
	if err != nil && d.Fallback != nil && ctx.Err() == nil {
		d.logger().Warn("Dial-Whom failed; asking the fallback", "host", d.URL.Host, "error", err)
		return d.ask(ctx, d.Fallback, query)
	}
	return destination, err
}

func (d *DialWhom) logger() *slog.Logger {
	if d.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return d.Logger
}

// Forms of Dial-Whom's times.
const (
	createdForm = "Mon, 02 Jan 2006 15:04:05"
	timeForm    = "2006-01-02 15:04:05"
)

// complete fills in the documented parameters that do not depend on the call,
// with the constants of the documents' sample.
func (d *DialWhom) complete(query url.Values) url.Values {
	zone, now := d.Location, time.Now
	if zone == nil {
		zone = Zone
	}
	if d.Now != nil {
		now = d.Now
	}
	at := now().In(zone)
	full := url.Values{
		"CallStatus": {"ringing"}, "Direction": {"incoming"}, "DialCallDuration": {"0"}, "CallType": {"call-attempt"},
		"DialWhomNumber": {""}, "flow_id": {"1"}, "tenant_id": {"1"},
		"Created": {at.Format(createdForm)}, "StartTime": {at.Format(timeForm)}, "CurrentTime": {at.Format(timeForm)},
		"EndTime": {time.Unix(0, 0).In(zone).Format(timeForm)},
		"From":    query["CallFrom"], "To": query["CallTo"],
	}
	for name, values := range query {
		full[name] = values
	}
	return full
}

func (d *DialWhom) ask(ctx context.Context, endpoint *url.URL, query url.Values) (exophone.Destination, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWhomTimeout)
	defer cancel()
	u := *endpoint
	u.User = nil
	all := u.Query()
	for name, values := range query {
		all[name] = values
	}
	u.RawQuery = all.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return exophone.Destination{}, withoutQuery(err)
	}
	req.Header.Set("Exotel-Version", "1.0")
	setBasic(req, endpoint)
	res, err := orDefault(d.Client).Do(req)
	if err != nil {
		return exophone.Destination{}, fmt.Errorf("Dial-Whom: %w: %w", exophone.ErrUnavailable, withoutQuery(err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDialWhomAnswer+1))
	switch {
	case err != nil:
		return exophone.Destination{}, fmt.Errorf("Dial-Whom: %w: %w", exophone.ErrUnavailable, err)
	case res.StatusCode == http.StatusNotFound:
		return exophone.Destination{}, fmt.Errorf("Dial-Whom answered 404: %w", exophone.ErrUnknownDestination)
	case res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusGatewayTimeout:
		return exophone.Destination{}, fmt.Errorf("Dial-Whom answered %d: %w", res.StatusCode, exophone.ErrUnavailable)
	case res.StatusCode != http.StatusOK:
		return exophone.Destination{}, fmt.Errorf("Dial-Whom answered %d, want 200", res.StatusCode)
	case len(body) > maxDialWhomAnswer:
		return exophone.Destination{}, errors.New("Dial-Whom: the answer is too long")
	}
	answer, err := parseDialWhom(body)
	if err != nil {
		return exophone.Destination{}, err
	}
	return answer, nil
}

var (
	errDialWhomForm = errors.New("Dial-Whom: the answer is neither sip:<id> nor the documented JSON")
	idForm          = regexp.MustCompile(`^sip:([A-Za-z0-9]{1,64})$`)
	shownNumberForm = regexp.MustCompile(`^[+A-Za-z0-9]{0,32}$`)
)

// parseDialWhom reads both documented forms. Anything else is an error: numbers
// without "sip:" too, since SIP and PSTN do not mix.
func parseDialWhom(body []byte) (exophone.Destination, error) {
	text := strings.TrimSpace(string(body))
	if !strings.HasPrefix(text, "{") {
		id, err := bareID(text)
		return exophone.Destination{Numbers: []string{id}}, err
	}
	var wire struct {
		FetchAfterAttempt bool `json:"fetch_after_attempt"`
		Destination       *struct {
			Numbers []string `json:"numbers"`
		} `json:"destination"`
		OutgoingPhoneNumber     string   `json:"outgoing_phone_number"`
		Record                  bool     `json:"record"`
		RecordingChannels       string   `json:"recording_channels"`
		MaxRingingDuration      *float64 `json:"max_ringing_duration"`
		MaxConversationDuration *float64 `json:"max_conversation_duration"`
	}
	if err := json.Unmarshal([]byte(text), &wire); err != nil || wire.Destination == nil {
		return exophone.Destination{}, errDialWhomForm
	}
	answer := exophone.Destination{Record: wire.Record, RecordingChannels: strings.ToLower(wire.RecordingChannels)}
	if len(wire.Destination.Numbers) == 0 {
		return exophone.Destination{}, fmt.Errorf("Dial-Whom named nobody: %w", exophone.ErrUnknownDestination)
	}
	if len(wire.Destination.Numbers) > maxNumbers {
		return exophone.Destination{}, fmt.Errorf("Dial-Whom named more than %d numbers", maxNumbers)
	}
	for _, number := range wire.Destination.Numbers {
		id, err := bareID(number)
		if err != nil {
			return exophone.Destination{}, err
		}
		answer.Numbers = append(answer.Numbers, id)
	}
	if !shownNumberForm.MatchString(wire.OutgoingPhoneNumber) {
		return exophone.Destination{}, errors.New("Dial-Whom: outgoing_phone_number is not a number")
	}
	answer.OutgoingPhoneNumber, answer.FetchAfterAttempt = wire.OutgoingPhoneNumber, wire.FetchAfterAttempt
	var err1, err2 error
	answer.MaxRingingDuration, err1 = seconds("max_ringing_duration", wire.MaxRingingDuration, maxRinging)
	answer.MaxConversationDuration, err2 = seconds("max_conversation_duration", wire.MaxConversationDuration, maxConversation)
	return answer, errors.Join(err1, err2)
}

func bareID(text string) (string, error) {
	m := idForm.FindStringSubmatch(text)
	if m == nil {
		return "", errDialWhomForm
	}
	return m[1], nil
}

// seconds reads an optional limit; absent means the default, 0.
func seconds(name string, value *float64, most time.Duration) (time.Duration, error) {
	if value == nil {
		return 0, nil
	}
	if *value < 1 || *value > most.Seconds() {
		return 0, fmt.Errorf("Dial-Whom: %s is not 1 to %.0f seconds", name, most.Seconds())
	}
	return time.Duration(*value * float64(time.Second)), nil
}

func orDefault(c *http.Client) *http.Client {
	if c == nil {
		return http.DefaultClient
	}
	return c
}

// setBasic turns the credentials of a URL into the Authorization header. They
// are taken out of the request's own URL so that no error quotes them.
func setBasic(req *http.Request, endpoint *url.URL) {
	if endpoint.User != nil {
		password, _ := endpoint.User.Password()
		req.SetBasicAuth(endpoint.User.Username(), password)
	}
}

// withoutQuery drops the URL that net/http puts into its errors: a query holds
// names of people.
func withoutQuery(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
