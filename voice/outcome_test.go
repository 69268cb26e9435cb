package voice

import (
	"testing"

	"offhook/voice/sip"
	"offhook/voice/wire"
)

// Every row of the table, for a call, a consultation and a transfer alike.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]outcome{
		0: {EndUnreachable, EndUnreachable}, 404: {EndInvalidDialInfo, EndRemoteHangup}, 408: {EndTimeout, EndTimeout},
		410: {EndUnreachable, EndRemoteHangup}, 429: {EndThrottled, EndThrottled}, 480: {EndTimeout, EndTimeout},
		481: {EndFailure, EndRemoteHangup}, 484: {EndInvalidDialInfo, EndInvalidDialInfo}, 486: {EndBusy, EndBusy},
		487: {EndFailure, EndRemoteHangup}, 503: {EndUnreachable, EndUnreachable}, 600: {EndBusy, EndBusy}, 603: {EndBusy, EndBusy},
		403: {EndFailure, EndFailure}, 488: {EndFailure, EndFailure}, 500: {EndFailure, EndFailure}, 604: {EndFailure, EndFailure}, 799: {EndFailure, EndFailure},
	} {
		if got := statusOutcome(status); got != want {
			t.Errorf("%d is %v, want %v", status, got, want)
		}
		if caller, callee := refusedCall(sip.Failed{Status: status}), refusedAnswer(sip.Failed{Status: status}); caller != want.caller || callee != want.callee {
			t.Errorf("%d is %v and %v", status, caller, callee)
		}
	}
	for word, want := range wordOutcomes {
		said := []sip.Header{{Name: wire.HeaderEndReason, Value: word}}
		if a, b, c := refusedCall(sip.Failed{Status: 403, Headers: said}), refusedAnswer(sip.Failed{Status: 403, Headers: said}), endedDialog(sip.Ended{Headers: said}); a != want || b != want || c != want {
			t.Errorf("%s is %v, %v, %v", word, a, b, c)
		}
	}
}
