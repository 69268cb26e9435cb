package demo

import (
	"encoding/json"
	"net/http"
)

// live says that the process answers: one that does not is to be started anew.
func (p *Platform) live(w http.ResponseWriter, _ *http.Request) { healthy(w, "") }

// ready says whether calls may come: not while the database does not answer, nor while
// calls in progress are only let end.
func (p *Platform) ready(w http.ResponseWriter, r *http.Request) {
	if p.exchange.Draining() {
		healthy(w, "draining: calls in progress may end, no new ones are taken")
		return
	}
	p.health(w, r)
}

// health says whether the database answers.
func (p *Platform) health(w http.ResponseWriter, r *http.Request) {
	wrong := ""
	if err := p.platform.Healthy(r.Context()); err != nil {
		p.log.Error("not healthy", "error", err)
		wrong = "the database does not answer"
	}
	healthy(w, wrong)
}

// healthy answers with what is wrong, "" for nothing.
func healthy(w http.ResponseWriter, wrong string) {
	code := http.StatusOK
	if wrong == "" {
		wrong = "ok"
	} else {
		code = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": wrong})
}
