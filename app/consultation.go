package app

import (
	"context"
	"time"

	"offhook/voice"
)

// Consultation is the talk with somebody to whom the call may be handed, while its
// far side is on hold.
type Consultation struct {
	Target string `json:"target"`
	// Status is the SIP status of that talk so far: 200 once it was answered, and
	// from 300 on the refusal that ended it.
	Status int `json:"status"`
	// EndReason is why it ended, "" before.
	EndReason voice.EndReason `json:"end_reason,omitempty"`
	// Since is when it was answered, nil before.
	Since *time.Time `json:"since,omitempty"`
	// HeldSince is when they were put on hold for the far side, nil while the user
	// talks with them.
	HeldSince *time.Time `json:"held_since,omitempty"`
}

// Active says that somebody is being asked.
func (c *Consultation) Active() bool { return c != nil && c.Status < 300 }

// Answered says that somebody can be handed the call.
func (c *Consultation) Answered() bool { return c.Active() && c.Status >= 200 }

// OnHold says that they wait while the user talks with the far side.
func (c *Consultation) OnHold() bool { return c.Answered() && c.HeldSince != nil }

func consultationOf(c voice.Consultation) *Consultation {
	if c.Target == "" {
		return nil
	}
	return &Consultation{Target: c.Target, Status: c.Status, EndReason: c.EndReason, Since: moment(c.Since), HeldSince: moment(c.HeldSince)}
}

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
