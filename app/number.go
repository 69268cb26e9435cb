package app

import (
	"net/url"
	"strings"

	"offhook/voice/dialplan"
)

// planOf is how numbers are meant on a line, "" for the subscriber's.
func (p *Phone) planOf(line string) dialplan.Line {
	set := p.store.Get()
	l := dialplan.Line{Country: p.country(set)}
	for _, a := range set.SIPAccounts {
		if a.ID == line {
			l.SIP = true
			l.Hosts = hostsOf(a)
		}
	}
	return l
}

// hostsOf are the names of an account's own server.
func hostsOf(a SIPAccount) (hosts []string) {
	hosts = append(hosts, a.Domain)
	for _, server := range []string{a.Server, a.OutboundProxy} {
		if u, err := url.Parse(server); err == nil && u.Host != "" {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

// matching is how numbers are compared, whatever line they came by.
func (p *Phone) matching(s Settings) dialplan.Line {
	l := dialplan.Line{SIP: true, Country: p.country(s)}
	for _, a := range s.SIPAccounts {
		l.Hosts = append(l.Hosts, hostsOf(a)...)
	}
	return l
}

// E164 is the international form of a number, "" for what is none or whose country is
// not known.
func (p *Phone) E164(number string) string {
	key := p.matching(p.store.Get()).Key(number)
	if digits, ok := strings.CutPrefix(key, "+"); ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
		return key
	}
	return ""
}

// typedPlan is how numbers are meant that are typed now.
func (p *Phone) typedPlan() dialplan.Line {
	snap := p.Snapshot()
	if line, ok := snap.defaultSIP(p.store.Get().Calls.DefaultLine); ok {
		return p.planOf(line)
	}
	l := p.planOf("")
	l.Own = snap.Account.UserName
	return l
}

// transferTarget is the party to which a call may be handed: an address of its own line.
func (p *Phone) transferTarget(id, text string) (dialplan.Number, error) {
	s, line := p.Snapshot(), ""
	c := s.Call
	if id != "" {
		c = s.CallWith(id)
	}
	if c != nil {
		line = c.Line
	}
	return p.planOf(line).Parse(text)
}
