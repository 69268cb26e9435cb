package voice

// EndReason says why a call ended (reference, section 2.2).
type EndReason int

// The end reasons of the reference; the last two exist in its newer clients.
const (
	EndNone EndReason = iota
	EndLocalHangup
	EndRemoteHangup
	EndBusy
	EndTimeout
	EndUnreachable
	EndFailure
	EndInvalidDialInfo
	EndThrottled
	EndMediaTimeout
	EndPSTNHangup
	EndMediaFailedHangup
)

var endReasonNames = [...]string{
	EndNone:              "NONE",
	EndLocalHangup:       "LOCAL_HANGUP",
	EndRemoteHangup:      "REMOTE_HANGUP",
	EndBusy:              "BUSY",
	EndTimeout:           "TIMEOUT",
	EndUnreachable:       "UNREACHABLE",
	EndFailure:           "FAILURE",
	EndInvalidDialInfo:   "INVALID_DIAL_INFO",
	EndThrottled:         "THROTTLED",
	EndMediaTimeout:      "MEDIA_TIMEOUT",
	EndPSTNHangup:        "PSTN_HANGUP",
	EndMediaFailedHangup: "MEDIA_FAILED_HANGUP",
}

// String returns the name that the reference gives the reason.
func (r EndReason) String() string {
	if r < 0 || int(r) >= len(endReasonNames) {
		return "UNKNOWN"
	}
	return endReasonNames[r]
}

// endReasonOf maps the final SIP status of an INVITE to the reason that the
// call reports (reference, section 10.14). ringLimit says that a 487 came
// because the platform's ring limit passed, not because the phone cancelled.
func endReasonOf(status int, ringLimit bool) EndReason {
	switch status {
	case 486, 600, 603:
		return EndBusy
	case 408, 480:
		return EndTimeout
	case 487:
		if ringLimit {
			return EndTimeout
		}
		return EndFailure
	case 404, 484:
		return EndInvalidDialInfo
	case 410, 503:
		return EndUnreachable
	case 429:
		return EndThrottled
	default:
		return EndFailure
	}
}
