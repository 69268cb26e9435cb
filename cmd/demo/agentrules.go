package main

import (
	"fmt"
	"strings"
	"time"
)

// The longest times that a phone believes.
const (
	maxBreak     = 24 * time.Hour
	maxWrapUp    = time.Hour
	maxWrapLimit = 8 * time.Hour
)

// agentRules takes the rules of agents from the flags.
func (s *settings) agentRules(breaks, outcomes []string) error {
	r := &s.Agents
	r.Outcomes, r.OutcomeRequired = outcomes, s.flags.OutcomeRequired
	for _, word := range breaks {
		reason, limit, limited := strings.Cut(word, "=")
		reason = strings.TrimSpace(reason)
		if reason == "" || len(reason) > 64 {
			return fmt.Errorf("break-reasons: %q is not 1 to 64 bytes long", reason)
		}
		r.BreakReasons = append(r.BreakReasons, reason)
		if !limited {
			continue
		}
		d, err := time.ParseDuration(strings.TrimSpace(limit))
		if err != nil || d < time.Second || d > maxBreak {
			return fmt.Errorf("break-reasons: %q is no time from 1s to 24h, such as 30m", limit)
		}
		if r.BreakLimits == nil {
			r.BreakLimits = map[string]int{}
		}
		r.BreakLimits[reason] = int(d / time.Second)
	}
	for _, t := range []struct {
		name    string
		d, most time.Duration
		to      *int
	}{{"wrap-up", s.flags.WrapUp, maxWrapUp, &r.WrapUpSeconds}, {"wrap-up-limit", s.flags.WrapUpLimit, maxWrapLimit, &r.WrapUpLimit}} {
		if t.d < 0 || t.d > t.most {
			return fmt.Errorf("%s: %s is not between 0 and %s", t.name, t.d, t.most)
		}
		*t.to = int(t.d / time.Second)
	}
	if r.WrapUpLimit > 0 && r.WrapUpLimit < r.WrapUpSeconds {
		return fmt.Errorf("wrap-up-limit: %s is less than wrap-up, %s", s.flags.WrapUpLimit, s.flags.WrapUp)
	}
	return nil
}
