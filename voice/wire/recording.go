package wire

// AbilityRecording says that the platform records: POST
// /v2/accounts/{sid}/calls/{session_id}/recording, and INFOs of type TypeRecording.
const AbilityRecording = "recording"

// AbilityPlayback says that the platform lets agents play the recordings of calls in
// which they spoke: GET /v2/accounts/{sid}/calls/{session_id}/recording with ranges.
const AbilityPlayback = "recording_playback"

// TypeRecording is the content type of the INFO that tells a phone how its call is
// recorded. The body is a Recording.
const TypeRecording = "application/offhook-recording+json"

// RecordingState is what a recording does.
type RecordingState string

// Off: nothing is recorded. Announcing: those who are to know are being told; the two sides
// do not hear each other yet. Failed: the call was to be recorded and is not, or not
// any more. Asking: the agent is to say whether it may be; nothing is recorded yet.
const (
	RecordingOff        RecordingState = "off"
	RecordingAnnouncing RecordingState = "announcing"
	RecordingOn         RecordingState = "recording"
	RecordingPaused     RecordingState = "paused"
	RecordingFailed     RecordingState = "failed"
	RecordingAsking     RecordingState = "asking"
)

// The reasons of a RecordingFailed.
const (
	RecordingNoKey      = "no_key"       // the operator has set no key
	RecordingDisk       = "disk"         // the disk is full
	RecordingNotTold    = "not_told"     // the announcement could not be played
	RecordingNotWritten = "not_writable" // the file can't be written
	RecordingTooLong    = "too_long"     // the file holds no more
	RecordingCodec      = "codec"        // the call's codec can't be written
	RecordingRefused    = "refused"      // the agent did not agree to it
)

// Recording is how a call is recorded.
type Recording struct {
	State RecordingState `json:"state"`
	// Reason is why it failed.
	Reason string `json:"reason,omitempty"`
	// By is "rule" if nobody has asked for it by hand, else who did.
	By string `json:"by,omitempty"`
	// DurationMS is how much has been recorded, pauses left out.
	DurationMS int64 `json:"duration_ms"`
	// PausedMS is how long the present pause lasts, ResumesInMS when it ends by itself,
	// 0 for never.
	PausedMS    int64 `json:"paused_ms,omitempty"`
	ResumesInMS int64 `json:"resumes_in_ms,omitempty"`
	// Told is who has heard the announcement: "both", "caller" or "none".
	Told string `json:"told,omitempty"`
	// ByHand says that a party may begin and end it.
	ByHand bool `json:"by_hand,omitempty"`
}

// RecordingRequest is the body of POST …/recording: Action is "start", "stop", "pause",
// "resume", "consent" or "refuse".
type RecordingRequest struct {
	Action string `json:"action"`
}
