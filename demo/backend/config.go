package backend

import "net/http"

// config tells a phone that is not signed in where the platform and its media
// are, so that it can see whether it would reach them. There is no secret in it.
func (s *Server) config(w http.ResponseWriter, _ *http.Request) error {
	list := func(f func() []string) []string {
		if f == nil {
			return []string{}
		}
		return append([]string{}, f()...)
	}
	reply(w, http.StatusOK, struct {
		HTTPCode   int      `json:"http_code"`
		HostName   string   `json:"host_name"`
		Media      []string `json:"media"`
		ICEServers []string `json:"ice_servers"`
		Nodes      []string `json:"nodes,omitempty"`
	}{http.StatusOK, s.cfg.HostName, list(s.cfg.Ways), list(s.cfg.ICEServers), s.cfg.Nodes})
	return nil
}
