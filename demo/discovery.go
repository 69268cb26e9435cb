package demo

import (
	"encoding/json"
	"net/http"
	"strings"
)

// discover tells which server and account a company's code stands for: each account is a
// company here, and its SID the code.
func (p *Platform) discover(w http.ResponseWriter, r *http.Request) {
	for _, a := range p.cfg.Accounts {
		if strings.EqualFold(a.SID, r.PathValue("code")) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]string{"company": a.SID, "server": p.baseURL, "account_sid": a.SID}) // the far side may be gone
			return
		}
	}
	http.NotFound(w, r)
}
