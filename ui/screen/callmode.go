package screen

import (
	"slices"

	"offhook/app"
	"offhook/voice"
)

// callMode says what the call panel is about.
type callMode int

// modeOne is one call; modeRings one beside which another rings; modeTwo one that
// talks and one that waits; modeAsking one whose far side waits while somebody is asked
// to take it; modeConference several people at once.
const (
	modeOne callMode = iota
	modeRings
	modeTwo
	modeAsking
	modeConference
)

// modeOf tells the mode from a view.
func modeOf(v View) callMode {
	switch {
	case v.Snapshot == nil || v.Call == nil:
		return modeOne
	case SecondRings(v) != nil:
		return modeRings
	case v.Call.Consultation.Active():
		return modeAsking
	case waiting(v) != nil:
		return modeTwo
	case inConference(v.Call):
		return modeConference
	}
	return modeOne
}

// SecondRings is the call that rings beside another, or nil; one that is ignored rings
// for its caller alone.
func SecondRings(v View) *app.Call {
	if v.Snapshot == nil || v.Call == nil {
		return nil
	}
	if c := v.Ringing(); c != nil && c.ID != v.Call.ID && !c.Ignored {
		return c
	}
	return nil
}

// inConference reports whether several people are on a call.
func inConference(c *app.Call) bool { return c.InConference || len(c.Parties) > 0 }

// waiting is the call beside the one that has the sound, or nil: no consultation, none
// that rings, and none of the conference that has the sound.
func waiting(v View) *app.Call {
	for _, c := range v.Calls {
		if c.ID != v.Call.ID && c.Role != app.RoleConsultation && c.State != voice.StateIncoming && !(c.InConference && v.Call.InConference) {
			return c
		}
	}
	return nil
}

// ignored is the call that rings on for its caller alone, or nil.
func ignored(v View) *app.Call {
	if v.Snapshot == nil || v.Call == nil {
		return nil
	}
	if c := v.Ringing(); c != nil && c.ID != v.Call.ID && c.Ignored {
		return c
	}
	return nil
}

// can reports whether something can be done with a call, now or later in its course.
func can(c *app.Call, a app.Ability) bool { return c != nil && slices.Contains(c.Abilities, a) }

// callName names the far side of a call.
func callName(c *app.Call) string { return nameOf(c.RemoteName, c.RemoteID) }
