package voice

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
