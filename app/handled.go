package app

import "github.com/golang-jwt/jwt/v5"

// keptSessions is how many handled sessions are remembered. A pushed call lives
// for half a minute; this is far more than come in that time.
const keptSessions = 512

// handled knows which pushed calls were raised or durably logged. It belongs to
// the loop.
type handled struct {
	count    int
	sessions map[string]struct{}
	order    []string
	waiting  []chan struct{}
}

func (h *handled) knows(session string) bool {
	_, ok := h.sessions[session]
	return ok
}

// add notes a call and wakes who waits for it. session may be "".
func (h *handled) add(session string) {
	h.count++
	if session != "" && !h.knows(session) {
		if h.sessions == nil {
			h.sessions = map[string]struct{}{}
		}
		h.sessions[session] = struct{}{}
		if h.order = append(h.order, session); len(h.order) > keptSessions {
			delete(h.sessions, h.order[0])
			h.order = append(h.order[:0], h.order[1:]...)
		}
	}
	for _, w := range h.waiting {
		close(w)
	}
	h.waiting = nil
}

// payloadSession returns the session that a pushed payload speaks of, "" when
// it can't be read. It is used to tell one push from another and for nothing
// else: whether the payload is true is the engine's to judge.
func payloadSession(payload string) string {
	var claims jwt.MapClaims
	if _, _, err := jwt.NewParser().ParseUnverified(payload, &claims); err != nil {
		return ""
	}
	id, _ := claims["sessionId"].(string)
	return id
}
