package sip

import (
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// reasons are the phrases of the statuses that we send.
var reasons = map[int]string{
	100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress", 199: "Early Dialog Terminated",
	200: "OK", 202: "Accepted",
	400: "Bad Request", 403: "Forbidden", 404: "Not Found", 410: "Gone", 405: "Method Not Allowed", 408: "Request Timeout",
	415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required", 422: "Session Interval Too Small",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated",
	488: "Not Acceptable Here", 491: "Request Pending", 500: "Server Internal Error", 501: "Not Implemented",
	503: "Service Unavailable", 504: "Server Time-out", 505: "Version Not Supported", 600: "Busy Everywhere", 603: "Decline",
}

func reasonOf(status int) string {
	if r, ok := reasons[status]; ok {
		return r
	}
	switch status / 100 {
	case 1:
		return "Session Progress"
	case 2:
		return "OK"
	case 3:
		return "Moved"
	}
	return "Refused"
}

// saidBy is why a refusal came, in the words of who refused: the text of its Warning
// (RFC 3261, section 20.43), else that of its Reason (RFC 3326), else its phrase.
func saidBy(res *sipmsg.Response) string {
	for _, name := range []string{"Warning", "Reason"} {
		for _, h := range res.GetHeaders(name) {
			value := h.Value()
			if i := strings.IndexByte(value, '"'); i >= 0 && closed(value, i) {
				if text := shownName(value[i:skip(value, i)]); text != "" {
					return text
				}
			}
		}
	}
	return strings.TrimSpace(res.Reason)
}
