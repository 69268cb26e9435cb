// Package pushed is what the phone remembers of calls that an inbox has pushed.
package pushed

import "github.com/golang-jwt/jwt/v5"

// keptSessions is how many handled sessions are remembered. A pushed call lives
// for half a minute; this is far more than come in that time.
const keptSessions = 512

// Handled knows which pushed calls were raised or durably logged. It belongs to
// one goroutine.
type Handled struct {
	count    int
	sessions map[string]struct{}
	order    []string
	waiting  []chan struct{}
}

// Knows reports whether a session is one of them.
func (h *Handled) Knows(session string) bool {
	_, ok := h.sessions[session]
	return ok
}

// Count is how many there were, those without a session included.
func (h *Handled) Count() int { return h.count }

// Next is closed when another one comes.
func (h *Handled) Next() <-chan struct{} {
	wait := make(chan struct{})
	h.waiting = append(h.waiting, wait)
	return wait
}

// Add notes a call and ends the waits of Next. session may be "".
func (h *Handled) Add(session string) {
	h.count++
	if session != "" && !h.Knows(session) {
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

// Session returns the session that a pushed payload speaks of, "" when
// it can't be read. It is used to tell one push from another and for nothing
// else: whether the payload is true is the engine's to judge.
func Session(payload string) string {
	var claims jwt.MapClaims
	if _, _, err := jwt.NewParser().ParseUnverified(payload, &claims); err != nil {
		return ""
	}
	id, _ := claims["sessionId"].(string)
	return id
}
