package voice

import (
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// This is the one table of what an ending means (reference, section 10.14): the
// final status of an INVITE, the platform's word, or a limit of this phone's own.
// Calls, consultations and transfers all look here.

// outcome is what one ending means for the side that called and for the side that
// was about to answer.
type outcome struct{ caller, callee EndReason }

// statusOutcomes are the outcomes by SIP status; 0 is an INVITE that got no answer.
// A status that is not here is a FAILURE for both. A call that the server no longer
// knows is, for who answers it, one that the caller gave up.
var statusOutcomes = map[int]outcome{
	0:   {EndUnreachable, EndUnreachable},
	404: {EndInvalidDialInfo, EndRemoteHangup},
	408: {EndTimeout, EndTimeout},
	410: {EndUnreachable, EndRemoteHangup},
	429: {EndThrottled, EndThrottled},
	480: {EndTimeout, EndTimeout},
	481: {EndFailure, EndRemoteHangup},
	484: {EndInvalidDialInfo, EndInvalidDialInfo},
	486: {EndBusy, EndBusy},
	487: {EndFailure, EndRemoteHangup},
	503: {EndUnreachable, EndUnreachable},
	600: {EndBusy, EndBusy},
	603: {EndBusy, EndBusy},
}

// wordOutcomes are the outcomes by the word of X-End-Reason, which tells what a
// status alone can't; they count before the status. A word that is not here adds
// nothing to the status.
var wordOutcomes = map[string]EndReason{
	wire.ReasonRingLimit:         EndTimeout,
	wire.ReasonConversationLimit: EndRemoteHangup,
	wire.ReasonMediaTimeout:      EndMediaTimeout,
	wire.ReasonDeclined:          EndBusy,
	wire.ReasonCallerGone:        EndRemoteHangup,
	wire.ReasonPlatformLost:      EndFailure,
	wire.ReasonShutdown:          EndFailure,
	wire.ReasonRevoked:           EndFailure,
	wire.ReasonTransferred:       EndLocalHangup,
	wire.ReasonMerged:            EndLocalHangup,
}

// endWord is the platform's word for an end, "" for one that is not known.
func endWord(headers []sip.Header) string {
	word := sip.HeaderOf(headers, wire.HeaderEndReason)
	if _, ok := wordOutcomes[word]; !ok {
		return ""
	}
	return word
}

// limit is a bound that this phone sets to a call.
type limit int

const (
	// limitNoProgress: the far side said nothing to our INVITE.
	limitNoProgress limit = iota
	// limitRinging: the phone that was called rang for too long.
	limitRinging
	// limitAnswering: the answer of this phone was not confirmed.
	limitAnswering
	// limitMedia: nothing was heard for too long.
	limitMedia
	// limitRenewal: as limitMedia, and the far side refused the cure.
	limitRenewal
)

var limitOutcomes = map[limit]EndReason{
	limitNoProgress: EndTimeout,
	limitRinging:    EndTimeout,
	limitAnswering:  EndFailure,
	limitMedia:      EndMediaTimeout,
	limitRenewal:    EndMediaFailedHangup,
}

// statusOutcome is what the final status of an INVITE means.
func statusOutcome(status int) outcome {
	if o, ok := statusOutcomes[status]; ok {
		return o
	}
	return outcome{EndFailure, EndFailure}
}

// refusedCall is why a call that this phone placed was not connected.
func refusedCall(ev sip.Failed) EndReason {
	if ev.ByRemote {
		return EndRemoteHangup // a BYE before the answer
	}
	if r, ok := wordOutcomes[endWord(ev.Headers)]; ok {
		return r
	}
	return statusOutcome(ev.Status).caller
}

// refusedAnswer is why a call to this phone could not be answered.
func refusedAnswer(ev sip.Failed) EndReason {
	if r, ok := wordOutcomes[endWord(ev.Headers)]; ok {
		return r
	}
	return statusOutcome(ev.Status).callee
}

// endedDialog is why a call ended that was answered.
func endedDialog(ev sip.Ended) EndReason {
	if r, ok := wordOutcomes[endWord(ev.Headers)]; ok {
		return r
	}
	return EndRemoteHangup
}
