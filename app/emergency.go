package app

import (
	"offhook/voice/fault"
	"offhook/voice/line/sipaccount"
)

// emergency reports whether a number is an emergency number on a line, "" being the
// one that calls go out over.
func (p *Phone) emergency(line, number string) bool {
	line, _ = p.m.lineFor(line)
	return p.planOf(line).Emergency(number)
}

// planEmergency plans a call to an emergency number. It goes over the line that was
// asked for if that can carry it, else over any that can: a registered SIP account,
// the subscriber line, and at last an account that is not registered, whose server may
// take such a call all the same. Neither another call, nor another phone, nor a break
// stands in its way.
func (p *Phone) planEmergency(line, number string) (dialPlan, error) {
	m := &p.m
	asked, sip := m.lineFor(line)
	subscriber := m.session != nil && m.account.State != Expired
	order := []string{}
	if l := m.lines.find(asked); sip && l != nil && l.State == string(sipaccount.Registered) || !sip && subscriber {
		order = append(order, asked)
	}
	for _, want := range []string{string(sipaccount.Registered), "", string(sipaccount.Unregistered), string(sipaccount.Terminated)} {
		if want == "" && subscriber {
			order = append(order, "")
		}
		for _, l := range m.lines.list {
			if want != "" && l.State == want {
				order = append(order, l.ID)
			}
		}
	}
	if len(order) == 0 {
		return dialPlan{}, fault.New(fault.Uninitialized, "sign-in.first")
	}
	n, err := p.planOf(order[0]).Parse(number)
	if err != nil {
		return dialPlan{}, err
	}
	plan := dialPlan{line: order[0], target: n.Target, id: n.Shown, name: p.contacts.Load().Name(n.Shown), emergency: true}
	if plan.line == "" {
		m.openFailed = nil // the devices are opened anew
		plan.session = m.session
		if !p.contacts.Load().Special(n.Target) { // which is dialled directly
			plan.target = or(m.session.account.Exophone, m.account.Exophone)
		}
	}
	return plan, nil
}
