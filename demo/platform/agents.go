package platform

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"offhook/demo/agents"
	"offhook/demo/endpoint"
	"offhook/voice/wire"
)

// abilities are what this platform offers beyond the reference.
var abilities = []string{wire.AbilityAgentState, wire.AbilityOutcome, wire.AbilityTransfer, wire.AbilityConsult, wire.AbilityConference}

// abilities are those of this platform as it runs.
func (s *Server) abilities() []string {
	if s.cfg.Recordings == nil {
		return abilities
	}
	list := append(slices.Clone(abilities), wire.AbilityRecording)
	if s.cfg.AgentsPlay {
		list = append(list, wire.AbilityPlayback)
	}
	return list
}

// Agents is the board of the account that the exchange serves.
func (s *Server) Agents() *agents.Board { return s.agents }

// outcome reports whether a code is one of the configured ones.
func (s *Server) outcome(code string) bool {
	list := s.cfg.Agents.Outcomes
	return len(list) == 0 || code == wire.OutcomeNotSet || slices.Contains(list, code)
}

// forSubscriber lets in the subscriber of the path by access token, and the
// account's servers, which speak for supervisors, by API key. It returns the
// subscriber's name, and by whom it was let in.
func (s *Server) forSubscriber(r *http.Request) (name, by string, err error) {
	if _, ok := endpoint.Bearer(r); ok {
		account, sub, _, err := s.checkToken(r, s.access, scopeVoice)
		return sub.name, "", s.served(account, err)
	}
	account, err := s.checkBasic(r)
	if err = s.served(account, err); err != nil {
		return "", "", err
	}
	sub, err := s.find(r.Context(), account.SID, r.PathValue("name"))
	return sub.name, wire.BySupervisor, err
}

// served fails for an account whose calls this platform does not route.
func (s *Server) served(account *Account, err error) error {
	if err == nil && account.SID != s.cfg.Accounts[0].SID {
		err = &apiError{status: http.StatusNotFound, code: wire.CodeNotFound, description: "This account has no agents here"}
	}
	return err
}

func (s *Server) getAgentState(w http.ResponseWriter, r *http.Request) error {
	name, _, err := s.forSubscriber(r)
	if err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(s.agents.Get(name)))
	return nil
}

func (s *Server) putAgentState(w http.ResponseWriter, r *http.Request) error {
	name, by, err := s.forSubscriber(r)
	if err != nil {
		return err
	}
	var choice wire.AgentChoice
	if err := endpoint.ReadObject(w, r, &choice); err != nil {
		return err
	}
	agent, err := s.agents.Choose(r.Context(), name, by, choice)
	if errors.Is(err, agents.ErrChoice) {
		return badParameter("%s", err)
	}
	if err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(agent))
	return nil
}

// getAgents shows everybody to colleagues and supervisors.
func (s *Server) getAgents(w http.ResponseWriter, r *http.Request) error {
	if _, ok := endpoint.Bearer(r); ok {
		if err := s.colleague(r); err != nil {
			return err
		}
	} else if account, err := s.checkBasic(r); s.served(account, err) != nil {
		return s.served(account, err)
	}
	respond(w, r, http.StatusOK, nil, success(map[string][]wire.Agent{"agents": s.agents.All()}))
	return nil
}

// colleague lets in any subscriber of the account by access token.
func (s *Server) colleague(r *http.Request) error {
	token, _ := endpoint.Bearer(r)
	var claims tokenClaims
	if err := s.access.verify(token, &claims); err != nil {
		return errTokenInvalid
	}
	r.SetPathValue("name", claims.Subject)
	account, _, _, err := s.checkToken(r, s.access, scopeVoice)
	return s.served(account, err)
}

// maxTimes bounds the time that figures are asked for.
const maxTimes = 62 * 24 * time.Hour

func (s *Server) getAgentTimes(w http.ResponseWriter, r *http.Request) error {
	name, _, err := s.forSubscriber(r)
	if err != nil {
		return err
	}
	to := s.now()
	local := to.In(s.cfg.Location)
	from := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, s.cfg.Location)
	for _, bound := range []struct {
		name string
		at   *time.Time
	}{{"from", &from}, {"to", &to}} {
		if text := r.URL.Query().Get(bound.name); text != "" {
			if *bound.at, err = time.Parse(time.RFC3339, text); err != nil {
				return badParameter("%s must be a time such as 2026-11-30T08:00:00Z", bound.name)
			}
		}
	}
	if to.Before(from) || to.Sub(from) > maxTimes {
		return badParameter("from must be before to, and both within 62 days")
	}
	times, err := s.agents.Times(r.Context(), name, from, to)
	if err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(times))
	return nil
}

const maxOutcome = 64

// postOutcome keeps what became of a call; a second one overwrites.
func (s *Server) postOutcome(w http.ResponseWriter, r *http.Request) error {
	account, sub, _, err := s.checkToken(r, s.access, scopeVoice)
	if err != nil {
		return err
	}
	var o wire.Outcome
	if err := endpoint.ReadObject(w, r, &o); err != nil {
		return err
	}
	switch {
	case o.SessionID == "" || len(o.SessionID) > maxSessionID:
		return badParameter("session_id must be 1 to %d bytes", maxSessionID)
	case strings.TrimSpace(o.Code) == "" || len(o.Code) > maxOutcome || !s.outcome(o.Code):
		return badParameter("code is none of the configured outcomes")
	case len(o.Note) > maxNote:
		return badParameter("note must be at most %d bytes", maxNote)
	}
	if o.CallbackAt != "" {
		if _, err := time.Parse(time.RFC3339, o.CallbackAt); err != nil {
			return badParameter("callback_at must be a time such as 2026-11-30T08:00:00Z")
		}
	}
	if _, err := s.db.Exec(r.Context(), `INSERT INTO outcomes (account, session, name, code, note, callback, at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (account, session, name) DO UPDATE SET code = excluded.code, note = excluded.note, callback = excluded.callback, at = excluded.at`,
		account.SID, o.SessionID, sub.name, o.Code, o.Note, o.CallbackAt, s.now().UnixMilli()); err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(nil))
	return nil
}
