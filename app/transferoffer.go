package app

import (
	"offhook/app/settings"
)

// FollowTransfer lets the far side hand this phone to whom
// Snapshot.Call.TransferOffer names: the call ends, and one to them begins.
func (p *Phone) FollowTransfer() error {
	return p.control(p.offered(), Controls.FollowTransfer)
}

// DeclineTransfer stays in the call that Snapshot.Call.TransferOffer would end.
func (p *Phone) DeclineTransfer() error {
	return p.control(p.offered(), Controls.DeclineTransfer)
}

// offered is the ID of the call whose far side wishes that, "" without one.
func (p *Phone) offered() string {
	for _, c := range p.Snapshot().Calls {
		if c.TransferOffer != nil {
			return c.ID
		}
	}
	return ""
}

// transferRule is what becomes of such a wish on an account: without a choice of
// the user's it is asked for, and followed where nobody would see the question.
func (p *Phone) transferRule(a SIPAccount) string {
	switch {
	case a.Transfers != "":
		return a.Transfers
	case a.RefuseTransfers:
		return settings.TransfersRefuse
	case p.cfg.Unattended:
		return settings.TransfersFollow
	default:
		return settings.TransfersAsk
	}
}
