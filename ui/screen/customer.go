package screen

import (
	"net/url"

	"offhook/app"
	"offhook/app/integration"
)

// customerURL is the address of the customer's page for a call, "" where the
// administrator has set none.
func (e *Env) customerURL(v View, c *app.Call) string {
	if v.Snapshot == nil || c == nil || len(v.Settings.Integrations.Pops) == 0 {
		return ""
	}
	return integration.RecordURL(v.Settings.Integrations, v.Account.UserName, e.Phone.E164(c.RemoteID), c)
}

// openCustomer opens the customer's page for a call in the browser.
func (e *Env) openCustomer(v View, c *app.Call) {
	u, err := url.Parse(e.customerURL(v, c))
	if err != nil || u.Host == "" {
		e.Notify(e.T("The page can't be opened. Tell your administrator."))
		return
	}
	e.Host.OpenURL(u)
}

// loggedCall is a call of the log as it was.
func loggedCall(r app.CallRecord) *app.Call {
	c := &app.Call{ID: r.ID, SessionID: r.SessionID, Line: r.Line, Direction: r.Direction, RemoteID: r.RemoteID, RemoteName: r.RemoteName,
		Message: r.Message, Started: r.Started, DurationS: r.DurationS}
	if r.DurationS > 0 {
		answered := r.Started.Add(secondsOf(r.RangS))
		c.Established = &answered
	}
	return c
}

// endedCall is a call that is over, as it was.
func endedCall(c *app.EndedCall) *app.Call {
	return &app.Call{ID: c.ID, SessionID: c.SessionID, Line: c.Line, Direction: c.Direction, RemoteID: c.RemoteID, RemoteName: c.RemoteName, DurationS: c.DurationS}
}
