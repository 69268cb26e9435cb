package settings

import (
	"net/url"
	"slices"
	"strings"
)

// DeskAPI says whether web pages on this computer may work the phone.
type DeskAPI struct {
	On bool `json:"on"`
	// Port is the TCP port on 127.0.0.1.
	Port int `json:"port"`
	// Origins are those of the pages that may ask, such as https://crm.example.com.
	Origins []string `json:"origins,omitempty"`
}

// DeskPort is the port of the Desk API unless another is chosen.
const DeskPort = 47114

func (d *DeskAPI) normalise() {
	d.Origins = slices.DeleteFunc(d.Origins, func(o string) bool { _, ok := Origin(o); return !ok })
}

// Origin returns an origin as a browser writes it: scheme, host in small letters,
// and the port unless it is the scheme's own. ok is false for what is none.
func Origin(text string) (origin string, ok bool) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(text), "/"))
	if err != nil || u.Hostname() == "" || strings.Contains(u.Host, "*") || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", false
	}
	standard := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	if standard == "" {
		return "", false
	}
	return u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), standard), true
}
