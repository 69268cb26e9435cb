package voice

import (
	"errors"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/voice/display"
	"offhook/voice/fault"
	"offhook/voice/platform"
	"offhook/voice/wire"
)

// maxLongPoll bounds the time that one long poll may be held.
const maxLongPoll = 5 * time.Minute

// payload is what a push says of a call (reference, section 10.1). The token
// itself is a secret: it proves that its bearer was called.
type payload struct {
	token      string
	sessionID  string
	callerID   string
	callerName string
	expires    time.Time
	notified   time.Time
	pollURL    *url.URL
	pollHold   time.Duration
	rejectURL  *url.URL
}

// parsePayload checks the form of a pushed call: version, claims, subject, and
// that both URLs are the platform's own, since they will be given the payload.
// The phone has no key for the signature. Every error is PAYLOAD_ERROR.
func parsePayload(data map[string]string, subscriber string, base *url.URL) (*payload, error) {
	token, version := data["payload"], data["payloadVersion"]
	switch {
	case version != wire.PayloadVersion:
		return nil, payloadFault("another version")
	case token == "" || len(token) > wire.MaxPayload:
		return nil, payloadFault("no payload, or too long")
	}
	if name, ok := data["subscriberName"]; ok && name != subscriber {
		return nil, payloadFault("for another subscriber")
	}
	var w wire.PayloadClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &w); err != nil {
		return nil, payloadFault("not a JWT")
	}
	p := &payload{
		token:     token,
		sessionID: w.SessionID,
		callerID:  w.CallerID, callerName: display.Name(w.CallerName),
		pollHold: min(max(platform.Seconds(w.LongPollTimeout), time.Second), maxLongPoll),
	}
	switch {
	case w.Subject != subscriber:
		return nil, payloadFault("for another subscriber")
	case !display.Showable(p.sessionID, 128) || p.sessionID == "":
		return nil, payloadFault("no session")
	case !display.Showable(p.callerID, 256) || p.callerID == "":
		return nil, payloadFault("no caller")
	case w.ExpiresAt == nil:
		return nil, payloadFault("no expiry")
	}
	p.expires = w.ExpiresAt.Time
	if t, err := time.Parse(time.RFC3339Nano, w.NotificationTime); err == nil {
		p.notified = t
	}
	var ok bool
	if p.pollURL, ok = platform.OwnURL(base, w.LongPollURL); !ok {
		return nil, payloadFault("long poll elsewhere")
	}
	if p.rejectURL, ok = platform.OwnURL(base, w.RejectCallURL); !ok {
		return nil, payloadFault("rejection elsewhere")
	}
	return p, nil
}

// payloadFault names what is wrong for the log only: the words never quote the
// payload.
func payloadFault(why string) *fault.Error {
	return fault.Wrap(errors.New(why), fault.PayloadError,
		"call.unreadable")
}
