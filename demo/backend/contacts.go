package backend

import (
	"net/http"
)

// Contact is an entry of the contacts, in the documented form.
type Contact struct {
	Name   string `json:"contact_name"`
	Number string `json:"contact_number"`
}

// contactGroup is a group of the contacts. The numbers of a special group are
// dialled as they are, instead of the exophone (reference, section 5).
type contactGroup struct {
	Group     string    `json:"group"`
	IsSpecial bool      `json:"is_special"`
	Contacts  []Contact `json:"contacts"`
}

type contactItem struct {
	Code      int          `json:"code"`
	Status    string       `json:"status"`
	ErrorData any          `json:"error_data"`
	Data      contactGroup `json:"data"`
}

// directBots are the bots that the special group shows.
var directBots = map[string]bool{"echo": true, "announcer": true}

// getContacts shows the other users and the bots.
func (s *Server) getContacts(w http.ResponseWriter, r *http.Request, subscriber string) error {
	users, err := s.users.List(r.Context())
	if err != nil {
		return err
	}
	team := contactGroup{Group: "Team", Contacts: []Contact{}}
	for _, u := range users {
		if u.Name != subscriber {
			team.Contacts = append(team.Contacts, Contact{Name: u.DisplayName, Number: u.Name})
		}
	}
	groups := []contactGroup{team}
	if len(s.cfg.Bots) > 0 {
		direct := contactGroup{Group: "Direct lines", IsSpecial: true, Contacts: []Contact{}}
		for _, bot := range s.cfg.Bots {
			if directBots[bot.Number] {
				direct.Contacts = append(direct.Contacts, bot)
			}
		}
		groups = append(groups, contactGroup{Group: "Bots", Contacts: s.cfg.Bots}, direct)
	}
	items := make([]contactItem, len(groups))
	for i, g := range groups {
		items[i] = contactItem{Code: http.StatusOK, Status: "success", Data: g}
	}
	reply(w, http.StatusOK, struct {
		HTTPCode int           `json:"http_code"`
		Response []contactItem `json:"response"`
	}{http.StatusOK, items})
	return nil
}
