package voice

import (
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// EndReason says why a call ended, by the name that the reference gives the reason
// (section 2.2).
type EndReason string

// The end reasons of the reference; the last two exist in its newer clients.
// MEDIA_FAILED_HANGUP is a media timeout whose cure the far side refused. A call
// that has not ended has EndNone.
const (
	EndNone              EndReason = "NONE"
	EndLocalHangup       EndReason = "LOCAL_HANGUP"
	EndRemoteHangup      EndReason = "REMOTE_HANGUP"
	EndBusy              EndReason = "BUSY"
	EndTimeout           EndReason = "TIMEOUT"
	EndUnreachable       EndReason = "UNREACHABLE"
	EndFailure           EndReason = "FAILURE"
	EndInvalidDialInfo   EndReason = "INVALID_DIAL_INFO"
	EndThrottled         EndReason = "THROTTLED"
	EndMediaTimeout      EndReason = "MEDIA_TIMEOUT"
	EndPSTNHangup        EndReason = "PSTN_HANGUP"
	EndMediaFailedHangup EndReason = "MEDIA_FAILED_HANGUP"
)

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

// platformReasons are the words of X-End-Reason, which tell what a status alone
// can't (docs/architecture.md, "Wire").
var platformReasons = map[string]EndReason{
	wire.ReasonRingLimit:         EndTimeout,
	wire.ReasonConversationLimit: EndRemoteHangup,
	wire.ReasonMediaTimeout:      EndMediaTimeout,
	wire.ReasonDeclined:          EndBusy,
	wire.ReasonCallerGone:        EndRemoteHangup,
	wire.ReasonPlatformLost:      EndFailure,
	wire.ReasonRevoked:           EndFailure,
}

// refusal is why an outgoing call was not connected.
func refusal(ev sip.Failed) EndReason {
	word := header(ev.Headers, wire.HeaderEndReason)
	if r, ok := platformReasons[word]; ok {
		return r
	}
	if ev.Status == 0 {
		return EndUnreachable
	}
	return endReasonOf(ev.Status, word == wire.ReasonRingLimit)
}

// answerRefusal is why an incoming call could not be answered: a call that the
// platform no longer knows is one that the caller gave up.
func answerRefusal(ev sip.Failed) EndReason {
	if r, ok := platformReasons[header(ev.Headers, wire.HeaderEndReason)]; ok {
		return r
	}
	switch ev.Status {
	case 0:
		return EndUnreachable
	case 404, 410, 481, 487:
		return EndRemoteHangup
	default:
		return endReasonOf(ev.Status, false)
	}
}

// farewellReason is why a dialog ended.
func farewellReason(ev sip.Ended) EndReason {
	if r, ok := platformReasons[header(ev.Headers, wire.HeaderEndReason)]; ok {
		return r
	}
	return EndRemoteHangup
}
