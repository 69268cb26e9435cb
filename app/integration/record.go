package integration

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"offhook/app"
	"offhook/app/settings"
)

// RecordURL is the address of the customer's page for a call, which a button opens: that
// of the settings' pages which waits for the button, else the one that opens at the ring,
// else at the answer. Of several the first that is meant for the call's direction counts,
// and one for the other direction is better than none. It is "" where no page is set. user
// is who is signed in, e164 the international form of the far side's number.
func RecordURL(set settings.Integrations, user, e164 string, c *app.Call) string {
	for _, moment := range []string{settings.MomentButton, settings.MomentRing, settings.MomentAnswer} {
		pops := slices.DeleteFunc(slices.Clone(set.Pops), func(p settings.Pop) bool { return p.When != moment })
		if len(pops) == 0 {
			continue
		}
		at := max(0, slices.IndexFunc(pops, func(p settings.Pop) bool { return p.Direction == "both" || goes(p.Direction, c) }))
		values := valuesOf(user, e164, c)
		values["event"] = moment
		return fillURL(pops[at].URL, values)
	}
	return ""
}

// goes reports whether a direction of the settings is that of a call; "" is incoming.
func goes(direction string, c *app.Call) bool {
	if direction == "" {
		direction = "incoming"
	}
	return strings.EqualFold(direction, string(c.Direction))
}

// valuesOf are what templates and webhooks may say of a call.
func valuesOf(user, e164 string, c *app.Call) map[string]string {
	v := map[string]string{
		"number": c.RemoteID, "e164": e164, "name": c.RemoteName, "call_id": c.ID, "session_id": c.SessionID,
		"message": c.Message, "direction": strings.ToLower(string(c.Direction)), "line": c.Line, "user": user,
		"duration_s": strconv.Itoa(c.DurationS), "end_reason": "", "outcome": "", "note": "", "answered": strconv.FormatBool(c.Established != nil),
	}
	if !c.Started.IsZero() {
		v["started"] = c.Started.UTC().Format(time.RFC3339)
	}
	return v
}
