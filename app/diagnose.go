package app

import "context"

// Diagnose runs all checks and gives them out as they go; each name comes
// first as running and then with its outcome. The channel is closed at the
// end. It works signed out.
func (p *Phone) Diagnose(ctx context.Context) <-chan Check {
	out := make(chan Check)
	ctx, cancel := p.withLife(ctx)
	go func() {
		defer cancel()
		defer close(out)
		p.runChecks(ctx, func(c Check) bool {
			select {
			case out <- c:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	return out
}

// runChecks shows the conditions as checks.
func (p *Phone) runChecks(_ context.Context, give func(Check) bool) {
	for _, c := range p.Snapshot().Conditions {
		check := Check{Name: c.Name, Title: c.Name, Status: CheckPass, Text: "Works"}
		switch {
		case !c.OK && c.Remark:
			check.Status, check.Text = CheckWarn, c.Text
		case !c.OK:
			check.Status, check.Text = CheckFail, c.Text
		}
		if !give(Check{Name: c.Name, Title: c.Name, Status: CheckRunning}) || !give(check) {
			return
		}
	}
}
