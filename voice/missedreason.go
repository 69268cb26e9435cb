package voice

// MissedReason says why an incoming call was not offered to the user.
type MissedReason string

// The reasons. MissedBreak and MissedDoNotDisturb are MissedDeclined as an
// application names it that knows what its user chose; the engine itself does not
// report them.
const (
	// MissedBusy: another call occupied the phone.
	MissedBusy MissedReason = "busy"
	// MissedOver: the caller had given up, or the call was taken elsewhere, before
	// the phone could ring.
	MissedOver MissedReason = "over"
	// MissedExpired: the news of the call came after its time to ring.
	MissedExpired MissedReason = "expired"
	// MissedOnAnotherPhone: the user was talking on another phone.
	MissedOnAnotherPhone MissedReason = "pstn"
	// MissedDeclined: the phone declines all calls for now.
	MissedDeclined MissedReason = "declined"
	// MissedUnreachable: the platform did not say what became of the call.
	MissedUnreachable MissedReason = "unreachable"

	MissedBreak        MissedReason = "break"
	MissedDoNotDisturb MissedReason = "dnd"
)

// missedEnds are the end reasons under which a call log files missed calls.
var missedEnds = map[MissedReason]EndReason{
	MissedBusy:           EndBusy,
	MissedOver:           EndRemoteHangup,
	MissedExpired:        EndTimeout,
	MissedOnAnotherPhone: EndPSTNHangup,
	MissedDeclined:       EndLocalHangup,
	MissedBreak:          EndLocalHangup,
	MissedDoNotDisturb:   EndLocalHangup,
	MissedUnreachable:    EndUnreachable,
}

// EndReason is the end reason under which a call log files the call; EndNone for a
// word that is none of the reasons.
func (r MissedReason) EndReason() EndReason {
	if end, ok := missedEnds[r]; ok {
		return end
	}
	return EndNone
}
