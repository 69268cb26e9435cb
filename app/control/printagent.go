package control

import (
	"fmt"
	"text/tabwriter"
	"time"

	"offhook/app"
)

// agentLine is how the agent stands in a line.
func agentLine(s *app.Snapshot) string {
	a := s.AgentState
	line := string(a.State)
	if a.Reason != "" {
		line += " (" + a.Reason + ")"
	}
	if !a.Since.IsZero() {
		line += " since " + a.Since.Local().Format("15:04:05")
	}
	if a.Until != nil {
		line += " until " + a.Until.Local().Format("15:04:05")
	}
	if a.LimitS > 0 {
		line += fmt.Sprintf(", at most %s", time.Duration(a.LimitS)*time.Second)
	}
	if a.Doing != "" {
		line += ", " + string(a.Doing)
	}
	if a.Next != "" {
		line += ", next " + string(a.Next)
	}
	if a.By != "" {
		line += ", by " + a.By
	}
	return line
}

// todayLine is the figures of the day in a line.
func todayLine(s *app.Snapshot) string {
	f := s.Figures
	calls := "calls"
	if f.Calls == 1 {
		calls = "call"
	}
	line := fmt.Sprintf("%d %s, %s talked, %s handled", f.Calls, calls, time.Duration(f.TalkS)*time.Second, time.Duration(f.HandleS)*time.Second)
	for _, state := range []app.Availability{app.Available, app.Busy, app.Break, app.DoNotDisturb, app.AfterCallWork} {
		if n := f.Seconds[state]; n > 0 {
			line += fmt.Sprintf(", %s %s", time.Duration(n)*time.Second, state)
		}
	}
	return line
}

func (p *printer) directory(d *struct {
	Colleagues []app.Colleague `json:"colleagues"`
}) error {
	t := tabwriter.NewWriter(p.w, 0, 4, 2, ' ', 0)
	for _, c := range d.Colleagues {
		presence := string(c.Presence)
		if c.Reason != "" {
			presence += " (" + c.Reason + ")"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.Name, c.Number, presence, c.Group)
	}
	return t.Flush()
}
