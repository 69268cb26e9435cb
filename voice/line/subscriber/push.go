package subscriber

import (
	"errors"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/nodes"
	"offhook/voice/platform"
	"offhook/voice/wire"
)

// maxLongPoll bounds the time that one long poll may be held.
const maxLongPoll = 5 * time.Minute

// Push is what a push says of a call (reference, section 10.1). The token
// itself is a secret: it proves that its bearer was called.
type Push struct {
	Token      string
	SessionID  string
	CallerID   string
	CallerName string
	Expires    time.Time
	Notified   time.Time
	pollURL    *url.URL
	pollHold   time.Duration
	rejectURL  *url.URL
}

// ParsePush checks the form of a pushed call: version, claims, subject, and
// that both URLs are the platform's own, since they will be given the payload.
// The phone has no key for the signature. Every error is PAYLOAD_ERROR.
func (s *Session) ParsePush(data map[string]string) (*Push, error) {
	return parsePush(data, s.Account.SubscriberName, s.Account.base, s.cfg.Nodes)
}

func parsePush(data map[string]string, subscriber string, base *url.URL, of *nodes.Set) (*Push, error) {
	token, version := data["payload"], data["payloadVersion"]
	switch {
	case version != wire.PayloadVersion:
		return nil, PayloadFault("another version")
	case token == "" || len(token) > wire.MaxPayload:
		return nil, PayloadFault("no payload, or too long")
	}
	if name, ok := data["subscriberName"]; ok && name != subscriber {
		return nil, PayloadFault("for another subscriber")
	}
	var w wire.PayloadClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &w); err != nil {
		return nil, PayloadFault("not a JWT")
	}
	p := &Push{
		Token:     token,
		SessionID: w.SessionID,
		CallerID:  w.CallerID, CallerName: display.Name(w.CallerName),
		pollHold: min(max(platform.Seconds(w.LongPollTimeout), time.Second), maxLongPoll),
	}
	switch {
	case w.Subject != subscriber:
		return nil, PayloadFault("for another subscriber")
	case !display.Showable(p.SessionID, 128) || p.SessionID == "":
		return nil, PayloadFault("no session")
	case !display.Showable(p.CallerID, 256) || p.CallerID == "":
		return nil, PayloadFault("no caller")
	case w.ExpiresAt == nil:
		return nil, PayloadFault("no expiry")
	}
	p.Expires = w.ExpiresAt.Time
	if t, err := time.Parse(time.RFC3339Nano, w.NotificationTime); err == nil {
		p.Notified = t
	}
	var ok bool
	if p.pollURL, ok = platform.OwnURL(base, of, w.LongPollURL); !ok {
		return nil, PayloadFault("long poll elsewhere")
	}
	if p.rejectURL, ok = platform.OwnURL(base, of, w.RejectCallURL); !ok {
		return nil, PayloadFault("rejection elsewhere")
	}
	return p, nil
}

// PayloadFault names what is wrong for the log only: the words never quote the
// payload.
func PayloadFault(why string) *fault.Error {
	return fault.Wrap(errors.New(why), fault.PayloadError,
		"call.unreadable")
}
