package platform

import (
	"errors"
	"net/http"

	"offhook/demo/endpoint"
	"offhook/demo/exophone"
	"offhook/voice/wire"
)

// errNotHost refuses what only the one who began a conference may do.
var errNotHost = &apiError{status: http.StatusForbidden, code: wire.CodeNotEnabled, description: "Only the one who began the conference may do so"}

// member lets in a subscriber of the account by access token, and returns the name.
func (c callEndpoints) member(r *http.Request) (string, error) {
	token, _ := endpoint.Bearer(r)
	name, err := c.server.Whose(r.Context(), token)
	if err != nil {
		return "", errTokenInvalid
	}
	if r.PathValue("sid") != c.server.cfg.Accounts[0].SID {
		return "", errCallNotFound
	}
	return name, nil
}

// conferenceFailure is what the phone is told of an error of the exchange.
func conferenceFailure(err error) error {
	switch {
	case errors.Is(err, exophone.ErrNoCall):
		return errCallNotFound
	case errors.Is(err, exophone.ErrNotHost):
		return errNotHost
	case errors.Is(err, exophone.ErrNoParty):
		return &apiError{status: http.StatusNotFound, code: wire.CodeNotFound, description: "Nobody of that id is in the conference"}
	case errors.Is(err, exophone.ErrConference):
		return badParameter("%s", err)
	}
	return err
}

// postConference joins the far sides of another conversation of the subscriber's to
// this one.
func (c callEndpoints) postConference(w http.ResponseWriter, r *http.Request) error {
	name, err := c.member(r)
	if err != nil {
		return err
	}
	var req wire.ConferenceRequest
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	conference, err := c.calls.Confer(r.PathValue("session"), name, req.With)
	return c.tell(w, r, conference, err)
}

func (c callEndpoints) getConference(w http.ResponseWriter, r *http.Request) error {
	name, err := c.member(r)
	if err != nil {
		return err
	}
	conference, err := c.calls.Conference(r.PathValue("session"), name)
	return c.tell(w, r, conference, err)
}

func (c callEndpoints) putParty(w http.ResponseWriter, r *http.Request) error {
	name, err := c.member(r)
	if err != nil {
		return err
	}
	var req wire.PartyChange
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	conference, err := c.calls.MuteParty(r.PathValue("session"), name, r.PathValue("party"), req.Muted)
	return c.tell(w, r, conference, err)
}

func (c callEndpoints) tell(w http.ResponseWriter, r *http.Request, conference wire.Conference, err error) error {
	if err != nil {
		return conferenceFailure(err)
	}
	respond(w, r, http.StatusOK, nil, success(conference))
	return nil
}

// deleteParty drops a party, or lets the subscriber itself leave.
func (c callEndpoints) deleteParty(w http.ResponseWriter, r *http.Request) error {
	name, err := c.member(r)
	if err != nil {
		return err
	}
	if err := c.calls.DropParty(r.PathValue("session"), name, r.PathValue("party")); err != nil {
		return conferenceFailure(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// deleteConference ends the call for all.
func (c callEndpoints) deleteConference(w http.ResponseWriter, r *http.Request) error {
	name, err := c.member(r)
	if err != nil {
		return err
	}
	if err := c.calls.EndConference(r.PathValue("session"), name); err != nil {
		return conferenceFailure(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
