package app

import (
	"context"
)

// Consult holds a call's far side and calls target, to which it may then be handed
// by CompleteTransfer. It returns when that call is on its way;
// Snapshot.Call.Consultation then tells how it fares. On the subscriber line the
// platform must offer it (AbilityConsult).
func (p *Phone) Consult(ctx context.Context, id, target string) error {
	return p.handTo(ctx, id, target, Controls.Consult)
}

// CompleteTransfer joins the call's far side with the party that Consult has called,
// or with that of the second call. It returns when the far side has taken that on;
// Snapshot.Call.Transfer then tells how it fares.
//
// Of two calls, without an ID, the one on hold is handed to the other.
func (p *Phone) CompleteTransfer(ctx context.Context, id string) error {
	if s := p.Snapshot(); id == "" && s.Call != nil && s.Call.Consultation == nil {
		for _, c := range s.Calls {
			if c != s.Call && c.Held && c.Line == s.Call.Line {
				id = c.ID
			}
		}
	}
	return p.during(ctx, id, Controls.CompleteTransfer)
}

// EndConsultation hangs up on the party that Consult has called. The call's far side
// stays on hold, if it is, until Resume.
func (p *Phone) EndConsultation() error { return p.control("", Controls.EndConsultation) }
